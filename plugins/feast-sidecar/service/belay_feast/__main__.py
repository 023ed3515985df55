"""python -m belay_feast --repository FOLDER --token-file FILE [--host 127.0.0.1] [--port 0]"""

import argparse
import contextlib
import logging
import sys
from pathlib import Path

from .service import listen


def main():
    parser = argparse.ArgumentParser(prog="belay_feast", description="Feast's SDK over HTTP, for belay's plugins")
    parser.add_argument("--repository", type=Path, required=True, help="the folder of feature_store.yaml")
    parser.add_argument("--token-file", type=Path, required=True, help="the bearer token that requests must carry")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen: loopback unless said otherwise")
    parser.add_argument("--port", type=int, default=0, help="0 is any free one")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    if not given.token_file.is_file() or not given.token_file.read_text().strip():
        parser.error(f"{given.token_file} holds no token")
    with listen(given.repository, given.token_file, given.host, given.port) as server:
        print(f"listening on http://{server.server_address[0]}:{server.server_address[1]}", flush=True)
        # Feast shows progress on standard output, which is for whoever started this.
        with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


main()
