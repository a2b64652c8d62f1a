"""An existing shop in Bottle. Nothing in it knows that it runs behind Node."""

import hashlib
import time

from bottle import Bottle, abort, redirect, request, response, template

PRODUCTS = {1: ("Teapot", 25), 2: ("Kettle", 40), 3: ("Café press", 30)}

app = Bottle()

PAGE = """<!doctype html>
<meta charset="utf-8"><title>{{title}}</title>
<h1>{{title}}</h1>
{{!body}}
<p><a href="/">The shop</a></p>
"""


def page(title, body, **values):
    return template(PAGE, title=title, body=template(body, **values))


@app.get("/")
def index():
    return page("The shop (Bottle)", """
<ul>
% for id, (name, price) in products.items():
  <li><a href="/products/{{id}}">{{name}}</a>, {{price}} €
% end
</ul>
<p>You looked last at: {{last or "nothing yet"}}</p>
<ul>
  <li><a href="/order">Order</a> (a form)
  <li><a href="/upload">Upload a file</a>
  <li><a href="/countdown">Count down</a> (a stream)
  <li><a href="/old-address">An old address</a> (a redirect)
  <li><a href="/no/such/page">A missing page</a> (Bottle's 404)
  <li><a href="/broken">A page that is broken</a> (an exception: 500)
  <li><a href="/flask/">The blog</a> (Flask)
  <li><a href="/js/any/path">Hello</a> (a WSGI app in JavaScript)
  <li><a href="/health">Health</a> (Express)
</ul>""", products=PRODUCTS, last=request.cookies.last_seen)


@app.get("/products/<id:int>")
def product(id):
    name, price = find(id)
    response.set_cookie("last_seen", str(id), path="/", httponly=True)
    return page(name, "<p>Number {{id}}, {{price}} €</p>", id=id, price=price)


@app.get("/order")
def order_form():
    return page("Order", """
<form method="post">
  <input name="name" placeholder="Your name" required>
  <select name="product">
% for id, (name, price) in products.items():
    <option value="{{id}}">{{name}}</option>
% end
  </select>
  <input name="count" type="number" value="1" min="1">
  <button>Order</button>
</form>""", products=PRODUCTS)


@app.post("/order")
def order():
    name, _ = find(request.forms.get("product", type=int))
    count = request.forms.get("count", default=1, type=int)
    return page("Thank you, " + request.forms.name, "<p>{{count}} × {{name}}</p>", count=count, name=name)


@app.post("/api/orders")
def api_order():
    name, price = find(request.json["product"])
    count = request.json["count"]
    response.status = 201
    return {"name": name, "count": count, "total": count * price}


@app.get("/upload")
def upload_form():
    return page("Upload", """
<form method="post" enctype="multipart/form-data"><input name="file" type="file"> <button>Upload</button></form>""")


@app.post("/upload")
def upload():
    file = request.files.file
    content = file.file.read()
    return {"filename": file.raw_filename, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@app.get("/countdown")
def countdown():
    response.content_type = "text/plain; charset=utf-8"
    for number in (3, 2, 1):
        yield f"{number}\n"
        time.sleep(0.5)
    yield "Lift-off\n"


@app.get("/old-address")
def old_address():
    redirect("/products/1")


@app.get("/broken")
def broken():
    return 1 / 0


@app.error(404)
def not_found(error):
    return page("Not here", "<p>Bottle says: {{text}}</p>", text=error.body)


def find(id):
    if id not in PRODUCTS:
        abort(404, "There is no such product.")
    return PRODUCTS[id]
