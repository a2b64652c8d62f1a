"""A blog in Flask, written for the root of a site. `url_for` makes the right links when it is mounted elsewhere."""

from flask import Flask, render_template_string, request, url_for

POSTS = {"hello": "Hello, world", "teapots": "On teapots"}

app = Flask(__name__)

INDEX = """<!doctype html>
<title>The blog</title>
<h1>The blog (Flask)</h1>
<p>Mounted at: {{ request.script_root }}</p>
<ul>
{% for slug, title in posts.items() %}
  <li><a href="{{ url_for('post', slug=slug) }}">{{ title }}</a>: {{ url_for('post', slug=slug) }}
{% endfor %}
</ul>
<p><a href="/">The shop</a> (Bottle)</p>
"""

POST = """<!doctype html>
<title>{{ title }}</title>
<h1>{{ title }}</h1>
<p>To link here: {{ url_for('post', slug=slug, _external=True) }}</p>
<p><a href="{{ url_for('index') }}">All posts</a></p>
"""


@app.get("/")
def index():
    return render_template_string(INDEX, posts=POSTS)


@app.get("/posts/<slug>")
def post(slug):
    if slug not in POSTS:
        return "No such post. Back to " + url_for("index") + "\n", 404
    return render_template_string(POST, slug=slug, title=POSTS[slug])


@app.post("/echo")
def echo():
    return {"form": request.form.to_dict(), "path": request.path, "script_root": request.script_root}
