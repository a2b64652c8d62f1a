"""Mercurial's hgweb: one repository, served as the `hgweb.wsgi` of Mercurial's documentation does."""

import os

from mercurial.hgweb import hgweb

app = hgweb(os.path.join(os.environ["SITE_FOLDER"], "project").encode())
