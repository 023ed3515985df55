"""A small feature store: users, what they clicked, and a release of the view that is wrong. Redis and SQLite are real."""

import os
import socket
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pandas
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, PushSource, ValueType
from feast.types import Float64, Int64, String

GOOD_AT = datetime(2026, 11, 20, tzinfo=timezone.utc)
START, END = GOOD_AT - timedelta(days=30), GOOD_AT + timedelta(days=1)

GOOD = [Field(name="ctr", dtype=Float64), Field(name="clicks_7d", dtype=Int64)]
BAD = [Field(name="ctr", dtype=String), Field(name="clicks_7d", dtype=Int64), Field(name="dwell", dtype=Float64)]

SETTINGS = """\
project: shop
provider: local
registry:
  registry_type: sql
  path: sqlite:///{folder}/registry.db
  cache_ttl_seconds: 1
  enable_online_feature_view_versioning: true
online_store:
  type: redis
  connection_string: {redis}
offline_store:
  type: file
entity_key_serialization_version: 3
"""


def start_redis(folder):
    """A Redis on a free port of its own: the process and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [os.environ.get("REDIS_SERVER", "redis-server"), "--bind", "127.0.0.1", "--port", str(port)]
    command += ["--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, f"127.0.0.1:{port}"
        except OSError:
            time.sleep(0.02)
    process.kill()
    raise RuntimeError("Redis did not start")


def make_repository(folder, redis):
    """The folder of a feature store without views."""
    folder = Path(folder)
    (folder / "feature_store.yaml").write_text(SETTINGS.format(folder=folder, redis=redis))
    return FeatureStore(repo_path=str(folder))


class View:
    """A feature view, the services that use it, and what pipelines do to them."""

    def __init__(self, store, name):
        self.store, self.name = store, name
        self.user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.INT64)
        self.file = Path(store.repo_path) / f"{name}.parquet"
        batch = FileSource(
            name=f"{name}_batch",
            path=str(self.file),
            timestamp_field="event_timestamp",
            created_timestamp_column="created",
        )
        self.push_source = PushSource(name=f"{name}_push", batch_source=batch)

    def definition(self, fields, ttl_days=3650, version="latest"):
        return FeatureView(
            name=self.name,
            entities=[self.user],
            ttl=timedelta(days=ttl_days),
            schema=[Field(name="user_id", dtype=Int64), *fields],
            source=self.push_source,
            version=version,
        )

    def release(self, fields, some):
        """What `feast apply` of a repository with this view and two services does."""
        view = self.definition(fields)
        services = [
            FeatureService(name=f"{self.name}_all", features=[view]),
            FeatureService(name=f"{self.name}_some", features=[view[some]]),
        ]
        self.store.apply([self.user, self.push_source, view, *services])

    def release_good(self, users=3):
        """Version 0, with values of `GOOD_AT` in the batch source and online."""
        self.write_batch(
            user_id=list(range(1, users + 1)),
            ctr=[user / 8 for user in range(1, users + 1)],
            clicks_7d=[user * 10 for user in range(1, users + 1)],
        )
        self.release(GOOD, ["ctr"])
        self.store.materialize(START, END, [self.name])

    def release_bad(self):
        """Version 1: another type for `ctr`, and a new feature."""
        self.release(BAD, ["ctr", "dwell"])

    def change_quietly(self):
        """Another TTL: Feast makes no version for that."""
        self.store.apply([self.definition(GOOD, ttl_days=1)])

    def write_batch(self, at=GOOD_AT, keep=False, **columns):
        """Puts rows of a moment into the batch source, in place of those that are there or beside them."""
        rows = len(columns["user_id"])
        frame = pandas.DataFrame({**columns, "event_timestamp": [at] * rows, "created": [at] * rows})
        if keep:
            frame = pandas.concat([pandas.read_parquet(self.file), frame])
        frame.to_parquet(self.file)

    def release_next_day(self):
        """New values for a day later, online too."""
        at = GOOD_AT + timedelta(days=1)
        self.write_batch(at=at, keep=True, user_id=[1, 2, 3], ctr=[0.625, 0.75, 0.875], clicks_7d=[11, 21, 31])
        self.store.materialize(START, at, [self.name])

    def wipe(self):
        """No values at all, as before the first materialisation."""
        view = self.store.get_feature_view(self.name)
        self.store._get_provider().online_store.delete_table(self.store.config, view)

    def back_to_first_day(self):
        """The values before that, as a store that was behind would have them."""
        self.wipe()
        self.store.materialize(START, GOOD_AT, [self.name])

    def push(self, at=None, **columns):
        """Pushes values past the batch source, as a stream job does."""
        rows = len(columns["user_id"])
        at = at or datetime.now(timezone.utc)
        frame = pandas.DataFrame({**columns, "event_timestamp": [at] * rows, "created": [at] * rows})
        self.store.push(f"{self.name}_push", frame, allow_registry_cache=False)

    def pin_by_hand(self, version):
        """What Feast's documentation says: the view alone."""
        view = self.store.get_feature_view(self.name)
        view.version = version
        self.store.apply([view])

    def serve(self, service, *users):
        """What a model gets from a feature service, as text."""
        self.store.refresh_registry()
        service = self.store.get_feature_service(f"{self.name}_{service}")
        rows = [{"user_id": user} for user in users]
        return self.store.get_online_features(features=service, entity_rows=rows).to_dict()
