"""Requests and their answers, as JSON over HTTP. Never answers without the token."""

import hmac
import json
import logging
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from urllib.parse import unquote, urlsplit

from feast import FeatureStore
from redis.exceptions import ConnectionError as RedisUnreachable
from redis.exceptions import TimeoutError as RedisTimeout
from sqlalchemy.exc import OperationalError

from . import API, online
from .definitions import state
from .pin import pin
from .refusal import Partial, Refusal, bad_request

MOST_BYTES = 1 << 20
UNREACHABLE = (RedisUnreachable, RedisTimeout, OperationalError)
log = logging.getLogger("belay_feast")


class Service:
    """What can be asked of a feature store. Writes happen one after the other, each on what it reads itself.

    So do reads of the batch source: on Python 3.11 two threads in dask at once wait for each other for ever.
    """

    def __init__(self, repository):
        self.store = FeatureStore(repo_path=str(repository))
        self.one_at_a_time = threading.Lock()
        registry = self.store.config.registry
        if not getattr(registry, "enable_online_feature_view_versioning", False):
            raise SystemExit("feature_store.yaml needs `enable_online_feature_view_versioning: true` below `registry`")

    def answer(self, method, path, asked):
        """The answer to a request that carries the token."""
        if (method, path) == ("GET", "/v1/health"):
            return {"feast": version("feast"), "project": self.store.project}
        found = re.fullmatch(r"/v1/feature-views/([^/]+)(/.*)?", path)
        if found is None:
            raise Refusal(404, "no_such_path", f"{method} {path}")
        name, what = unquote(found[1]), (method, found[2] or "")
        if what == ("GET", ""):
            return state(self.store, name).body()
        if what == ("POST", "/online/read"):
            return online.read(self.store, name, asked)
        slower = {
            ("POST", "/online/compare"): online.compare,
            ("POST", "/source/read"): online.preview,
            ("POST", "/pin"): self._pin,
            ("POST", "/online/clear"): online.clear,
            ("POST", "/online/materialise"): online.materialise,
        }
        if what not in slower:
            raise Refusal(404, "no_such_path", f"{method} {path}")
        with self.one_at_a_time:
            return slower[what](self.store, name, asked)

    @staticmethod
    def _pin(store, name, asked):
        kinds = {"version": int, "definition": str, "expect": str, "services": dict}
        if set(asked) != set(kinds) or not all(type(asked[key]) is kind for key, kind in kinds.items()):
            raise bad_request("a pin has version, definition, expect and services")
        if not all(isinstance(projections, list) and projections for projections in asked["services"].values()):
            raise bad_request("a service has a list of projections")
        return pin(store, name, asked)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    # An answer's head and body leave together, and no piece of a long one waits on a kept connection until the piece
    # before it is acknowledged.
    wbufsize = -1
    disable_nagle_algorithm = True
    service: Service
    token_file = None

    def do_GET(self):
        self._serve()

    def do_POST(self):
        self._serve()

    def _serve(self):
        status, body = self._answer()
        content = json.dumps({"api": API, **body}, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answer(self):
        try:
            body = self._body()
            self._check_token()
            asked = self._parse(body)
            return 200, self.service.answer(self.command, urlsplit(self.path).path, asked)
        except Refusal as refusal:
            return refusal.status, refusal.body()
        except Partial as partial:
            log.exception("%s %s", self.command, self.path)
            return 500, partial.body()
        except UNREACHABLE as error:
            log.error("%s %s: %s", self.command, self.path, error)
            return 503, {"code": "unreachable", "message": f"{type(error).__name__}: a system behind Feast is down"}
        except Exception as error:
            log.exception("%s %s", self.command, self.path)
            return 500, {"code": "failed", "message": f"{type(error).__name__}: {error}"}

    def _body(self):
        # What is not read would be taken for the next request.
        self.close_connection = True
        length = self.headers.get("content-length", "0")
        if not length.isdecimal() or "transfer-encoding" in self.headers:
            raise bad_request("a body needs its content-length")
        if int(length) > MOST_BYTES:
            raise Refusal(413, "too_large", f"a body may have {MOST_BYTES} bytes")
        body = self.rfile.read(int(length))
        self.close_connection = self.headers.get("connection", "").lower() == "close"
        return body

    def _check_token(self):
        # Read each time: a token that was changed or taken away counts at once.
        try:
            token = self.token_file.read_text().strip()
        except OSError:
            token = ""
        sent = self.headers.get("authorization", "")
        if not token or not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
            raise Refusal(401, "unauthorized", "the token is missing or wrong")

    def _parse(self, body):
        if self.command == "GET":
            return {}
        try:
            asked = json.loads(body)
        except ValueError:
            raise bad_request("the body is no JSON") from None
        if not isinstance(asked, dict):
            raise bad_request("the body is no JSON object")
        return asked

    def log_message(self, format, *args):
        log.info("%s %s", self.address_string(), format % args)


def listen(repository, token_file, host, port):
    """A server that is bound and not yet serving."""
    handler = type("BoundHandler", (Handler,), {"service": Service(repository), "token_file": token_file})
    server = ThreadingHTTPServer((host, port), handler)
    server.daemon_threads = True
    return server
