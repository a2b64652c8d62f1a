"""Prepares a new site: creates the tables and a superuser."""

import os

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "press.settings"
os.environ["DJANGO_SUPERUSER_PASSWORD"] = "pässword"
django.setup()
call_command("migrate", verbosity=0)
call_command("createsuperuser", username="zoë", email="zoe@press.example", interactive=False, verbosity=0)
