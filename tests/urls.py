"""The URLs of the tests: what a project that uses django-sqs would have."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sqs/", include("django_sqs.urls")),
]
