"""The project's URLs. Django also serves the static and the uploaded files."""

from articles import views
from django.contrib import admin
from django.contrib.staticfiles.views import serve as serve_static
from django.urls import include, path, re_path
from django.views.static import serve

from . import settings

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("articles.urls")),
    re_path(r"^static/(?P<path>.*)$", serve_static, {"insecure": True}),
    re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}),
]
handler404 = views.not_found
