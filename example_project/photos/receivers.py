"""What happens to a message of each queue. `django_sqs` imports this module by itself.

SQS delivers at least once: now and then a message comes twice, or again after a crash. So each receiver may run any
number of times for the same message, with the same result as once.
"""

from __future__ import annotations

import os
import tempfile
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from django_sqs import Reject, RestartLater, receiver, register
from django_sqs.message import JSONMessage, ModelInstanceMessage
from photos.imaging import Developed, NotAPicture, develop
from photos.models import UNFINISHED, Photo, State

# A caption may arrive before its picture. It is tried again at this interval, for this long.
CAPTION_RETRY_SECONDS = 3
CAPTION_PATIENCE = timedelta(minutes=10)

# Only sent to: what becomes of these messages is the business of another program.
register("audit", message_class=JSONMessage)


@receiver("photos", message_class=ModelInstanceMessage, visibility_timeout=60)
def develop_photo(message: ModelInstanceMessage) -> None:
    """Make the thumbnail of a photograph and read its EXIF data."""
    photo = message.get_instance()
    if not isinstance(photo, Photo):
        raise Reject(f"The queue takes photographs, not {photo!r}.")
    if photo.state not in UNFINISHED:
        return  # Done already: SQS delivered the message twice.
    Photo.objects.filter(pk=photo.pk, state__in=UNFINISHED).update(state=State.WORKING)
    try:
        with photo.original.open("rb") as file:
            developed = develop(file.read())
        write_whole(photo.thumbnail_path, developed.thumbnail)
    except NotAPicture as error:
        fail(photo, str(error))
        raise Reject(str(error)) from error
    except Exception:
        # A fault of this machine, such as a full disk: the page must not promise a picture that will not come.
        fail(photo, "Something went wrong here. The receiver's log says what.")
        raise
    finish(photo, developed)


@receiver("captions", message_class=JSONMessage)
def import_caption(message: JSONMessage) -> None:
    """Put a caption to the photographs of a name: {"photo": "lake.jpg", "caption": "A quiet morning"}."""
    match message.body:
        case {"photo": str(name), "caption": str(caption)} if name:
            pass
        case _:
            raise Reject('A caption is {"photo": "file name", "caption": "text"}.')
    if Photo.objects.filter(name=name).update(caption=caption.strip()[:300]):
        return
    if message.sent_at is not None and timezone.now() - message.sent_at > CAPTION_PATIENCE:
        raise Reject(f"No photograph {name!r} came within {CAPTION_PATIENCE}.")
    raise RestartLater(delay=CAPTION_RETRY_SECONDS)


def finish(photo: Photo, developed: Developed) -> None:
    """Say what was found, and that the thumbnail is there."""
    Photo.objects.filter(pk=photo.pk).update(
        state=State.READY, reason="", width=developed.width, height=developed.height, exif=developed.exif
    )


def fail(photo: Photo, reason: str) -> None:
    """Say why there is no thumbnail, unless a second delivery of the message has made it meanwhile."""
    Photo.objects.filter(pk=photo.pk, state__in=UNFINISHED).update(state=State.FAILED, reason=reason[:300])


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is never seen half written, even if two processes write it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
