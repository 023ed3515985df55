"""The shop that all other systems of the lab serve: it asks its flag and its features as a shop's servers do.

    python shop.py FOLDER PORT

`GET /metrics` is what Prometheus scrapes: the share of customers who are served nonsense. `GET /` says the same for people.
FOLDER/shop.json names the flag, the feature service and where they are. Where something can't be asked there is no number:
a shop that does not know how it does must not say that it does well.
"""

import json
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# Customers whose clicks are known.
CUSTOMERS = [1, 2]
# What goes wrong in any shop.
USUAL = 0.004


def ask(url, token=None, body=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = token
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=5) as answer:
        return json.load(answer)


def is_on(shop):
    found = ask(f"{shop['flags']}/api/client/features", shop["client_token"])
    return any(flag["name"] == shop["flag"] and flag["enabled"] for flag in found["features"])


def values(shop):
    """What the new ranker is given for each customer."""
    asked = {"feature_service": shop["service"], "entities": {"user_id": CUSTOMERS}}
    found = ask(f"{shop['features']}/get-online-features", body=asked)
    names = found["metadata"]["feature_names"]
    return {name: result["values"] for name, result in zip(names, found["results"])}


def state(folder):
    shop = json.loads((folder / "shop.json").read_text())
    on = is_on(shop)
    clicks = values(shop)["clicks_7d"]
    # Nobody clicks less than never. The old ranker, with the flag off, does not look at these values.
    wrong = sum(1 for value in clicks if value is None or value < 0) if on else 0
    return {"flag": on, "clicks_7d": clicks, "error_ratio": max(USUAL, wrong / len(CUSTOMERS))}


class Shop(BaseHTTPRequestHandler):
    folder = None

    def do_GET(self):
        try:
            found = state(self.folder)
        except Exception as error:
            return self.answer(503, f"{type(error).__name__}: {error}\n")
        if self.path != "/metrics":
            return self.answer(200, json.dumps(found) + "\n")
        lines = ["# TYPE shop_error_ratio gauge", f"shop_error_ratio {found['error_ratio']:.4f}"]
        self.answer(200, "\n".join(lines) + "\n")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format, *args):
        pass


if __name__ == "__main__":
    Shop.folder = Path(sys.argv[1])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Shop).serve_forever()
