"""The security policy: a signed ticket in a cookie. Users who are logged in may edit."""

from pyramid.authentication import AuthTktCookieHelper


class SecurityPolicy:
    def __init__(self):
        self._tickets = AuthTktCookieHelper("not a secret", samesite="Lax", hashalg="sha512")

    def identity(self, request):
        return self._tickets.identify(request)

    def authenticated_userid(self, request):
        identity = self.identity(request)
        return identity and identity["userid"]

    def permits(self, request, context, permission):
        return self.identity(request) is not None

    def remember(self, request, userid, **kw):
        return self._tickets.remember(request, userid, **kw)

    def forget(self, request, **kw):
        return self._tickets.forget(request, **kw)
