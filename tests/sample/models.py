"""Models with the kinds of primary key that a message must carry."""

from __future__ import annotations

import uuid

from django.db import models


class Article(models.Model):
    """A primary key that the database counts."""

    title = models.CharField(max_length=100)
    runs = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.title


class Ticket(models.Model):
    """A primary key that JSON does not know."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.title


class Country(models.Model):
    """A primary key that is text."""

    code = models.CharField(primary_key=True, max_length=2)

    def __str__(self) -> str:
        return self.code


class PublishedManager(models.Manager["Draft"]):
    """A default manager that hides rows, as many projects have."""

    def get_queryset(self) -> models.QuerySet[Draft]:
        return super().get_queryset().filter(published=True)


class Draft(models.Model):
    """A row that its default manager does not show, and ``_base_manager`` does."""

    published = models.BooleanField(default=False)

    objects = PublishedManager()

    def __str__(self) -> str:
        return f"draft {self.pk}"


class Seat(models.Model):
    """A primary key of two columns."""

    pk = models.CompositePrimaryKey("row", "number")
    row = models.UUIDField(default=uuid.uuid4)
    number = models.IntegerField()

    def __str__(self) -> str:
        return f"seat {self.pk}"
