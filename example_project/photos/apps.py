"""The application of the photographs."""

from django.apps import AppConfig


class PhotosConfig(AppConfig):
    """`django_sqs` imports this application's `receivers` module by itself; nothing has to be done here."""

    name = "photos"
    verbose_name = "Photographs"
    default_auto_field = "django.db.models.BigAutoField"
