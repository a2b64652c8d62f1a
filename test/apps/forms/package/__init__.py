"""A package without a callable of its own."""
