"""The Python half of wsgi-bridge: WSGI applications on FastCGI lanes. Standard library only, CPython 3.8 and later."""
