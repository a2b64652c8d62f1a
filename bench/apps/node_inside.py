"""The Express app inside Python, through NodeApp."""
import os

from wsgi_bridge import NodeApp

app = NodeApp("site.mjs:app", directory=os.path.dirname(os.path.abspath(__file__)))
app.start()
