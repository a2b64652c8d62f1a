"""Beside the file that a target names."""
HERE = True
