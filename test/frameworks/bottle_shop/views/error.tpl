<!doctype html>
<h1>Nothing here</h1>
<p>{{message}}</p>
