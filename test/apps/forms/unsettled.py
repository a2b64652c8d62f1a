"""Django settings that do not work."""
SECRET_KEY = "not a secret"
INSTALLED_APPS = ["no_such_app"]
