"""A package without a callable."""
