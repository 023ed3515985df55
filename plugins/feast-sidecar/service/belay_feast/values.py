"""Feast's values as text and back. Never a float in JSON: two systems would print it differently."""

import base64
import json
import math
from datetime import datetime, timezone

import numpy
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.type_map import python_values_to_proto_values
from feast.value_type import ValueType

from .refusal import bad_request

WHOLE = (ValueType.INT32, ValueType.INT64)
MOST_MS = 253_402_300_800_000
"""The year 10000."""


def text(value):
    """A value as text; `None` where there is none. A list is JSON of texts. Floats keep the digits that tell them apart."""
    kind = value.WhichOneof("val")
    if kind is None or kind == "null_val":
        return None
    found = getattr(value, kind)
    if hasattr(found, "val"):
        return json.dumps([_scalar(kind, item) for item in found.val], separators=(",", ":"), ensure_ascii=False)
    return _scalar(kind, found)


def _scalar(kind, found):
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, bytes):
        return base64.b64encode(found).decode()
    if kind.startswith("float"):
        return str(numpy.float32(found))
    return repr(found) if isinstance(found, float) else str(found)


def moment(when):
    """A moment as RFC 3339 in UTC, to the microsecond where it has such; `None` for 1970, which is Feast's word for nothing."""
    if when is None or when.timestamp() == 0:
        return None
    when = when.replace(tzinfo=timezone.utc) if when.tzinfo is None else when.astimezone(timezone.utc)
    return when.isoformat(timespec="auto").replace("+00:00", "Z")


def from_ms(given, name):
    """Reads milliseconds since 1970 UTC."""
    if type(given) is not int or not 0 <= given < MOST_MS:
        raise bad_request(f"{name} must be milliseconds since 1970 UTC: {given!r}")
    return datetime.fromtimestamp(given / 1000, tz=timezone.utc)


def to_ms(when):
    """Milliseconds since 1970 UTC, not before the moment."""
    return math.ceil(when.timestamp() * 1000)


def entity_key(view, row):
    """The key of an entity that a caller names as `{"user_id": "1"}`."""
    kinds = {column.name: column.dtype.to_value_type() for column in view.entity_columns}
    if not isinstance(row, dict) or set(row) != set(kinds):
        raise bad_request(f"an entity of {view.name} has the keys {sorted(kinds)}, not {row!r}")
    return EntityKey(join_keys=list(kinds), entity_values=[_key(kinds[name], row[name], name) for name in kinds])


def _key(kind, given, name):
    if not isinstance(given, str):
        raise bad_request(f"{name} must be text: {given!r}")
    try:
        value = int(given) if kind in WHOLE else given
    except ValueError:
        raise bad_request(f"{name} must be a whole number: {given!r}") from None
    return python_values_to_proto_values([value], kind)[0]


def entity_row(key):
    """An entity's key as a caller names it."""
    return {name: text(value) for name, value in zip(key.join_keys, key.entity_values)}
