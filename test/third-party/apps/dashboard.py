"""Dash: a page with a field, a button and a callback. Dash is told where it is mounted, as its documentation says."""

import os

from dash import Dash, Input, Output, State, dcc, html

dash = Dash(__name__, requests_pathname_prefix=os.environ["SITE_PATH"] + "/", routes_pathname_prefix="/")
dash.layout = html.Div([dcc.Input(id="name"), html.Button("Greet", id="greet"), html.Div(id="greeting")])


@dash.callback(
    Output("greeting", "children"), Input("greet", "n_clicks"), State("name", "value"), prevent_initial_call=True
)
def greet(clicks: int, name: str) -> str:
    return f"Hello, {name} ({clicks})"


app = dash.server
