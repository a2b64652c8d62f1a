"""One page, which names the settings in use."""
from django.conf import settings
from django.http import HttpResponse
from django.urls import path


def page(request):
    return HttpResponse("Django with the settings " + settings.SETTINGS_MODULE)


urlpatterns = [path("", page)]
