"""The pages send; `capture()` keeps what they send, and `run_receivers()` does what the receivers would do with it."""

from __future__ import annotations

import json

from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import override_settings
from django.urls import reverse

from django_sqs.testing import capture, run_receivers
from photos import library
from photos.models import Photo, State
from photos.tests.base import SiteTestCase, picture

# Nothing listens there.
DEAD = "http://127.0.0.1:9"
AS_SCRIPT = {"accept": "application/json"}


class UploadTests(SiteTestCase):
    def upload(self, *contents: bytes, **headers: str) -> tuple[int, str]:
        files = [SimpleUploadedFile(f"{index}.jpg", content) for index, content in enumerate(contents)]
        response = self.client.post(reverse("upload"), {"pictures": files}, headers=headers)
        return response.status_code, response.content.decode()

    def test_each_picture_is_kept_and_sent_to_the_receivers_and_noted(self) -> None:
        with capture() as sent:
            status, _ = self.upload(picture("teal"), picture("navy"))
        self.assertEqual(status, 302)
        self.assertEqual(set(Photo.objects.values_list("state", flat=True)), {State.WAITING})
        queues = sorted(message.queue_name for message in sent)
        self.assertEqual(queues, ["audit", "audit", "photos", "photos"])
        keys = {json.loads(message.body)["pk"] for message in sent if message.queue_name == "photos"}
        self.assertEqual(keys, {str(photo.pk) for photo in Photo.objects.all()})
        notes = [json.loads(message.body) for message in sent if message.queue_name == "audit"]
        self.assertEqual(
            [(note["event"], note["name"]) for note in notes], [("uploaded", "0.jpg"), ("uploaded", "1.jpg")]
        )

    def test_the_page_shows_a_picture_when_the_receivers_have_been_at_work(self) -> None:
        with capture():
            self.upload(picture(), b"Dear diary,")
            before = self.client.get(reverse("photos-json")).json()
            run_receivers("photos")
            after = self.client.get(reverse("photos-json")).json()
        self.assertEqual((before["summary"], before["busy"]), ("2 pictures: 2 waiting.", True))
        self.assertEqual((after["summary"], after["busy"]), ("2 pictures: 1 ready, 1 failed.", False))
        failed, ready = after["photos"]
        self.assertEqual((ready["state_label"], ready["size"]), ("Ready", "90 \u00d7 60"))
        self.assertIn("not a picture", failed["reason"])
        self.assertEqual(failed["thumbnail"], "")
        page = self.client.get(reverse("gallery")).content.decode()
        self.assertIn(f'src="{ready["thumbnail"]}"', page)
        self.assertIn("This is not a picture", page)

    def test_the_script_is_answered_with_data(self) -> None:
        with capture():
            status, body = self.upload(picture(), **AS_SCRIPT)
        self.assertEqual((status, json.loads(body)), (200, {"added": 1, "error": ""}))

    def test_an_upload_without_a_file_is_refused_in_words(self) -> None:
        status, body = self.upload(**AS_SCRIPT)
        self.assertEqual((status, json.loads(body)), (400, {"added": 0, "error": "Choose at least one picture."}))
        response = self.client.post(reverse("upload"), follow=True)
        self.assertContains(response, "Choose at least one picture.")

    @override_settings(SQS_ENDPOINT_URL=DEAD)
    def test_where_the_queue_cannot_be_reached_nothing_is_kept_and_the_page_says_so(self) -> None:
        with self.assertLogs("photos", "WARNING"):
            status, body = self.upload(picture(), **AS_SCRIPT)
        self.assertEqual(status, 503)
        self.assertIn("The queue cannot be reached", json.loads(body)["error"])
        self.assertFalse(Photo.objects.exists())
        self.assertEqual([path for path in self.media.rglob("*") if path.is_file()], [])


class CaptionsTests(SiteTestCase):
    def test_captions_go_to_their_queue(self) -> None:
        with capture() as sent:
            text = "lake.jpg: A quiet morning: no wind\n\n hill.jpg :  Heather \n"
            response = self.client.post(reverse("captions"), {"captions": text}, follow=True)
        self.assertContains(response, "2 captions sent.")
        self.assertEqual({message.queue_name for message in sent}, {"captions"})
        self.assertEqual(
            [json.loads(message.body) for message in sent],
            [
                {"photo": "lake.jpg", "caption": "A quiet morning: no wind"},
                {"photo": "hill.jpg", "caption": "Heather"},
            ],
        )

    def test_a_line_that_is_no_caption_sends_nothing_and_is_shown(self) -> None:
        for text in ("lake.jpg", ": no name", "lake.jpg:", "lake.jpg: fine\nand this?"):
            with self.subTest(text=text), capture() as sent:
                response = self.client.post(reverse("captions"), {"captions": text})
                self.assertContains(response, "is not a file name, a colon and a caption", status_code=400)
                self.assertEqual(sent, [])

    @override_settings(SQS_ENDPOINT_URL=DEAD)
    def test_where_the_queue_cannot_be_reached_the_text_is_not_lost(self) -> None:
        with self.assertLogs("photos", "WARNING"):
            response = self.client.post(reverse("captions"), {"captions": "lake.jpg: Calm"})
        self.assertContains(response, "The queue cannot be reached", status_code=503)
        self.assertContains(response, "lake.jpg: Calm", status_code=503)


class PageTests(SiteTestCase):
    def test_names_and_captions_are_text_and_never_markup(self) -> None:
        self.photo(b"", "<script>alert(1)</script>.jpg")
        Photo.objects.update(caption='"><img src=x onerror=alert(1)>')
        page = self.client.get(reverse("gallery")).content.decode()
        self.assertNotIn("<script>alert", page)
        self.assertNotIn("<img src=x", page)

    def test_the_page_needs_no_script_or_style_of_its_own(self) -> None:
        """A Content-Security-Policy of default-src 'self' must be enough."""
        self.photo(picture())
        page = self.client.get(reverse("gallery")).content.decode()
        self.assertNotRegex(page, r"<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:|https?://")

    def test_an_unchanged_list_is_not_sent_again(self) -> None:
        first = self.client.get(reverse("photos-json"))
        again = self.client.get(reverse("photos-json"), headers={"if-none-match": first["ETag"]})
        self.assertEqual((again.status_code, again.content), (304, b""))

    def test_thumbnails_are_served_and_uploads_are_not(self) -> None:
        photo = self.photo(b"<script>alert(1)</script>", "page.html")
        photo.thumbnail_path.parent.mkdir()
        photo.thumbnail_path.write_bytes(b"made by us")
        photo.state = State.READY
        response = self.client.get(photo.thumbnail_url)
        self.assertEqual((response["Content-Type"], response.getvalue()), ("image/jpeg", b"made by us"))
        for address in (f"/media/originals/{photo.pk}", f"/media/thumbnails/../originals/{photo.pk}"):
            self.assertIn(self.client.get(address).status_code, (400, 404), address)

    def test_the_card_of_the_script_has_a_place_for_every_text(self) -> None:
        self.photo(b"")
        (card,) = library.cards()
        template = render_to_string("photos/card.html", {"photo": None})
        for name in set(card) - {"id", "state", "thumbnail", "alt"}:
            self.assertIn(f'data-field="{name}"', template)

    def test_unfinished_pictures_can_be_sent_again(self) -> None:
        for state in (State.WAITING, State.WORKING, State.READY, State.FAILED):
            photo = self.photo(b"", f"{state}.jpg")
            Photo.objects.filter(pk=photo.pk).update(state=state)
        with capture() as sent:
            self.assertEqual(library.resume(), 2)
        unfinished = Photo.objects.filter(name__in=("waiting.jpg", "working.jpg"))
        self.assertEqual({json.loads(message.body)["pk"] for message in sent}, {str(photo.pk) for photo in unfinished})
