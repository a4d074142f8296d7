"""The one table of the site: a photograph and how far it has come."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone


class State:
    """How far a photograph has come."""

    WAITING: Final = "waiting"
    WORKING: Final = "working"
    READY: Final = "ready"
    FAILED: Final = "failed"


LABELS = {
    State.WAITING: "Waiting",
    State.WORKING: "Developing",
    State.READY: "Ready",
    State.FAILED: "Failed",
}

UNFINISHED = (State.WAITING, State.WORKING)


def original_path(photo: Photo, filename: str) -> str:
    """Where an upload is kept: under the key, so that no name chosen by an uploader becomes a path."""
    return f"originals/{photo.pk}"


class Photo(models.Model):
    """A file somebody uploaded, and what the receivers found in it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255, db_index=True, help_text="The file's name where it came from.")
    original = models.FileField(upload_to=original_path)
    uploaded_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=7, choices=LABELS, default=State.WAITING, db_index=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it failed.")
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    exif = models.JSONField(default=dict)
    caption = models.CharField(max_length=300, blank=True)

    objects: ClassVar[models.Manager[Photo]] = models.Manager()

    class Meta:
        ordering = ("-uploaded_at", "-id")

    def __str__(self) -> str:
        return self.name

    @property
    def thumbnail_path(self) -> Path:
        """The file that the receiver writes."""
        return Path(settings.MEDIA_ROOT) / "thumbnails" / f"{self.pk}.jpg"

    @property
    def thumbnail_url(self) -> str:
        """The thumbnail's address, empty as long as there is none."""
        if self.state != State.READY:
            return ""
        return reverse("thumbnail", args=[self.thumbnail_path.name])
