"""dulwich: one bare repository, served by git's smart HTTP protocol."""

import os

from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import make_wsgi_chain

repository = Repo.init_bare(os.path.join(os.environ["SITE_FOLDER"], "project.git"), mkdir=True)
app = make_wsgi_chain(DictBackend({"/project.git": repository}))
