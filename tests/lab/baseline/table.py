"""What a responder would do to a Delta table with the `deltalake` library.

    python table.py TABLE version
    python table.py TABLE restore VERSION

`version` prints the latest one. `restore` commits a version's content again, and reads back that the table has the same
files then, and that each is there.
"""

import os
import sys
from pathlib import Path

from deltalake import DeltaTable


def files(table):
    return sorted(table.file_uris())


def restore(path, version):
    table, wanted = DeltaTable(path), files(DeltaTable(path, version=version))
    if files(table) != wanted:
        table.restore(version)
    found = files(DeltaTable(path))
    if found != wanted or not all(Path(file).is_file() for file in found):
        sys.exit(f"table: not what version {version} was")
    print(f"table: the content of version {version}")


def main(path, act, *version):
    if act == "version":
        print(DeltaTable(path).version())
    else:
        restore(path, int(*version))


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    # The library's threads sometimes abort an interpreter that shuts down; all is written by now.
    os._exit(0)
