"""A typical shop in Bottle: templates, signed cookies, uploads, static files, hooks, error pages, a mounted app."""

import os
import sys
import threading
import time

import bottle
from bottle import abort, auth_basic, redirect, request, response, static_file, template

HERE = os.path.dirname(os.path.abspath(__file__))
UPLOADS = os.environ["SITE_FOLDER"]
SECRET = "not a secret"
PRODUCTS = {1: "Café press", 2: "Žehlička"}
bottle.TEMPLATE_PATH.insert(0, os.path.join(HERE, "views"))

app = bottle.Bottle()
admin = bottle.Bottle()
released = threading.Event()


@app.hook("before_request")
def start_clock():
    request.environ["shop.started"] = time.time()


@app.hook("after_request")
def stop_clock():
    response.set_header("X-Took", "%.6f" % (time.time() - request.environ["shop.started"]))


@app.get("/", name="index")
def index():
    return template("index", products=PRODUCTS, url=app.get_url, cart=cart(), script=request.script_name)


@app.get("/products/<number:int>", name="product")
def product(number):
    if number not in PRODUCTS:
        abort(404, "There is no product %d." % number)
    response.set_cookie("last_seen", str(number), path="/", httponly=True)
    response.set_cookie("theme", "dark", path="/", max_age=3600, samesite="lax")
    return template("product", name=PRODUCTS[number])


def cart():
    return request.get_cookie("cart", secret=SECRET) or []


@app.post("/cart")
def add_to_cart():
    numbers = cart() + [int(request.forms.number)]
    response.set_cookie("cart", numbers, secret=SECRET, path="/")
    redirect(app.get_url("index"))


@app.post("/cart/empty")
def empty_cart():
    response.delete_cookie("cart", path="/")
    return "emptied"


@app.get("/cart")
def show_cart():
    return {"cart": cart(), "seen": request.cookies.last_seen}


@app.post("/upload")
def upload():
    sent = request.files.get("file")
    sent.save(os.path.join(UPLOADS, sent.filename), overwrite=True)
    return {"note": request.forms["note"], "name": sent.raw_filename, "type": sent.content_type}


@app.get("/files/<name:path>")
def download(name):
    return static_file(name, root=UPLOADS, download="download" in request.query)


@app.get("/static/<name:path>", name="static")
def static(name):
    return static_file(name, root=os.path.join(HERE, "static"))


@app.route("/api/orders", method=["GET", "POST", "PUT"])
def orders():
    if request.method == "GET":
        return {"orders": [{"id": number, "text": "é" * 10} for number in range(5000)]}
    response.status = 201
    return {"method": request.method, "got": request.json}


@app.post("/raw")
def raw():
    return {"length": len(request.body.read()), "declared": request.content_length, "chunked": request.chunked}


@app.get("/search/<words:path>")
def search(words):
    response.set_header("X-Words", words)
    return {"words": words, "query": request.query.q, "all": request.query.decode().getall("q"), "path": request.path}


@app.get("/seen")
def seen():
    return {
        "addr": request.remote_addr,
        "route": request.remote_route,
        "url": request.url,
        "scheme": request.urlparts.scheme,
        "script": request.script_name,
        "ajax": request.is_xhr,
    }


@app.get("/run")
def run():
    return {"module": __name__, "child": os.environ.get("BOTTLE_CHILD")}


@app.get("/stream")
def stream():
    released.clear()
    yield "held\n"
    yield "released\n" if released.wait(15) else "nobody came\n"


@app.get("/endless")
def endless():
    try:
        while True:
            yield "x" * 1000
    finally:
        print("closed", request.path, file=sys.stderr)


@app.post("/release")
def release():
    released.set()


@app.get("/private")
@auth_basic(lambda user, password: (user, password) == ("zoë", "p:w"))
def private():
    return "welcome " + request.auth[0]


@app.get("/teapot")
def teapot():
    raise bottle.HTTPResponse("short and stout", 418, {"X-Kind": "pot"})


@app.get("/odd-status")
def odd_status():
    response.status = "299 Größer"
    return "odd"


@app.delete("/gone")
def gone():
    response.status = 204
    return "never seen"


@app.get("/broken")
def broken():
    return 1 / int(request.query.by or 0)


@app.get("/critical")
def critical():
    abort(409, "the page for this fails")


@app.error(404)
def not_found(error):
    return template("error", message=error.body)


@app.error(409)
def conflict(error):
    raise LookupError("hunter2")


@admin.get("/")
def admin_index():
    return {"script": request.script_name, "path": request.path}


@admin.get("/boom")
def boom():
    raise RuntimeError("hunter3")


app.mount("/admin", admin)

if __name__ == "__main__":
    bottle.run(app, reloader=True, debug=True)
