"""The addresses of the photographs."""

from django.urls import path

from photos import views

urlpatterns = [
    path("", views.gallery, name="gallery"),
    path("photos.json", views.photos_json, name="photos-json"),
    path("upload", views.upload, name="upload"),
    path("captions", views.captions, name="captions"),
    path("media/thumbnails/<path:name>", views.thumbnail, name="thumbnail"),
]
