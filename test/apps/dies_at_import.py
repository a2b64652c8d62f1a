"""Writes to stderr and ends at once, without Python's own clean-up."""

import os

for number in range(30):
    os.write(2, b"line %d\n" % number)
os.write(2, b"the very last line")
os._exit(9)
