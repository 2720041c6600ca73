"""Writes fixtures/classifiers/pipeline-parity.json: what onnxruntime in Python and onnx.checker say of our pipelines.

Run: npx tsc -p . && python scripts/peers/pipeline_parity.py

The files are made by dist/test/peers/write-parity-pipelines.js; they are asked about the first rows of fold 0.
"""

import json
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx
import onnxruntime

from learning_fixture import ROOT, write
from preparations import table


def checked(path):
    try:
        onnx.checker.check_model(onnx.load(path), full_check=True)
        return "ok"
    except Exception as error:  # whatever it says is what is stored
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        maker = ROOT / "dist" / "test" / "peers" / "write-parity-pipelines.js"
        tables = ROOT / "fixtures" / "classifiers" / "tables.json.gz"
        said = subprocess.run(["node", maker, temporary, tables], check=True, capture_output=True, text=True).stdout
        listing = json.loads(said)
        rows = table(listing["table"])[2].astype(np.float32)
        answers = []
        for item in listing["models"]:
            path = pathlib.Path(temporary) / item["file"]
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            p, label = session.run(["probabilities", "label"], {"features": rows})
            answers.append({"name": item["name"], "checker": checked(path), "shape": list(p.shape),
                            "probabilities": [round(float(v), 9) for v in p.ravel()], "labels": label.tolist()})
            print(item["name"], answers[-1]["checker"], p[0])
        write("classifiers/pipeline-parity.json", "pipeline_parity.py",
              f"onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}", answers)
