"""What pipelines do to a feature store, over HTTP: Feast's SDK takes seconds to load, and tests have many stories.

    PYTHONPATH=plugins/feast-sidecar/service python feast_shop.py FOLDER REDIS PORT

Makes the feature store in FOLDER, with its online store at REDIS (`host:port`), then listens on PORT of loopback. `POST /`
with `{"view": NAME, "do": WHAT, …}` calls a method of `View` in `plugins/feast-sidecar/service/tests/shop.py`.
"""

import json
import sys
import traceback
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

from belay_feast.definitions import state
from tests import shop


class Pipelines(BaseHTTPRequestHandler):
    store = None

    def do_GET(self):
        self.answer(200, {})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        try:
            self.answer(200, {"done": self.perform(asked.pop("do"), asked.pop("view"), **asked)})
        except Exception as error:
            traceback.print_exc()
            self.answer(500, {"error": f"{type(error).__name__}: {error}"})

    def perform(self, what, name, **given):
        view = shop.View(self.store, name)
        if what == "state":
            return state(self.store, name).body()
        if "at" in given:
            given["at"] = datetime.fromisoformat(given["at"])
        return getattr(view, what)(**given)

    def answer(self, status, body):
        content = json.dumps(body, default=str).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format, *args):
        pass


def main(folder, redis, port):
    Pipelines.store = shop.make_repository(folder, redis)
    # The servers that start after this one need a registry.
    shop.View(Pipelines.store, "seed").release_good()
    HTTPServer(("127.0.0.1", int(port)), Pipelines).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
