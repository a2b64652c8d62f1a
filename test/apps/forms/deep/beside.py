"""A module beside the file of a target."""
HERE = True
