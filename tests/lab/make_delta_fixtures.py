"""Writes the Delta tables that the tests of plugins/delta-table read.

    python make_delta_fixtures.py FOLDER

Needs `deltalake` and `pyarrow`. What it writes is committed: the tests need no Python. Names of data files and
timestamps differ between two runs, so a test must read them from the log.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake


def rows(*ids, **columns):
    return pa.table({"id": pa.array(ids, pa.int64()), **columns})


def commit_file(table, version):
    return table / "_delta_log" / f"{version:020}.json"


def plain(table):
    """Four versions: written, appended, overwritten, appended."""
    write_deltalake(table, rows(1, 2, 3))
    write_deltalake(table, rows(4, 5), mode="append")
    write_deltalake(table, rows(90, 91), mode="overwrite")
    write_deltalake(table, rows(92), mode="append")


def partitioned(table):
    """Partition values that need encoding, an empty one and a null."""
    write_deltalake(table, rows(1, 2, 3, 4, day=["a b/%", "ü", None, "plain"]), partition_by=["day"])
    write_deltalake(table, rows(5, 6, day=["plain", "x=y"]), mode="append")
    write_deltalake(table, rows(7, day=["plain"]), mode="overwrite")


def schema_change(table):
    """A column and a property come in version 2."""
    write_deltalake(table, rows(1, 2, clicks=[10, 20]))
    write_deltalake(table, rows(3, clicks=[30]), mode="append")
    write_deltalake(table, rows(4, clicks=[40], score=[0.5]), mode="overwrite", schema_mode="overwrite")
    DeltaTable(table).alter.set_table_properties({"delta.enableExpiredLogCleanup": "true"})


def checkpointed(table):
    """A checkpoint at version 99; the commits before it were cleaned up, with the data files that only they name."""
    for version in range(103):
        mode = "append" if version % 10 else "overwrite"
        write_deltalake(table, rows(version), mode=mode)
    log = table / "_delta_log"
    checkpoints = sorted(log.glob("*.checkpoint.parquet"))
    assert [f.name for f in checkpoints] == [f"{99:020}.checkpoint.parquet"], checkpoints
    named = set()
    for version in range(99, 103):
        named |= {Path(uri).name for uri in DeltaTable(table, version=version).file_uris()}
    for version in range(99):
        commit_file(table, version).unlink()
    for data in table.glob("*.parquet"):
        if data.name not in named:
            data.unlink()


def with_checkpoint(source, table):
    """The same log with a checkpoint of its latest version: both must tell the same state."""
    shutil.copytree(source / "_delta_log", table / "_delta_log")
    DeltaTable(table).create_checkpoint()


def with_snappy(source, table):
    """The same log with its checkpoint compressed as Spark does it."""
    shutil.copytree(source / "_delta_log", table / "_delta_log")
    for checkpoint in (table / "_delta_log").glob("*.checkpoint.parquet"):
        pq.write_table(pq.read_table(checkpoint), checkpoint, compression="snappy")


def with_unknown_feature(source, table):
    """A later version that needs a reader feature that nobody knows."""
    shutil.copytree(source / "_delta_log", table / "_delta_log")
    append_commit(
        table,
        {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["teleport"], "writerFeatures": ["teleport"]}},
    )


def with_deletion_vector(source, table):
    """A later version whose file has some rows deleted by a vector; the protocol does not say so."""
    shutil.copytree(source / "_delta_log", table / "_delta_log")
    add = next(action["add"] for action in actions(table, 3) if "add" in action)
    vector = {"storageType": "u", "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^", "offset": 4, "sizeInBytes": 40, "cardinality": 1}
    append_commit(table, {"add": {**add, "dataChange": True, "deletionVector": vector}})


def with_checkpoint_named(source, table, *names):
    """A checkpoint of another kind, by its name; its bytes don't matter."""
    shutil.copytree(source / "_delta_log", table / "_delta_log")
    for name in names:
        (table / "_delta_log" / name).write_bytes(b"not read")


def actions(table, version):
    return [json.loads(line) for line in commit_file(table, version).read_text().splitlines()]


def append_commit(table, *lines):
    version = max(int(f.stem) for f in (table / "_delta_log").glob("*.json")) + 1
    info = {"commitInfo": {"timestamp": 1_800_000_000_000, "operation": "TEST"}}
    commit_file(table, version).write_text("".join(json.dumps(line) + "\n" for line in (info, *lines)))


def main(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for make in (plain, partitioned, schema_change, checkpointed):
        make(folder / make.__name__.replace("_", "-"))
    for name in ("partitioned", "schema-change"):
        with_checkpoint(folder / name, folder / f"{name}-checkpoint")
    with_snappy(folder / "checkpointed", folder / "checkpointed-snappy")
    with_unknown_feature(folder / "plain", folder / "unknown-feature")
    with_deletion_vector(folder / "plain", folder / "deletion-vector")
    parts = [f"{3:020}.checkpoint.{part:010}.{2:010}.parquet" for part in (1, 2)]
    with_checkpoint_named(folder / "plain", folder / "multi-part-checkpoint", *parts)
    named = f"{3:020}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.parquet"
    with_checkpoint_named(folder / "plain", folder / "v2-checkpoint", named)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    # The library's threads sometimes abort an interpreter that shuts down; all is written by now.
    os._exit(0)
