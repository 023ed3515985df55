"""Does to tables of an Iceberg REST catalog what standard input says, a line of JSON for each act, and answers each with a
line. The catalog's address is the first argument.

    {"table": "shop.clicks", "act": "append"}    answers {"main": "3051729675574597004", "rows": 6, "schema": 0}

Each act answers with what the table is afterwards: the snapshot and the number of rows of `main`, its other references,
and its schema. What the library refuses is answered as `{"error": "…"}`.
"""

import json
import sys

import pyarrow as pa
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.types import StringType


def rows(first, count=3):
    numbers = range(first, first + count)
    return pa.table({"id": pa.array(numbers, pa.int64()), "name": [f"row {n}" for n in numbers]})


def fresh(table):
    wanted = rows(1000 * (len(table.metadata.snapshots) + 1))
    for field in table.schema().fields[2:]:
        wanted = wanted.append_column(field.name, pa.array(["new"] * len(wanted)))
    return wanted


def create(catalog, name, _):
    catalog.create_namespace_if_not_exists(name.split(".")[0])
    table = catalog.create_table(name, rows(0).schema)
    table.append(rows(0))
    table.append(rows(1000))


def append(catalog, name, _):
    table = catalog.load_table(name)
    table.append(fresh(table))


def overwrite(catalog, name, _):
    table = catalog.load_table(name)
    table.overwrite(fresh(table))


def add_column(catalog, name, _):
    with catalog.load_table(name).update_schema() as update:
        update.add_column("note", StringType())


def tag(catalog, name, asked):
    table = catalog.load_table(name)
    table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, asked["name"]).commit()


def expire(catalog, name, asked):
    catalog.load_table(name).maintenance.expire_snapshots().by_id(int(asked["snapshot"])).commit()


def drop(catalog, name, _):
    catalog.drop_table(name)


def look(catalog, name, _):
    catalog.load_table(name)


ACTS = {act.__name__: act for act in (create, append, overwrite, add_column, tag, expire, drop, look)}


def told(catalog, name):
    try:
        table = catalog.load_table(name)
    except NoSuchTableError:
        return {"main": None}
    current = table.current_snapshot()
    seen = table.scan().to_arrow()
    return {
        "main": current and str(current.snapshot_id),
        "rows": sorted(str(value) for value in seen["id"].to_pylist()),
        "refs": {ref: str(found.snapshot_id) for ref, found in table.refs().items()},
        "log": [str(entry.snapshot_id) for entry in table.metadata.snapshot_log],
        "schema": table.schema().schema_id,
    }


def main(url):
    catalog = RestCatalog("lab", uri=url)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            ACTS[asked["act"]](catalog, asked["table"], asked)
            answer = told(catalog, asked["table"])
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps(answer, sort_keys=True), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
