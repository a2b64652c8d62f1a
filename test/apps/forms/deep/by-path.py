"""A file whose name is not a module name. Imports a module beside it and one in the option directory."""
import json
import sys

import beside
import many

found = {"path": sys.path[:2], "name": __name__, "file": __file__, "registered": sys.modules[__name__].beside is beside}


def application(environ, start_response):
    return many.answering(json.dumps(found))(environ, start_response)
