"""A receiver is a function: `.direct` calls it with a message made by hand, and no queue is needed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from django_sqs import Reject, RestartLater
from django_sqs.message import JSONMessage, ModelInstanceMessage
from django_sqs.models import FailedMessage
from photos.models import Photo, State
from photos.receivers import CAPTION_PATIENCE, develop_photo, import_caption
from photos.tests.base import SiteTestCase, picture


class DevelopPhotoTests(SiteTestCase):
    def test_a_picture_gets_its_thumbnail_and_its_facts(self) -> None:
        photo = self.photo(picture())
        develop_photo.direct(ModelInstanceMessage(instance=photo))
        photo.refresh_from_db()
        self.assertEqual(photo.state, State.READY)
        self.assertEqual((photo.width, photo.height), (90, 60))
        self.assertEqual(photo.exif, {"camera": "Aperta M4"})
        self.assertTrue(photo.thumbnail_path.read_bytes().startswith(b"\xff\xd8"))
        self.assertEqual(list(photo.thumbnail_path.parent.iterdir()), [photo.thumbnail_path])

    def test_a_message_that_comes_twice_changes_nothing(self) -> None:
        photo = self.photo(picture())
        develop_photo.direct(ModelInstanceMessage(instance=photo))
        # Were it developed again, it would fail: the file is no picture any more.
        Path(photo.original.path).unlink()
        photo.refresh_from_db()
        develop_photo.direct(ModelInstanceMessage(instance=photo))
        self.assertEqual(Photo.objects.get().state, State.READY)

    def test_a_run_that_broke_off_is_taken_up_again(self) -> None:
        photo = self.photo(picture())
        Photo.objects.update(state=State.WORKING)
        develop_photo.direct(ModelInstanceMessage(instance=photo))
        self.assertEqual(Photo.objects.get().state, State.READY)

    def test_a_late_failure_does_not_undo_what_another_run_has_made(self) -> None:
        photo = self.photo(b"no picture")
        # This run loaded the photograph while it waited; meanwhile another one has finished.
        message = ModelInstanceMessage(instance=photo)
        Photo.objects.update(state=State.READY)
        with self.assertRaises(Reject):
            develop_photo.direct(message)
        self.assertEqual(Photo.objects.get().state, State.READY)

    def test_a_file_that_is_no_picture_is_rejected_and_says_why(self) -> None:
        photo = self.photo(b"Dear diary,")
        with self.assertRaisesRegex(Reject, "This is not a picture"):
            develop_photo.direct(ModelInstanceMessage(instance=photo))
        photo.refresh_from_db()
        self.assertEqual(photo.state, State.FAILED)
        self.assertIn("This is not a picture", photo.reason)
        self.assertEqual(photo.thumbnail_url, "")

    def test_a_fault_of_the_machine_is_raised_and_the_page_does_not_wait_for_ever(self) -> None:
        photo = self.photo(picture())
        Path(photo.original.path).unlink()
        with self.assertRaises(FileNotFoundError):
            develop_photo.direct(ModelInstanceMessage(instance=photo))
        self.assertEqual(Photo.objects.get().state, State.FAILED)

    def test_a_message_with_something_else_is_rejected(self) -> None:
        other = FailedMessage.objects.create(queue="photos", message_id="1", failed_at=timezone.now())
        with self.assertRaisesRegex(Reject, "takes photographs"):
            develop_photo.direct(ModelInstanceMessage(instance=other))


class ImportCaptionTests(SiteTestCase):
    def received(self, body: object, age: timedelta = timedelta()) -> JSONMessage:
        """A message as SQS hands it out."""
        sent = timezone.now() - age
        attributes = {"SentTimestamp": str(int(sent.timestamp() * 1000)), "ApproximateReceiveCount": "1"}
        return JSONMessage.from_received({"Body": json.dumps(body), "MessageId": "1", "Attributes": attributes})

    def test_a_caption_is_put_to_every_picture_of_the_name(self) -> None:
        for name in ("lake.jpg", "lake.jpg", "hill.jpg"):
            self.photo(b"", name)
        import_caption.direct(self.received({"photo": "lake.jpg", "caption": " A quiet morning "}))
        found = sorted(Photo.objects.values_list("name", "caption"))
        self.assertEqual(found, [("hill.jpg", ""), ("lake.jpg", "A quiet morning"), ("lake.jpg", "A quiet morning")])

    def test_a_caption_waits_for_its_picture(self) -> None:
        with self.assertRaises(RestartLater):
            import_caption.direct(self.received({"photo": "lake.jpg", "caption": "A quiet morning"}))

    def test_it_does_not_wait_for_ever(self) -> None:
        message = self.received({"photo": "lake.jpg", "caption": "A quiet morning"}, CAPTION_PATIENCE * 2)
        with self.assertRaisesRegex(Reject, "No photograph 'lake.jpg' came"):
            import_caption.direct(message)

    def test_what_is_no_caption_is_rejected(self) -> None:
        unnamed, numbered = {"photo": "", "caption": "x"}, {"photo": 1, "caption": "x"}
        bodies: list[object] = [{}, [], "lake.jpg", None, {"photo": "lake.jpg"}, unnamed, numbered]
        for body in bodies:
            with self.subTest(body=body), self.assertRaisesRegex(Reject, "A caption is"):
                import_caption.direct(self.received(body))
