"""pypiserver: a package index of one folder, with one user who may upload."""

import os

import pypiserver


def authenticate(user: str, password: str) -> bool:
    return (user, password) == ("zoe", "sesame")


app = pypiserver.app(
    roots=[os.environ["SITE_FOLDER"]],
    authenticate=["update"],
    auther=authenticate,
    fallback_url="http://127.0.0.1:9/",
    disable_fallback=True,
)
