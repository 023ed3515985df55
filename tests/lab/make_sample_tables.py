"""Writes the `clicks` table of the sample workspace, and the files that a bad overwrite adds to it.

    python make_sample_tables.py FOLDER

`FOLDER/clicks-good` is a whole table of four versions. `FOLDER/clicks-bad` holds only what the bad release
added: copied over the good table it is the next versions. The demo plays it so, without Python.
"""

import os
import shutil
import sys
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

QUERIES = ["lamp", "desk", "chair", "rug", "shelf"]


def clicks(day, count, *, broken=False):
    numbers = range(count)
    return pa.table(
        {
            "day": [day] * count,
            "query": [QUERIES[n % len(QUERIES)] for n in numbers],
            "item": pa.array([1000 + 7 * n % 90 for n in numbers], pa.int64()),
            # The bad release counted views as clicks and lost the position.
            "clicks": pa.array([(n * 37) % 11 + (900 if broken else 0) for n in numbers], pa.int64()),
            "position": pa.array([None if broken else n % 10 + 1 for n in numbers], pa.int64()),
        }
    )


def write(table, data, mode):
    write_deltalake(table, data, mode=mode, partition_by=["day"])


def main(folder):
    good, bad, work = folder / "clicks-good", folder / "clicks-bad", folder / "work"
    for old in (good, bad, work):
        shutil.rmtree(old, ignore_errors=True)
    write(work, clicks("2026-11-17", 40), "error")
    for day in ("2026-11-18", "2026-11-19", "2026-11-20"):
        write(work, clicks(day, 40), "append")
    shutil.copytree(work, good)
    write(work, pa.concat_tables([clicks(f"2026-11-{day}", 40, broken=True) for day in (17, 18, 19, 20)]), "overwrite")
    write(work, clicks("2026-11-21", 40, broken=True), "append")
    for path in work.rglob("*"):
        name = path.relative_to(work)
        if path.is_file() and not (good / name).exists():
            (bad / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, bad / name)
    shutil.rmtree(work)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    # The library's threads sometimes abort an interpreter that shuts down; all is written by now.
    os._exit(0)
