<!doctype html>
<h1>{{name}}</h1>
