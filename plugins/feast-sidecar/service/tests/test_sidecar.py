"""The sidecar over a real Feast, a real Redis and HTTP. Each trap of Feast that it is there for is a test."""

import http.client
import json
import socket
import tempfile
import threading
import time
import unittest
from datetime import timedelta
from pathlib import Path

from belay_feast import API
from belay_feast.service import listen
from tests import shop

TOKEN = "canary-17"
WINDOW = {"start": int(shop.START.timestamp() * 1000), "end": int(shop.END.timestamp() * 1000)}
USERS = [{"user_id": str(user)} for user in (1, 2, 9)]


class Lab:
    """One feature store and one sidecar for all tests; each test has a view of its own."""

    @classmethod
    def start(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sidecar-")
        root = Path(cls.folder.name)
        cls.redis, address = shop.start_redis(root)
        cls.store = shop.make_repository(root, address)
        cls.token = root / "token"
        cls.token.write_text(TOKEN + "\n")
        cls.server = listen(root, cls.token, "127.0.0.1", 0)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def stop(cls):
        cls.server.shutdown()
        cls.server.server_close()
        cls.redis.terminate()
        cls.redis.wait()
        cls.folder.cleanup()


def setUpModule():
    Lab.start()


def tearDownModule():
    Lab.stop()


def ask(method, path, body=None, token=TOKEN):
    """Status and answer of one request."""
    connection = http.client.HTTPConnection(*Lab.server.server_address[:2], timeout=60)
    content = body if isinstance(body, bytes) else json.dumps(body or {})
    headers = {"authorization": f"Bearer {token}"} if token else {}
    connection.request(method, path, content, headers)
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    assert found.pop("api") == API, found
    return answer.status, found


class Case(unittest.TestCase):
    def begin(self, name):
        self.view = shop.View(Lab.store, name)
        self.view.release_good()

    def path(self, rest=""):
        return f"/v1/feature-views/{self.view.name}{rest}"

    def must(self, method, rest, body=None):
        status, answer = ask(method, self.path(rest), body)
        self.assertEqual(status, 200, answer)
        return answer

    def refused(self, rest, body, status, code):
        before = self.must("GET", "")
        found, answer = ask("POST", self.path(rest), body)
        self.assertEqual((found, answer.get("code")), (status, code), answer)
        self.assertTrue(answer["message"])
        self.assertEqual(self.must("GET", ""), before)
        return answer

    def state(self):
        return self.must("GET", "")

    def pin_of(self, number, services=None):
        """A pin of a version, with the services on it as far as it has their features."""
        state = self.state()
        kept = next(v for v in state["versions"] if v["version"] == number)
        names = {feature["name"]: feature for feature in kept["features"]}
        bound = {
            service: [
                {**p, "version": number, "features": [names[f["name"]] for f in p["features"] if f["name"] in names]}
                for p in projections
            ]
            for service, projections in state["services"].items()
        }
        return {
            "version": number,
            "definition": kept["definition"],
            "expect": state["etag"],
            "services": bound if services is None else services,
        }


class Pinning(Case):
    def breaks(self, service):
        """That Feast can't serve it any more, once it no longer answers from what its registry cached."""
        for _ in range(20):
            try:
                self.view.serve(service, 1)
            except ValueError:
                return
            time.sleep(0.25)
        self.fail(f"{service} is served")

    def test_a_version_comes_back_with_its_services_and_goes_forth_again(self):
        self.begin("whole")
        good = self.state()
        self.assertEqual((good["version"], good["follows"]), (0, "latest"))
        self.view.release_bad()
        bad = self.state()
        self.assertEqual((bad["version"], [v["version"] for v in bad["versions"]]), (1, [0, 1]))
        self.assertNotEqual(bad["definition"], good["definition"])

        done = self.must("POST", "/pin", self.pin_of(0))["done"]
        self.assertEqual(done, ["feature service whole_all", "feature service whole_some", "feature view whole"])
        back = self.state()
        self.assertEqual((back["version"], back["definition"]), (0, good["definition"]))
        self.assertEqual(self.view.serve("all", 1, 9)["ctr"], [0.125, None])
        self.assertEqual(self.view.serve("some", 2), {"user_id": [2], "ctr": [0.25]})

        forth = {name: projections for name, projections in bad["services"].items()}
        self.must("POST", "/pin", self.pin_of(1, forth))
        again = self.state()
        self.assertEqual((again["version"], again["definition"]), (1, bad["definition"]))
        self.assertEqual(again["services"], bad["services"])

    def test_feast_itself_breaks_services_and_publishes_what_is_not_there(self):
        self.begin("traps")
        self.view.release_bad()
        # Unbound services read the first version's values under the new version's names: 200, and mixed.
        self.view.push(user_id=[1], ctr=["bad"], clicks_7d=[-1], dwell=[0.5])
        self.assertEqual(self.view.serve("all", 1), {"user_id": [1], "ctr": [0.125], "clicks_7d": [10], "dwell": [None]})
        self.view.pin_by_hand("v0")
        self.breaks("all")
        self.must("POST", "/pin", self.pin_of(0))
        self.assertEqual(self.view.serve("all", 1)["ctr"], [0.125])
        self.view.pin_by_hand("v7")
        self.assertEqual([v["version"] for v in self.state()["versions"]], [0, 1, 7])

    def test_what_is_not_there_is_not_published(self):
        self.begin("absent")
        pin = self.pin_of(0)
        self.refused("/pin", {**pin, "version": 7}, 404, "no_such_version")
        self.refused("/pin", {**pin, "definition": "0" * 64}, 409, "other_definition")
        self.refused("/pin", {**pin, "services": {"nobody": pin["services"]["absent_all"]}}, 404, "no_such_service")
        status, answer = ask("GET", "/v1/feature-views/nothing")
        self.assertEqual((status, answer["code"]), (404, "no_such_feature_view"))

    def test_a_change_in_between_is_noticed(self):
        self.begin("raced")
        pin = self.pin_of(0)
        self.view.release_bad()
        self.refused("/pin", pin, 409, "changed")

    def test_only_one_of_two_at_once_is_done(self):
        self.begin("twice")
        self.view.release_bad()
        pin, found = self.pin_of(0), []
        both = [threading.Thread(target=lambda: found.append(ask("POST", self.path("/pin"), pin)[0])) for _ in "ab"]
        for one in both:
            one.start()
        for one in both:
            one.join()
        self.assertEqual(sorted(found), [200, 409])

    def test_what_was_changed_without_a_version_is_told_apart(self):
        self.begin("quiet")
        kept = self.state()["definition"]
        Lab.store.apply([self.view.definition(shop.GOOD, ttl_days=1)])
        state = self.state()
        self.assertEqual((state["version"], len(state["versions"])), (0, 1))
        self.assertNotEqual(state["definition"], kept)
        self.assertEqual(state["versions"][0]["definition"], kept)
        self.refused("/online/clear", {"version": 0, **WINDOW}, 409, "other_version")
        self.must("POST", "/pin", self.pin_of(0))
        self.assertEqual(self.state()["definition"], kept)

    def test_a_quiet_change_makes_feast_forget_which_version_it_is(self):
        self.begin("forgot")
        self.view.release_bad()
        released = self.state()
        Lab.store.apply([self.view.definition(shop.BAD, ttl_days=1)])
        self.assertEqual((released["version"], self.state()["version"]), (1, 0))
        # Feast serves the first version's values under the second one's definition: it is neither.
        self.assertNotIn(self.state()["definition"], [version["definition"] for version in released["versions"]])
        self.must("POST", "/pin", self.pin_of(1, released["services"]))
        self.assertEqual((self.state()["version"], self.state()["definition"]), (1, released["definition"]))

    def test_materialising_is_no_change_of_the_definition(self):
        self.begin("steady")
        before = self.state()
        self.must("POST", "/online/materialise", {"version": 0, **WINDOW})
        self.assertEqual(self.state(), before)


class Values(Case):
    def read(self, version=None):
        asked = {"entities": USERS} if version is None else {"entities": USERS, "version": version}
        found = self.must("POST", "/online/read", asked)
        # What is not of the rows: when it was asked.
        self.assertGreater(found.pop("now"), 1.7e12)
        return found

    def test_values_are_text_and_what_is_missing_has_no_moment(self):
        self.begin("texts")
        found = self.read()
        self.assertEqual((found["version"], found["latest"]), (0, int(shop.GOOD_AT.timestamp() * 1000)))
        self.assertEqual(
            found["rows"],
            [
                {"entity": USERS[0], "values": {"ctr": "0.125", "clicks_7d": "10"}, "at": "2026-11-20T00:00:00Z"},
                {"entity": USERS[1], "values": {"ctr": "0.25", "clicks_7d": "20"}, "at": "2026-11-20T00:00:00Z"},
                {"entity": USERS[2], "values": {"ctr": None, "clicks_7d": None}, "at": None},
            ],
        )

    def test_materialising_changes_nothing_after_a_newer_push_and_does_after_clearing(self):
        self.begin("newer")
        good = self.read()
        self.view.push(user_id=[1, 9], ctr=[9.5, 9.5], clicks_7d=[-1, -1])
        bad = self.read()
        self.assertNotEqual(bad, good)
        self.must("POST", "/online/materialise", {"version": 0, **WINDOW})
        self.assertEqual(self.read(), bad)

        compared = self.must("POST", "/online/compare", {"version": 0, "entities": USERS, **WINDOW})
        self.assertEqual((compared["standing"], compared["stands"]), (2, [True, False, True]))
        self.assertEqual((compared["stored"], compared["rows"]), (bad["rows"], good["rows"]))
        self.assertEqual(self.must("POST", "/online/clear", {"version": 0, **WINDOW}), {"cleared": 2, "found": 2})
        self.assertEqual([row["at"] for row in self.read()["rows"]], [None, "2026-11-20T00:00:00Z", None])
        self.must("POST", "/online/materialise", {"version": 0, **WINDOW})
        self.assertEqual(self.read(), good)
        self.assertEqual(self.must("POST", "/online/clear", {"version": 0, **WINDOW})["found"], 0)

    def test_a_push_that_is_dated_back_is_cleared_and_one_from_before_the_point_stays(self):
        self.begin("dated")
        later = shop.GOOD_AT + timedelta(hours=1)
        self.view.push(at=later, user_id=[1, 9], ctr=[9.5, 0.5], clicks_7d=[-1, 1])
        self.must("POST", "/online/clear", {"version": 0, **WINDOW})
        moments = [row["at"] for row in self.read()["rows"]]
        self.assertEqual(moments, [None, "2026-11-20T00:00:00Z", "2026-11-20T01:00:00Z"])

    def test_each_version_has_values_of_its_own(self):
        self.begin("apart")
        good = self.read()
        self.view.release_bad()
        self.view.push(user_id=[1], ctr=["bad"], clicks_7d=[-1], dwell=[0.5])
        self.assertEqual(self.read()["rows"][0]["values"]["ctr"], "bad")
        self.assertEqual(self.read(version=0), good)
        for what in ("/online/clear", "/online/materialise"):
            self.refused(what, {"version": 0, **WINDOW}, 409, "other_version")

    def test_what_materialising_would_write_is_told_before(self):
        self.begin("told")
        asked = {"version": 0, "entities": USERS, **WINDOW}
        found = self.must("POST", "/source/read", asked)
        self.assertEqual((found["rows"], found["count"]), (self.read()["rows"], 3))
        self.view.write_batch(user_id=[1], ctr=[0.5], clicks_7d=[1])
        other = self.must("POST", "/source/read", asked)
        self.assertNotEqual(other["sha256"], found["sha256"])
        empty = {**asked, "start": 0, "end": 1}
        self.assertEqual(self.must("POST", "/source/read", empty)["count"], 0)

    def test_a_batch_source_without_a_version_s_columns_is_named_and_not_read_for_nothing(self):
        self.begin("lacking")
        self.view.release_bad()
        self.view.push(user_id=[1], ctr=["bad"], clicks_7d=[-1], dwell=[0.5])
        for what in ("/source/read", "/online/compare", "/online/clear"):
            lacking = self.refused(what, {"version": 1, "entities": USERS, **WINDOW}, 409, "source_lacks")
            self.assertIn("needs dwell", lacking["message"])
        nothing = {"version": 1, "start": 0, "end": 0}
        self.assertEqual(self.must("POST", "/online/compare", {**nothing, "entities": USERS})["standing"], 1)
        self.refused("/online/materialise", nothing, 400, "bad_request")
        self.assertEqual(self.must("POST", "/online/clear", nothing), {"cleared": 1, "found": 1})
        self.assertEqual(self.read(version=1)["latest"], 0)

    def test_many_at_once_are_answered(self):
        self.begin("many")
        asked, found = {"version": 0, "entities": USERS, **WINDOW}, []
        ask_all = lambda: found.extend(
            ask("POST", self.path(what), asked)[0] for what in ("/source/read", "/online/compare", "/online/read")
        )
        threads = [threading.Thread(target=ask_all, daemon=True) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(found, [200] * 18)


class Requests(Case):
    def test_nothing_is_said_without_the_token(self):
        for token in (None, "", "canary", "é"):
            connection = ask("GET", "/v1/health", token=token and token.encode("utf-8").decode("latin-1"))
            self.assertEqual((connection[0], connection[1]["code"]), (401, "unauthorized"))
        Lab.token.unlink()
        try:
            self.assertEqual(ask("GET", "/v1/health")[0], 401)
        finally:
            Lab.token.write_text(TOKEN)
        status, health = ask("GET", "/v1/health")
        self.assertEqual((status, health["project"]), (200, "shop"))
        self.assertTrue(health["feast"].startswith("0.67"))

    def test_nonsense_is_refused_by_name(self):
        self.begin("nonsense")
        for body in (b"{", b"[]", b"\xff"):
            self.refused("/pin", body, 400, "bad_request")
        self.refused("/pin", {"version": 0}, 400, "bad_request")
        self.refused("/pin", {**self.pin_of(0), "services": {"nonsense_all": [{}]}}, 400, "bad_request")
        self.refused("/online/read", {"entities": []}, 400, "bad_request")
        self.refused("/online/read", {"entities": [{"user": "1"}]}, 400, "bad_request")
        self.refused("/online/read", {"entities": [{"user_id": "x"}]}, 400, "bad_request")
        self.refused("/online/clear", {"version": 0, "start": "yesterday", "end": 1e12}, 400, "bad_request")
        self.refused("/online/clear", {"version": 0, "start": WINDOW["end"], "end": WINDOW["start"]}, 400, "bad_request")
        self.refused("/nowhere", {}, 404, "no_such_path")

    def test_a_body_is_refused_by_its_length(self):
        connection = http.client.HTTPConnection(*Lab.server.server_address[:2], timeout=60)
        connection.putrequest("POST", "/v1/feature-views/x/pin")
        connection.putheader("content-length", str(2 << 20))
        connection.endheaders()
        answer = connection.getresponse()
        self.assertEqual((answer.status, json.loads(answer.read())["code"]), (413, "too_large"))
        connection.close()


class Broken(unittest.TestCase):
    def test_a_store_that_is_down_is_named(self):
        view = shop.View(Lab.store, "down")
        view.release_good()
        process, address = shop.start_redis(Lab.folder.name)
        process.terminate()
        process.wait()
        online = Lab.server.RequestHandlerClass.service.store.config.online_store
        provider = Lab.server.RequestHandlerClass.service.store._get_provider()
        kept = online.connection_string, provider.online_store._client
        online.connection_string, provider.online_store._client = address, None
        try:
            status, answer = ask("POST", "/v1/feature-views/down/online/read", {"entities": USERS})
            self.assertEqual((status, answer["code"]), (503, "unreachable"))
        finally:
            online.connection_string, provider.online_store._client = kept


class Answering(unittest.TestCase):
    def test_an_answer_leaves_in_one_piece(self):
        # In two, a kept connection holds the second back until the client has acknowledged the first: some 40 ms.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        handler = type("OffTcp", (Lab.server.RequestHandlerClass,), {"disable_nagle_algorithm": False})
        with ours:
            lines = ["GET /v1/health HTTP/1.1", f"authorization: Bearer {TOKEN}", "connection: close", "", ""]
            ours.sendall("\r\n".join(lines).encode())
            with theirs:
                handler(theirs, ("peer", 0), Lab.server)
            # Each write of the other side is read by itself.
            pieces = list(iter(lambda: ours.recv(1 << 16), b""))
        self.assertEqual(len(pieces), 1, pieces)
        self.assertTrue(pieces[0].startswith(b"HTTP/1.1 200 "), pieces)
        self.assertIn(b'"project"', pieces[0])


if __name__ == "__main__":
    unittest.main()
