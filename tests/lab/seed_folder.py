"""Makes the folder of an MLflow server that `seed_mlflow.py` filled, so that tests start from a copy of it.

    python seed_folder.py FOLDER

`FOLDER/mlflow.db` and `FOLDER/artifacts` are the server's; `FOLDER/seed.json` is what the seeding said. The server's
answers name no path of this folder: a copy works anywhere.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
PATIENCE = 120


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def serve(folder, port):
    """The command line that the tests use too: tests/src/lab/mlflow.rs."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "./artifacts"]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with open(folder / "server.log", "wb") as log:
        return subprocess.Popen(
            command, cwd=folder, env={**os.environ, **quiet}, stdout=log, stderr=log, start_new_session=True
        )


def wait_for(server, url):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/health").close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise SystemExit("the MLflow server did not start: see server.log")


def main(folder):
    folder.mkdir(parents=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = serve(folder, port)
    try:
        wait_for(server, url)
        seeded = subprocess.run([sys.executable, HERE / "seed_mlflow.py", url], check=True, stdout=subprocess.PIPE)
        (folder / "seed.json").write_bytes(seeded.stdout)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
