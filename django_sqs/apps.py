"""The app's configuration."""

from __future__ import annotations

from django.apps import AppConfig


class DjangoSQSConfig(AppConfig):
    name = "django_sqs"
    verbose_name = "Amazon SQS"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django_sqs import checks, registry

        registry.autodiscover()
        checks.register_checks()
