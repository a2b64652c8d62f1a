"""Remote users for a part of the site; the rest is open to everyone."""

from django.contrib.auth.middleware import RemoteUserMiddleware


class RemoteUserUnder(RemoteUserMiddleware):
    """Django's middleware, for `/intranet/` only."""

    def __call__(self, request):
        if not request.path_info.startswith("/intranet/"):
            return self.get_response(request)
        return super().__call__(request)
