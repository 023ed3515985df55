"""Records what the sidecar answers along a bad release and its rollback, for the tests of belay's plugins.

    REDIS_SERVER=redis-server python -m tests.record ../../feast-feature-view/tests/fixtures ../../feast-online/tests/fixtures
"""

import json
import sys
from pathlib import Path

from belay_feast import API
from tests import shop
from tests.test_sidecar import USERS, WINDOW, Case, Lab


class Recorder(Case):
    """Tells the story and keeps the answers."""

    def story(self):
        self.begin("clicks")
        yield "good"
        self.view.release_bad()
        yield "released"
        yield from self.pinned()
        self.view.pin_by_hand("v1")
        yield "by hand"
        self.view.store.apply([self.view.definition(shop.BAD, ttl_days=1)])
        yield "changed"

    def pinned(self):
        self.must("POST", "/pin", self.pin_of(0))
        yield "pinned"
        self.view.push(user_id=[1, 9], ctr=[9.5, 9.5], clicks_7d=[-1, -1], at=shop.END.replace(month=12))
        yield "pushed"
        self.must("POST", "/online/clear", {"version": 0, **WINDOW})
        yield "cleared"
        self.must("POST", "/online/materialise", {"version": 0, **WINDOW})
        yield "materialised"

    def answer(self, what, asked):
        return {"api": API, **self.must("POST", what, asked)}

    def views(self):
        return {"api": API, **self.state()}

    def values(self):
        asked = {"version": 0, "entities": USERS}
        return {
            "online/read": self.answer("/online/read", {"entities": USERS}),
            "online/compare": self.answer("/online/compare", {**asked, **WINDOW}),
            "source/read": self.answer("/source/read", {**asked, **WINDOW}),
        }


def main(views, values):
    Lab.start()
    try:
        recorder = Recorder()
        found = {moment: (recorder.views(), recorder.values()) for moment in recorder.story()}
    finally:
        Lab.stop()
    for place, which in ((views, 0), (values, 1)):
        Path(place).mkdir(parents=True, exist_ok=True)
        text = json.dumps({moment: both[which] for moment, both in found.items()}, indent=1, ensure_ascii=False)
        (Path(place) / "answers.json").write_text(text + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
