"""An Iceberg REST catalog for tests: a small facade over pyiceberg's SQL catalog, which lies in a folder.

    python iceberg_rest.py FOLDER HOST PORT

It is no product's server. Paths, bodies and errors are those of the REST catalog's specification; that a commit is held
against its requirements, what a table's metadata says and that of two commits one wins are pyiceberg's. Only what the
tests and pyiceberg's own client ask for is there.
"""

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import TypeAdapter, ValidationError
from pyiceberg.catalog.rest import CreateTableRequest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import TableRequirement, TableUpdate

REQUIREMENTS = TypeAdapter(tuple[TableRequirement, ...])
UPDATES = TypeAdapter(tuple[TableUpdate, ...])

# What an exception is called in the specification.
ERRORS = [
    (NoSuchTableError, 404, "NoSuchTableException"),
    (NoSuchNamespaceError, 404, "NoSuchNamespaceException"),
    (NamespaceAlreadyExistsError, 409, "AlreadyExistsException"),
    (TableAlreadyExistsError, 409, "AlreadyExistsException"),
    (CommitFailedException, 409, "CommitFailedException"),
    (ValidationError, 400, "BadRequestException"),
    (ValueError, 400, "BadRequestException"),
]


def loaded(table):
    return {
        "metadata-location": table.metadata_location,
        "metadata": json.loads(table.metadata.model_dump_json(by_alias=True, exclude_none=True)),
        "config": {},
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    catalog = None

    def do_GET(self):
        self.answer()

    def do_HEAD(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def do_DELETE(self):
        self.answer()

    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        try:
            status, answer = self.route(self.path.split("?")[0], json.loads(body) if body else {})
        except Exception as error:
            status, answer = failure(error)
        said = b"" if answer is None or self.command == "HEAD" else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def route(self, path, body):
        if path == "/v1/config":
            return 200, {"defaults": {}, "overrides": {}}
        if path == "/v1/namespaces" and self.command == "POST":
            self.catalog.create_namespace(tuple(body["namespace"]))
            return 200, {"namespace": body["namespace"], "properties": {}}
        if found := re.fullmatch(r"/v1/namespaces/([^/]+)/tables", path):
            return 200, self.create(found[1], body)
        if found := re.fullmatch(r"/v1/namespaces/([^/]+)/tables/([^/]+)", path):
            return self.table((found[1], found[2]), body)
        return 404, {"error": {"message": f"no such path: {path}", "type": "NotFoundException", "code": 404}}

    def create(self, namespace, body):
        unsaid = {"location": None, "partition-spec": None, "write-order": None}
        asked = CreateTableRequest.model_validate(unsaid | body)
        table = self.catalog.create_table(
            (namespace, asked.name),
            asked.table_schema,
            partition_spec=asked.partition_spec or UNPARTITIONED_PARTITION_SPEC,
            sort_order=asked.write_order or UNSORTED_SORT_ORDER,
            properties=asked.properties,
        )
        return loaded(table)

    def table(self, name, body):
        if self.command == "DELETE":
            self.catalog.drop_table(name)
            return 204, None
        table = self.catalog.load_table(name)
        if self.command in ("GET", "HEAD"):
            return 200, loaded(table)
        requirements = REQUIREMENTS.validate_python(body["requirements"])
        self.catalog.commit_table(table, requirements, UPDATES.validate_python(body["updates"]))
        return 200, loaded(self.catalog.load_table(name))

    def log_message(self, *_):
        pass


def failure(error):
    for kind, status, name in ERRORS:
        if isinstance(error, kind):
            return status, {"error": {"message": str(error), "type": name, "code": status}}
    return 500, {"error": {"message": repr(error), "type": "InternalServerError", "code": 500}}


def main(folder, host, port):
    Handler.catalog = SqlCatalog("lab", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
    ThreadingHTTPServer((host, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
