"""What one does once before a site goes live: the tables, and the first of its users."""

import os

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "press.settings"
os.environ["DJANGO_SUPERUSER_PASSWORD"] = "pässword"
django.setup()
call_command("migrate", verbosity=0)
call_command("createsuperuser", username="zoë", email="zoe@press.example", interactive=False, verbosity=0)
