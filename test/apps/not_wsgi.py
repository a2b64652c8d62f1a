"""Callables that are not WSGI applications."""


async def asgi(scope, receive, send):
    raise NotImplementedError


def create_app():
    raise NotImplementedError
