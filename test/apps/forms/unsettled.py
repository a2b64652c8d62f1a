"""Settings that Django cannot use."""
SECRET_KEY = "not a secret"
INSTALLED_APPS = ["no_such_app"]
