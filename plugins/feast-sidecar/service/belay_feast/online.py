"""The values that a feature view serves: read, cleared where they would stay, written again from the batch source."""

from dataclasses import dataclass
from datetime import datetime, timezone

from feast.protos.feast.types.Value_pb2 import Value
from feast.utils import _convert_arrow_to_proto
from google.protobuf.timestamp_pb2 import Timestamp

from . import redis_store
from .definitions import active, at_version, definition, digest, number_of
from .refusal import Refusal, bad_request
from .values import entity_key, entity_row, from_ms, moment, text, to_ms

MOST_ENTITIES = 1_000
"""Of one request."""


@dataclass(frozen=True)
class Row:
    """The values of an entity, and when they were true; nothing where there are none."""

    values: dict
    at: object

    def body(self, key):
        return {"entity": entity_row(key), "values": self.values, "at": moment(self.at)}


def view_of(store, name, number):
    """The view as a version has it; as it is now where none is named."""
    view = active(store, name)
    if number is None:
        return view
    if type(number) is not int:
        raise bad_request(f"a version is a whole number: {number!r}")
    return at_version(store, name, number)


def keys_of(view, asked):
    """The keys of the entities that a caller names."""
    if not isinstance(asked, list) or not asked or len(asked) > MOST_ENTITIES:
        raise bad_request(f"entities must be a list of 1 to {MOST_ENTITIES}")
    return [entity_key(view, row) for row in asked]


def read(store, name, asked):
    """What the online store has for some entities, of a version's own values; the latest of their moments, and now."""
    view = view_of(store, name, asked.get("version"))
    keys = keys_of(view, asked.get("entities"))
    rows = [_online_row(view, *found) for found in stored(store, view, keys)]
    return {
        "version": number_of(view),
        "rows": [row.body(key) for key, row in zip(keys, rows)],
        "latest": max((to_ms(row.at) for row in rows if row.at is not None), default=0),
        "now": to_ms(datetime.now(timezone.utc)),
    }


def stored(store, view, keys):
    """The online store's own words: a moment and values, or nothing."""
    return store._get_provider().online_read(store.config, view, keys, None) if keys else []


def _online_row(view, at, values):
    values = values or {}
    return Row({field.name: text(values.get(field.name, Value())) for field in view.features}, at)


def source_rows(store, view, start, end):
    """What materialising between two moments would write: for each key the latest row of the batch source. Between a moment
    and itself nothing, and the source is not read."""
    source = view.batch_source
    if source is None:
        raise Refusal(422, "unsupported", f"{view.name} has no batch source")
    if start == end:
        return {}
    mapping = {theirs: ours for theirs, ours in (source.field_mapping or {}).items()}
    theirs = {ours: name for name, ours in mapping.items()}
    keys = [theirs.get(column.name, column.name) for column in view.entity_columns]
    features = [theirs.get(field.name, field.name) for field in view.features]
    try:
        job = store._get_provider().offline_store.pull_latest_from_table_or_query(
            config=store.config,
            data_source=source,
            join_key_columns=keys,
            feature_name_columns=features,
            timestamp_field=source.timestamp_field,
            created_timestamp_column=source.created_timestamp_column or None,
            start_date=start,
            end_date=end,
        )
        table = job.to_arrow()
    except Exception:
        # Each of Feast's offline stores says it in words of its own.
        _check_columns(store, view, [*keys, *features, source.timestamp_field])
        raise
    if table.num_rows == 0:
        return {}
    table = table.rename_columns([mapping.get(column, column) for column in table.column_names]).combine_chunks()
    kinds = {column.name: column.dtype.to_value_type() for column in view.entity_columns}
    rows = _convert_arrow_to_proto(table, view, kinds)
    return {_name(key): (key, values, _aware(at)) for key, values, at, _ in rows}


def _check_columns(store, view, needed):
    """Refuses where the batch source has none of a name, as after its table was taken back to an older schema."""
    present = {name for name, _ in view.batch_source.get_table_column_names_and_types(store.config)}
    missing = [column for column in needed if column not in present]
    if missing:
        what = f"v{number_of(view)} of {view.name} needs {', '.join(missing)}, which its batch source does not have"
        raise Refusal(409, "source_lacks", what)


def _aware(when):
    return when.replace(tzinfo=timezone.utc) if when.tzinfo is None else when


def window(asked):
    """The moments between which rows of the batch source count; none where they are the same."""
    start, end = from_ms(asked.get("start"), "start"), from_ms(asked.get("end"), "end")
    if start > end:
        raise bad_request("start must not be after end")
    return start, end


def preview(store, name, asked):
    """What materialising would write for some entities, how many rows in all, and the digest of all of them."""
    view = view_of(store, name, asked.get("version"))
    keys = keys_of(view, asked.get("entities"))
    rows = source_rows(store, view, *window(asked))
    return {"version": number_of(view), **_previewed(view, keys, rows)}


def _previewed(view, keys, rows):
    found = [rows.get(_name(key)) for key in keys]
    shown = [_source_row(view, row).body(key) for key, row in zip(keys, found)]
    whole = sorted((_source_row(view, row).body(row[0]) for row in rows.values()), key=lambda row: digest(row["entity"]))
    return {"rows": shown, "count": len(rows), "sha256": digest(whole)}


def _name(key):
    return key.SerializeToString(deterministic=True)


def _source_row(view, row):
    if row is None:
        return Row({field.name: None for field in view.features}, None)
    _, values, at = row
    return Row({field.name: text(values[field.name]) for field in view.features}, at)


def check_active(store, name, asked):
    """The view as the version that the caller means has it, if that is the one that is served."""
    view, now = view_of(store, name, asked.get("version", -1)), active(store, name)
    if (number_of(now), definition(now)) != (number_of(view), definition(view)):
        message = f"{name} is not at v{number_of(view)} but at v{number_of(now)} or changed since: put it back first"
        raise Refusal(409, "other_version", message, version=number_of(now))
    return view


def standing(store, view, rows, end):
    """The stored rows that materialising these would leave although they are others: by key, name in Redis and moment."""
    kept = {}
    for name, stamp, key in redis_store.rows(store, view):
        row = rows.get(_name(key))
        if row is None:
            stays = stamp.ToDatetime(tzinfo=timezone.utc) > end
        else:
            planned = Timestamp()
            planned.FromDatetime(row[2])
            stays = (stamp.seconds, stamp.nanos) > (planned.seconds, planned.nanos) or (
                stamp == planned and not _same(store, view, key, row)
            )
        if stays:
            kept[_name(key)] = name, stamp
    return kept


def _same(store, view, key, row):
    ((at, values),) = stored(store, view, [key])
    return _online_row(view, at, values).values == _source_row(view, row).values


def clear(store, name, asked):
    """Deletes what materialising between two moments would silently leave. Says how many rows."""
    view = check_active(store, name, asked)
    start, end = window(asked)
    in_the_way = list(standing(store, view, source_rows(store, view, start, end), end).values())
    return {"cleared": redis_store.delete(store, view, in_the_way), "found": len(in_the_way)}


def compare(store, name, asked):
    """For some entities what is stored, what materialising would write, and whether it would leave what is stored; for all
    of them how many rows it would leave."""
    view = view_of(store, name, asked.get("version"))
    keys = keys_of(view, asked.get("entities"))
    start, end = window(asked)
    rows = source_rows(store, view, start, end)
    in_the_way = standing(store, view, rows, end)
    found = [_online_row(view, *row) for row in stored(store, view, keys)]
    return {
        "version": number_of(view),
        "stored": [row.body(key) for key, row in zip(keys, found)],
        "stands": [_name(key) in in_the_way for key in keys],
        "standing": len(in_the_way),
        **_previewed(view, keys, rows),
    }


def materialise(store, name, asked):
    """Writes the latest rows between two moments. Redis leaves what is newer: clear first."""
    view = check_active(store, name, asked)
    start, end = window(asked)
    if start == end:
        raise bad_request("start must be before end: there is nothing to materialise")
    store.materialize(start, end, [name], version=f"v{number_of(view)}")
    return {"version": number_of(view)}
