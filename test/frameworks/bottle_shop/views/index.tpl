<!doctype html>
<title>Shop</title>
<link rel="stylesheet" href="{{url('static', name='shop.css')}}">
<p>Mounted at {{script}}; {{len(cart)}} in the cart</p>
<ul>
% for number, name in products.items():
<li><a href="{{url('product', number=number)}}">{{name}}</a></li>
% end
</ul>
<form method="post" action="cart"><input name="number" value="1"><button type="submit">Buy</button></form>
