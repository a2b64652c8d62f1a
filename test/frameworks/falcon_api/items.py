"""A JSON API."""

import falcon

ITEMS = {7: {"text": "\u00e9\u2603"}}


def check_key(req, resp, resource, params):
    """A hook: changes require the key."""
    if req.get_header("X-Key") != "sesame":
        raise falcon.HTTPUnauthorized(title="No key", challenges=["Key"])


class Items:
    def on_get(self, req, resp):
        resp.media = {"items": [{"id": number, "text": "\u00e9\u2603"} for number in range(10_000)]}

    @falcon.before(check_key)
    def on_post(self, req, resp):
        number = max(ITEMS) + 1
        ITEMS[number] = req.media
        resp.status = falcon.HTTP_201
        resp.location = "%s/items/%d" % (req.root_path, number)
        resp.media = ITEMS[number]


class Item:
    def on_get(self, req, resp, number):
        if number not in ITEMS:
            raise falcon.HTTPNotFound(description="There is no item %d." % number)
        etag = "item-%d" % number
        resp.etag = etag
        if etag in (req.if_none_match or []):
            raise falcon.HTTPStatus(304)
        resp.media = ITEMS[number]

    def on_head(self, req, resp, number):
        self.on_get(req, resp, number)

    @falcon.before(check_key)
    def on_delete(self, req, resp, number):
        del ITEMS[number]
        resp.status = falcon.HTTP_204


class Raw:
    def on_post(self, req, resp):
        resp.media = {"length": len(req.bounded_stream.read()), "declared": req.content_length}


class Old:
    def on_get(self, req, resp):
        raise falcon.HTTPMovedPermanently(req.root_path + "/items/7")


class Broken:
    def on_get(self, req, resp):
        raise LookupError("hunter2")
