"""A module whose import never ends."""

import time


def wait_for_ever():
    time.sleep(600)


wait_for_ever()
