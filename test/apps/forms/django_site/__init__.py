"""The least that is a Django project."""
