"""Uploads and downloads."""

import hashlib
import os

import falcon

UPLOADS = os.environ["SITE_FOLDER"]


class Upload:
    def on_post(self, req, resp):
        resp.media = {}
        for part in req.get_media():
            if part.filename is None:
                resp.media[part.name] = part.text
                continue
            digest = hashlib.sha256()
            with open(os.path.join(UPLOADS, part.secure_filename), "wb") as saved:
                while True:
                    block = part.stream.read(65536)
                    if not block:
                        break
                    digest.update(block)
                    saved.write(block)
            resp.media[part.filename] = digest.hexdigest()


class Download:
    def on_get(self, req, resp, name):
        path = os.path.join(UPLOADS, name)
        resp.content_type = falcon.MEDIA_TEXT
        resp.downloadable_as = name
        resp.set_stream(open(path, "rb"), os.path.getsize(path))
