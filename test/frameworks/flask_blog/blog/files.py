"""Multipart uploads; downloads with ranges and conditional requests."""

import hashlib
import os

from flask import Blueprint, abort, current_app, jsonify, request, send_file, send_from_directory
from werkzeug.utils import secure_filename

pages = Blueprint("files", __name__)


@pages.post("/")
def upload():
    sums = {}
    for sent in request.files.getlist("file"):
        name = secure_filename(sent.filename) or abort(400)
        sent.save(os.path.join(current_app.config["UPLOADS"], name))
        with open(os.path.join(current_app.config["UPLOADS"], name), "rb") as saved:
            sums[sent.filename] = hashlib.sha256(saved.read()).hexdigest()
    return jsonify(note=request.form["note"], sums=sums)


@pages.get("/<name>")
def download(name):
    return send_from_directory(current_app.config["UPLOADS"], name, as_attachment=True)


@pages.get("/numbers")
def numbers():
    return send_file(os.path.join(pages.root_path, "static", "numbers.txt"), etag="n1", max_age=60)
