"""`path("sqs/", include("django_sqs.urls"))` gives /sqs/status."""

from __future__ import annotations

from django.urls import path

from django_sqs import views

app_name = "django_sqs"
urlpatterns = [path("status", views.status, name="status")]
