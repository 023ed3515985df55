"""Reads a Delta table back with the `deltalake` library and prints one line of JSON.

    python check_delta.py TABLE [--version N] [--append]

Prints `{"version": 32, "rows": [...]}`, the rows sorted by their JSON text. With `--append` it then appends one
row that repeats the first and prints a second line: what an ordinary writer sees after a rollback.
"""

import argparse
import json
import os
import sys

from deltalake import DeltaTable, write_deltalake


def seen(table):
    rows = table.to_pyarrow_table().to_pylist()
    return {"version": table.version(), "rows": sorted(rows, key=lambda row: json.dumps(row, sort_keys=True, default=str))}


def show(table):
    print(json.dumps(seen(table), sort_keys=True, default=str))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("table")
    arguments.add_argument("--version", type=int)
    arguments.add_argument("--append", action="store_true")
    given = arguments.parse_args()
    table = DeltaTable(given.table, version=given.version)
    show(table)
    if given.append:
        write_deltalake(given.table, table.to_pyarrow_table().slice(0, 1), mode="append")
        show(DeltaTable(given.table))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    # The library's threads sometimes abort an interpreter that shuts down; all is written by now.
    os._exit(0)
