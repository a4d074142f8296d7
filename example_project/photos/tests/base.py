"""What the tests of the site share."""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path

from django.core.files.base import ContentFile
from django.test import TestCase
from PIL import Image

from photos.models import Photo


def picture(colour: str = "teal") -> bytes:
    """A small picture with a little EXIF data."""
    exif = Image.Exif()
    exif[0x0110] = "Aperta M4"
    output = BytesIO()
    Image.new("RGB", (90, 60), colour).save(output, "JPEG", exif=exif)
    return output.getvalue()


class SiteTestCase(TestCase):
    """A test whose files are kept in a directory of its own, and gone afterwards."""

    def setUp(self) -> None:
        media = tempfile.TemporaryDirectory()
        self.addCleanup(media.cleanup)
        self.media = Path(media.name)
        settings = self.settings(MEDIA_ROOT=self.media)
        settings.enable()
        self.addCleanup(settings.disable)

    def photo(self, content: bytes, name: str = "lake.jpg") -> Photo:
        """An uploaded picture that waits for the receivers."""
        photo = Photo(name=name)
        photo.original.save(name, ContentFile(content))
        return photo
