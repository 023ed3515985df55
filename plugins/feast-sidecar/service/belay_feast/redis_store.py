"""The rows of a feature view in Redis, as Feast lays them out. Other stores are refused by name.

An entity's key is a hash; each version of a view has fields of its own in it:
https://github.com/feast-dev/feast/blob/master/docs/specs/online_store_format.md
"""

from feast.infra.key_encoding_utils import deserialize_entity_key, serialize_entity_key_prefix
from feast.infra.online_stores.helpers import _mmh3
from feast.infra.online_stores.redis import RedisOnlineStore, _versioned_fv_name
from google.protobuf.timestamp_pb2 import Timestamp

from .refusal import Refusal

AT_ONCE = 1_000

# A row that was written again since it was looked at stays.
DELETE_IF_AS_SEEN = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], unpack(ARGV, 3))
return 1
"""


def _client(store):
    online = store._get_provider().online_store
    if not isinstance(online, RedisOnlineStore):
        raise Refusal(422, "unsupported", f"the online store is a {type(online).__name__}; only Redis is supported")
    return online._get_client(store.config.online_store)


def rows(store, view):
    """Each stored row: its name in Redis, the moment that it carries, and the entity's key."""
    client = _client(store)
    field = f"_ts:{_versioned_fv_name(view, store.config)}"
    project = store.config.project.encode()
    prefix = serialize_entity_key_prefix(view.join_keys)
    names = (name for name in client.scan_iter(_literal(prefix) + b"*" + _literal(project), count=AT_ONCE))
    for some in _chunks(names):
        with client.pipeline(transaction=False) as pipe:
            for name in some:
                pipe.hget(name, field)
            found = pipe.execute()
        for name, stamp in zip(some, found):
            if stamp is not None:
                yield name, Timestamp.FromString(stamp), deserialize_entity_key(name[: -len(project)])


def delete(store, view, seen):
    """Deletes rows that still carry the moment that they were seen with. Says how many."""
    client = _client(store)
    name = _versioned_fv_name(view, store.config)
    fields = [f"_ts:{name}".encode(), *(_mmh3(f"{name}:{feature.name}") for feature in view.features)]
    script = client.register_script(DELETE_IF_AS_SEEN)
    return sum(script(keys=[key], args=[fields[0], stamp.SerializeToString(), *fields]) for key, stamp in seen)


def _chunks(items):
    some = []
    for item in items:
        some.append(item)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _literal(pattern):
    """As a part of a pattern that stands for itself."""
    return b"".join(b"\\" + bytes([byte]) if byte in b"*?[]\\^" else bytes([byte]) for byte in pattern)
