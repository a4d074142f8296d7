"""The addresses of the photograph site."""

from pathlib import Path

from django.conf import settings
from django.urls import include, path
from django.views.static import serve

urlpatterns = [
    path("", include("photos.urls")),
    path("sqs/", include("django_sqs.urls")),
    # Only what the receiver made is served. An uploaded file never is: it might be a page of somebody's own.
    path(
        "media/thumbnails/<path:path>",
        serve,
        {"document_root": Path(settings.MEDIA_ROOT) / "thumbnails"},
    ),
]
