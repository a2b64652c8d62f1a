"""A module that is never imported to its end."""

import time


def wait_for_ever():
    time.sleep(600)


wait_for_ever()
