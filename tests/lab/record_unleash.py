"""Makes flags on an empty Unleash server and records what it answers, for the tests of `unleash-flag`.

    python record_unleash.py URL ADMIN_TOKEN CLIENT_TOKEN FILE

FILE becomes JSON: for each moment of the story the answers to `CONNECTION METHOD path`, and by name the answers to writes
that are refused.
"""

import json
import sys
import time
import urllib.error
import urllib.request

FEATURES = "/api/admin/projects/default/features"


class Server:
    def __init__(self, url, tokens):
        self.url, self.tokens = url, tokens

    def ask(self, method, path, body=None, who="flags"):
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": self.tokens[who], "content-type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        return {"status": status, "body": json.loads(text) if text else None}

    def must(self, method, path, body=None):
        answer = self.ask(method, path, body)
        assert answer["status"] < 300, (method, path, answer)
        return answer["body"]


def snapshot(server, flag):
    """What the plugin reads of a flag, once clients are served what was written."""
    time.sleep(3)
    events = f"/api/admin/search/events?feature=IS%3A{flag}&environment=IS%3Aproduction&limit="
    flags = [f"{FEATURES}/{flag}", f"{events}1", f"{events}1000"]
    answers = {f"flags GET {path}": server.ask("GET", path) for path in flags}
    served = f"/api/client/features?namePrefix={flag}"
    answers[f"clients GET {served}"] = server.ask("GET", served, who="clients")
    return answers


def gradual(rollout):
    parameters = {"rollout": rollout, "stickiness": "default", "groupId": "ranker"}
    return {"name": "flexibleRollout", "parameters": parameters}


def story(server):
    moments = {}
    server.must("POST", FEATURES, {"name": "ranker", "type": "release"})
    moments["bare"] = snapshot(server, "ranker")
    environment = f"{FEATURES}/ranker/environments/production"
    strategies = f"{environment}/strategies"
    segment = server.must("POST", "/api/admin/segments", {"name": "staff", "constraints": []})["id"]
    staff = server.must("POST", strategies, {"name": "default", "title": "staff", "segments": [segment]})["id"]
    share = server.must("POST", strategies, gradual("25"))["id"]
    server.must("POST", f"{environment}/on")
    moments["released"] = snapshot(server, "ranker")
    order = [{"id": share, "sortOrder": 0}, {"id": staff, "sortOrder": 1}]
    server.must("POST", f"{strategies}/set-sort-order", order)
    server.must("DELETE", f"{strategies}/{staff}")
    full = [{"op": "replace", "path": "/parameters/rollout", "value": "100"}]
    server.must("PATCH", f"{strategies}/{share}", full)
    moments["everybody"] = snapshot(server, "ranker")
    for moment in moments.values():
        moment[f"flags GET /api/admin/segments/{segment}"] = server.ask("GET", f"/api/admin/segments/{segment}")
    refusals = refuse(server, environment, f"{strategies}/{share}")
    server.must("POST", f"{environment}/off")
    moments["off"] = snapshot(server, "ranker")
    server.must("DELETE", f"{FEATURES}/ranker")
    refusals["archived"] = server.ask("POST", f"{environment}/off")
    moments["archived"] = snapshot(server, "ranker")
    return {"moments": moments, "refusals": refusals}


def refuse(server, environment, strategy):
    stale = [
        {"op": "test", "path": "/parameters/rollout", "value": "50"},
        {"op": "replace", "path": "/parameters/rollout", "value": "10"},
    ]
    server.tokens["nobody"] = "*:*.nobodys"
    return {
        "stale": server.ask("PATCH", strategy, stale),
        "gone": server.ask("DELETE", f"{environment}/strategies/1264e255-039c-4cce-8d39-d1b07a7a270c"),
        "stranger": server.ask("POST", f"{environment}/off", who="nobody"),
        "client": server.ask("POST", f"{environment}/off", who="clients"),
        "nonsense": server.ask("PATCH", strategy, [{"op": "replace", "path": "/name", "value": "no-such-kind"}]),
    }


def main(url, admin, client, file):
    recorded = story(Server(url, {"flags": admin, "clients": client}))
    with open(file, "w", encoding="utf-8") as out:
        json.dump(recorded, out, indent=1, ensure_ascii=False)
        out.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
