"""Remote users for a part of the site, so that the rest of it can be visited by anybody else."""

from django.contrib.auth.middleware import RemoteUserMiddleware


class RemoteUserUnder(RemoteUserMiddleware):
    """Django's own, for `/intranet/` only."""

    def __call__(self, request):
        if not request.path_info.startswith("/intranet/"):
            return self.get_response(request)
        return super().__call__(request)
