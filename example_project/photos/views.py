"""The pages: the gallery, what its script asks for, and what its forms send."""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST
from django.views.static import serve

from django_sqs.exceptions import DjangoSQSError
from photos import library
from photos.forms import CaptionsForm
from photos.imaging import SUFFIXES

logger = logging.getLogger(__name__)

QUEUE_DOWN = "The queue cannot be reached, so nothing was sent. Try again in a moment."
NO_FILES = "Choose at least one picture."


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """The one page of the site."""
    return show(request, CaptionsForm())


@require_GET
@cache_control(no_cache=True, private=True)
def photos_json(request: HttpRequest) -> JsonResponse:
    """The same as data, for the script of the page."""
    return JsonResponse({**library.summarise(library.counts()), "photos": library.cards()})


@require_GET
def thumbnail(request: HttpRequest, name: str) -> HttpResponseBase:
    """What the receivers made, and nothing else: an uploaded file might be a page of somebody's own."""
    return serve(request, name, document_root=str(Path(settings.MEDIA_ROOT) / "thumbnails"))


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Take in pictures. The script sends them one by one and reads JSON; a browser without it sends the form."""
    wants_json = request.accepts("application/json") and not request.accepts("text/html")
    files = request.FILES.getlist("pictures")
    error, status, added = (NO_FILES, 400, 0) if not files else ("", 200, 0)
    for file in files:
        try:
            library.add_photo(file, file.name or "unnamed")
            added += 1
        except DjangoSQSError as reason:
            logger.warning("An upload was not sent to the receivers: %s", reason)
            error, status = QUEUE_DOWN, 503
            break
    if wants_json:
        return JsonResponse({"added": added, "error": error}, status=status)
    if error:
        messages.error(request, error)
    return redirect("gallery")


@require_POST
def captions(request: HttpRequest) -> HttpResponse:
    """Send captions to their queue."""
    form = CaptionsForm(request.POST)
    if not form.is_valid():
        return show(request, form, status=400)
    try:
        sent = library.send_captions(form.cleaned_data["captions"])
    except DjangoSQSError as reason:
        logger.warning("Captions were not sent: %s", reason)
        form.add_error("captions", QUEUE_DOWN)
        return show(request, form, status=503)
    messages.success(request, f"{sent} caption{'' if sent == 1 else 's'} sent.")
    return redirect("gallery")


def show(request: HttpRequest, form: CaptionsForm, status: int = 200) -> HttpResponse:
    """Render the page."""
    context = {
        **library.summarise(library.counts()),
        "photos": library.cards(),
        "captions_form": form,
        "accept": ",".join(SUFFIXES),
        "shown": library.SHOWN,
    }
    return render(request, "photos/gallery.html", context, status=status)
