"""A wiki in Pyramid: its configuration."""

from pyramid.config import Configurator
from pyramid.session import SignedCookieSessionFactory

from .page import PageRenderer
from .security import SecurityPolicy


def main(global_config, **settings):
    """Returns the application, as a `.ini` file would create it."""
    with Configurator(settings=settings) as config:
        config.set_session_factory(SignedCookieSessionFactory("not a secret", samesite="Lax"))
        config.set_security_policy(SecurityPolicy())
        config.set_default_csrf_options(require_csrf=True)
        config.add_renderer(".page", PageRenderer)
        config.add_tween("wiki.page.took")
        config.add_static_view("static", "wiki:static", cache_max_age=60)
        config.include("wiki.views")
        config.include("wiki.api", route_prefix="/api")
        return config.make_wsgi_app()


application = main({})
