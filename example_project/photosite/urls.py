"""The addresses of the photograph site."""

from django.urls import include, path

urlpatterns = [
    path("", include("photos.urls")),
    path("sqs/", include("django_sqs.urls")),
]
