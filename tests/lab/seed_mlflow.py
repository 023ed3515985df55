"""Fills an MLflow server with three versions of the model `ranker`, one for each form of source.

    python seed_mlflow.py http://127.0.0.1:5500

Version 1 lies with its run, version 2 is a logged model, version 3 names its artifacts' place; each has the dataset
that it was trained on. The alias `champion` stands at 3. Prints one line of JSON that says what lies where.
"""

import json
import logging
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
logging.disable(logging.WARNING)

import mlflow
import pandas
from mlflow import MlflowClient

MODEL, ALIAS = "ranker", "champion"


class Constant(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[float], params=None) -> list[float]:
        return [0.5 for _ in model_input]


def train(dataset, number):
    """Logs what the run read: two datasets, the second one the same for every version."""
    for name, rows in ((dataset, [number, 2.0]), ("items", [1.0])):
        mlflow.log_input(mlflow.data.from_pandas(pandas.DataFrame({"x": rows}), name=name, source=name), context="training")


def log_files(number):
    with tempfile.TemporaryDirectory() as folder:
        sub = Path(folder, "data")
        sub.mkdir()
        Path(folder, "weights.bin").write_bytes(bytes([number]) * 64)
        Path(folder, "empty").touch()
        # A name that needs encoding in a URL.
        Path(sub, "a b%ü+c.txt").write_text(f"version {number}\n")
        mlflow.log_artifacts(folder, "model")


def main(server):
    mlflow.set_tracking_uri(server)
    mlflow.set_experiment("ranking")
    client = MlflowClient()
    client.create_registered_model(MODEL)
    with mlflow.start_run() as run:
        train("clicks", 1.0)
        log_files(1)
    one = client.create_model_version(MODEL, f"runs:/{run.info.run_id}/model", run.info.run_id, description="the first one")
    with mlflow.start_run() as run:
        train("clicks", 2.0)
        logged = mlflow.pyfunc.log_model(name="model", python_model=Constant(), pip_requirements=["mlflow"])
    two = client.create_model_version(MODEL, logged.model_uri, run.info.run_id, model_id=logged.model_id)
    with mlflow.start_run() as run:
        train("clicks", 3.0)
        log_files(3)
    three = client.create_model_version(MODEL, f"{run.info.artifact_uri}/model", run.info.run_id)
    client.set_registered_model_alias(MODEL, ALIAS, three.version)
    versions = [{"version": v.version, "run": v.run_id, "source": v.source} for v in (one, two, three)]
    return {"model": MODEL, "alias": ALIAS, "versions": versions}


if __name__ == "__main__":
    # MLflow tells of its runs on standard output; only our line belongs there.
    out, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps(main(sys.argv[1])), file=out)
