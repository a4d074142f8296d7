"""What the pages and the programs do with photographs: take one in, list them, count them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TypedDict

from django.core.files.base import File
from django.db.models import Count
from django.utils import timezone

from django_sqs import send
from django_sqs.exceptions import DjangoSQSError
from photos.models import LABELS, UNFINISHED, Photo, State
from photos.receivers import develop_photo, import_caption

logger = logging.getLogger(__name__)

# As many as the page shows.
SHOWN = 120


class Card(TypedDict):
    """One picture as the page and its script show it. A text that is not there is empty."""

    id: str
    name: str
    state: str
    state_label: str
    reason: str
    thumbnail: str
    alt: str
    caption: str
    camera: str
    lens: str
    settings: str
    taken: str
    size: str


class Summary(TypedDict):
    """How many pictures there are, in a sentence, and whether any is still to come."""

    summary: str
    busy: bool


def add_photo(file: File[bytes], name: str) -> Photo:
    """Keep an uploaded file and send it to the receivers.

    Raises DjangoSQSError where the message cannot be sent. Then nothing is kept: a picture that nobody will develop
    should not wait on the page for ever.
    """
    photo = Photo(name=name[-255:])
    photo.original.save(name, file, save=True)
    try:
        develop_photo(instance=photo)
    except DjangoSQSError:
        photo.original.delete(save=False)
        photo.delete()
        raise
    note_upload(photo)
    return photo


def note_upload(photo: Photo) -> None:
    """Tell the program behind the audit queue. The upload is worth more than the note of it."""
    try:
        send("audit", body={"event": "uploaded", "photo": photo.pk, "name": photo.name, "at": timezone.now()})
    except DjangoSQSError as error:
        logger.warning("The upload of %s is not noted in the audit queue: %s", photo.pk, error)


def send_captions(captions: Iterable[tuple[str, str]]) -> int:
    """Send pairs of file name and caption, ten to a request. Returns how many were sent."""
    return import_caption.send_many({"body": {"photo": name, "caption": caption}} for name, caption in captions)


def resume() -> int:
    """Send the unfinished pictures to the receivers again, and say how many.

    The local SQS keeps its messages in memory, so they end with it; the pictures do not.
    """
    return develop_photo.send_many({"instance": photo} for photo in Photo.objects.filter(state__in=UNFINISHED))


def counts() -> dict[str, int]:
    """Return the number of pictures in each state."""
    found = dict(Photo.objects.order_by().values_list("state").annotate(Count("pk")))
    return {state: found.get(state, 0) for state in LABELS}


def summarise(numbers: dict[str, int]) -> Summary:
    """Put the numbers of pictures in each state into a sentence, those that are not zero."""
    total = sum(numbers.values())
    if not total:
        return {"summary": "No pictures yet.", "busy": False}
    words = (
        (State.READY, "ready"),
        (State.WORKING, "developing"),
        (State.WAITING, "waiting"),
        (State.FAILED, "failed"),
    )
    parts = [f"{numbers[state]} {word}" for state, word in words if numbers[state]]
    noun = "picture" if total == 1 else "pictures"
    return {"summary": f"{total} {noun}: {', '.join(parts)}.", "busy": any(numbers[state] for state in UNFINISHED)}


def cards() -> list[Card]:
    """Return the newest pictures as the page shows them."""
    return [card(photo) for photo in Photo.objects.all()[:SHOWN]]


def card(photo: Photo) -> Card:
    """Return one picture as the page shows it."""
    return {
        "id": str(photo.pk),
        "name": photo.name,
        "state": photo.state,
        "state_label": LABELS[photo.state],
        "reason": photo.reason,
        "thumbnail": photo.thumbnail_url,
        "alt": photo.caption or f"Photograph {photo.name}",
        "caption": photo.caption,
        "camera": photo.exif.get("camera", ""),
        "lens": photo.exif.get("lens", ""),
        "settings": photo.exif.get("settings", ""),
        "taken": photo.exif.get("taken", ""),
        "size": f"{photo.width} \u00d7 {photo.height}" if photo.width and photo.height else "",
    }
