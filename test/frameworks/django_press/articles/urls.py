"""The app's URLs."""

from django.urls import path, re_path

from . import streams, views

urlpatterns = [
    path("", views.ArticleList.as_view(), name="index"),
    path("articles/<str:slug>/", views.ArticleDetail.as_view(), name="article"),
    path("add/", views.ArticleCreate.as_view(), name="add"),
    path("intranet/", views.intranet, name="intranet"),
    path("api/echo/", views.echo, name="echo"),
    path("api/many/", views.many, name="many"),
    path("seen/", views.seen, name="seen"),
    re_path(r"^words/(?P<words>.*)$", views.words, name="words"),
    path("broken/", views.broken, name="broken"),
    path("old/", views.old, name="old"),
    path("stream/", streams.stream, name="stream"),
    path("release/", streams.release, name="release"),
    path("endless/", streams.endless, name="endless"),
    path("export/", streams.export, name="export"),
    path("download/<str:name>", streams.download, name="download"),
]
