"""A Django project for the group `memory`. What a large one imports takes about 100 MB: models, their admin, texts, a catalogue."""

import random
from decimal import Decimal

from django.apps import AppConfig
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.template import engines
from django.urls import path
from django.utils import translation

CONTRIB = ("admin", "admindocs", "auth", "contenttypes", "humanize", "messages", "sessions", "sitemaps", "staticfiles")
LANGUAGES = ("cs", "da", "de", "es", "fi", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sv", "uk")
MODELS, PRODUCTS = 800, 20_000
PAGE = "{% for item in items %}<p>{{ item.name }}: {{ item.price }} {{ item.description }}</p>{% endfor %}"


class Shop(AppConfig):
    name = label = __name__
    path = __file__


settings.configure(
    DEBUG=False,
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["%s.Shop" % __name__, *("django.contrib." + name for name in CONTRIB)],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
application = get_wsgi_application()

from django.contrib import admin  # noqa: E402  these need the settings
from django.db import models  # noqa: E402
from django.forms import modelform_factory  # noqa: E402


def model(number):
    """Returns a model of ten fields, with its form, and registers it in the admin."""
    fields = {"text%d" % field: models.CharField(max_length=100, db_index=True) for field in range(6)}
    fields["owner"] = models.ForeignKey("auth.User", models.CASCADE, related_name="+")
    fields.update(created=models.DateTimeField(auto_now_add=True), price=models.DecimalField(max_digits=9, decimal_places=2))
    made = type("Model%d" % number, (models.Model,), {"__module__": __name__, **fields})
    admin.site.register(made)
    return made, modelform_factory(made, fields="__all__")


MADE = [model(number) for number in range(MODELS)]
CATALOGUE = [
    {"name": "article %d" % number, "price": Decimal(number) / 100, "description": "It comes in %d colours. " % number * 4}
    for number in range(PRODUCTS)
]
for language in LANGUAGES:
    with translation.override(language):
        translation.gettext("Save")


def index(request):
    items = random.sample(CATALOGUE, 20)
    return HttpResponse(engines["django"].from_string(PAGE).render({"items": items}, request))


urlpatterns = [path("", index), path("admin/", admin.site.urls)]
