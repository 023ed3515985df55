"""Does to Delta tables what standard input says, a line of JSON for each act, and answers each with a line.

    {"table": "/lake/clicks", "act": "append"}             answers {"version": 4}
    {"table": "/lake/clicks", "act": "read", "version": 2}  answers {"version": 2, "rows": [...]}

The acts are those of `write_delta.py`, and `read`. What the library refuses is answered as `{"error": "…"}`. One
process for many acts: starting Python with the library takes longer than they do.
"""

import json
import os
import sys

from check_delta import seen
from deltalake import DeltaTable
from write_delta import ACTS


def act(asked):
    table = asked["table"]
    if asked["act"] == "read":
        return seen(DeltaTable(table, version=asked.get("version")))
    ACTS[asked["act"]](table)
    return {"version": DeltaTable(table).version()}


def main():
    for line in sys.stdin:
        try:
            answer = act(json.loads(line))
        except Exception as error:
            answer = {"error": str(error)}
        print(json.dumps(answer, sort_keys=True, default=str), flush=True)


if __name__ == "__main__":
    main()
    # The library's threads sometimes abort an interpreter that shuts down; all is written by now.
    os._exit(0)
