"""Records what a server that `seed_mlflow.py` filled answers, for the tests of plugins/mlflow-alias.

    python record_mlflow.py http://127.0.0.1:5500 FILE

What it writes is committed: the tests need neither Python nor a server.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"


class Recorder:
    def __init__(self, server):
        self.server = server
        self.answers = {}

    def get(self, path):
        try:
            with urllib.request.urlopen(self.server + path) as response:
                status, body = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        self.answers[f"GET {path}"] = {"status": status, **as_json(body)}
        return json.loads(body) if body[:1] == b"{" else None

    def files(self, folder):
        for file in self.get(f"{FILES}?path={quoted(folder)}").get("files", []):
            path = f"{folder}/{file['path']}"
            if file["is_dir"]:
                self.files(path)
            else:
                self.get(f"{FILES}/{quoted(path)}")

    def version(self, number):
        found = self.get(f"{API}/model-versions/get?name=ranker&version={number}")
        uri = self.get(f"{API}/model-versions/get-download-uri?name=ranker&version={number}").get("artifact_uri")
        if "model_version" not in found:
            return
        run = self.get(f"{API}/runs/get?run_id={found['model_version']['run_id']}")["run"]
        if uri.startswith("runs:/"):
            uri = f"{run['info']['artifact_uri']}/{uri.split('/', 2)[2]}"
        self.files(uri.removeprefix("mlflow-artifacts:/"))


def as_json(body):
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"hex": body.hex()}


def quoted(path):
    return urllib.parse.quote(path, safe="/")


def main(server, file):
    recorder = Recorder(server)
    for model, alias in (("ranker", "champion"), ("ranker", "nobody"), ("nothing", "champion")):
        recorder.get(f"{API}/registered-models/alias?name={model}&alias={alias}")
    for number in (1, 2, 3, 99):
        recorder.version(number)
    recorder.get(f"{API}/runs/get?run_id=0000")
    recorder.get(f"{FILES}?path=nowhere")
    search = f"{API}/model-versions/search?filter=name%3D%27ranker%27&order_by=version_number%20DESC"
    for most in (1, 2, 100):
        page = recorder.get(f"{search}&max_results={most}")
        while token := page.get("next_page_token"):
            page = recorder.get(f"{search}&max_results={most}&page_token={urllib.parse.quote(token)}")
    file.write_text(json.dumps(recorder.answers, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
