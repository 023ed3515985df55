"""Does to a Delta table what its writers do.

    python write_delta.py TABLE create | append | overwrite | vacuum | checkpoint
    python write_delta.py TABLE append --every 2

`create` makes a table of three versions; `append` and `overwrite` write rows that no version had before; `vacuum`
deletes every file that the latest version doesn't name, whatever its age. With `--every` it goes on until it is ended,
and prints a line for each commit: `{"version": 4}`.
"""

import argparse
import json
import os
import sys
import time

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake


def rows(first, count=3):
    numbers = range(first, first + count)
    return pa.table({"id": pa.array(numbers, pa.int64()), "name": [f"row {n}" for n in numbers]})


def fresh(path):
    """Rows that are named after the version that they come in."""
    return rows(1000 * (DeltaTable(path).version() + 1))


def create(path):
    write_deltalake(path, rows(0))
    write_deltalake(path, fresh(path), mode="append")
    write_deltalake(path, fresh(path), mode="append")


def append(path):
    write_deltalake(path, fresh(path), mode="append")


def overwrite(path):
    write_deltalake(path, fresh(path), mode="overwrite")


def vacuum(path):
    DeltaTable(path).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)


def checkpoint(path):
    DeltaTable(path).create_checkpoint()


ACTS = {act.__name__: act for act in (create, append, overwrite, vacuum, checkpoint)}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("table")
    arguments.add_argument("act", choices=ACTS)
    arguments.add_argument("--every", type=float, metavar="SECONDS")
    given = arguments.parse_args()
    while True:
        ACTS[given.act](given.table)
        print(json.dumps({"version": DeltaTable(given.table).version()}), flush=True)
        if given.every is None:
            return
        time.sleep(given.every)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    # The library's threads sometimes abort an interpreter that shuts down; all is written by now.
    os._exit(0)
