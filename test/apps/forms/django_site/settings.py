"""Prints the name under which it is imported."""
print("settings imported as " + __name__)
SECRET_KEY = "not a secret"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "django_site.urls"
