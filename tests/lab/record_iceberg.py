"""Records what an Iceberg REST catalog answers, for the tests of `plugins/iceberg-table`: tests/lab/iceberg_rest.py, over
pyiceberg's SQL catalog.

    python record_iceberg.py plugins/iceberg-table/tests/fixtures/answers.json

Snapshots and UUIDs are new each time; the tests take them from the file.
"""

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from iceberg_tables import ACTS
from pyiceberg.catalog.rest import RestCatalog

HERE = Path(__file__).parent


def ask(url, body=None):
    request = urllib.request.Request(url, data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request) as answer:
            return {"status": answer.status, "body": json.loads(answer.read())}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": json.loads(error.read())}


def record(url):
    catalog, table = RestCatalog("lab", uri=url), f"{url}/v1/namespaces/shop/tables/clicks"

    def act(which, **asked):
        ACTS[which](catalog, "shop.clicks", asked)

    act("create")
    act("tag", name="v8")
    answers = {"good": ask(table)}
    act("overwrite")
    act("add_column")
    act("append")
    answers["bad"] = ask(table)
    good, bad = (answers[name]["body"]["metadata"]["current-snapshot-id"] for name in ("good", "bad"))
    commit = {
        "requirements": [
            {"type": "assert-table-uuid", "uuid": answers["bad"]["body"]["metadata"]["table-uuid"]},
            {"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": bad},
        ],
        "updates": [{"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": good}],
    }
    answers["commit"] = ask(table, commit)
    answers["repeat"] = ask(table, commit)
    answers["restored"] = ask(table)
    act("expire", snapshot=bad)
    answers["expired"] = ask(table)
    answers["no table"] = ask(f"{url}/v1/namespaces/shop/tables/none")
    return answers


def main(target):
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        Path(folder, "warehouse").mkdir()
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        server = subprocess.Popen([sys.executable, HERE / "iceberg_rest.py", folder, "127.0.0.1", str(port)])
        try:
            url = f"http://127.0.0.1:{port}"
            for _ in range(600):
                try:
                    ask(f"{url}/v1/config")
                    break
                except OSError:
                    time.sleep(0.1)
            text = json.dumps(record(url), indent=1, sort_keys=True)
            # Where the files lay while they were recorded is nobody's business.
            Path(target).write_text(text.replace(folder, "/warehouse") + "\n")
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main(sys.argv[1])
