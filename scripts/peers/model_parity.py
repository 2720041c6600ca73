"""Writes fixtures/model-parity/model-parity.json: what onnxruntime in Python and onnx.checker say of our model files.

Run: npx tsc -p . && python scripts/peers/model_parity.py

The files are made by dist/test/peers/write-parity-models.js, the same bytes each time; they are not stored, their
checksums are. Images are those of parityImage in test/peers/parity-model.ts: noise over the whole range.
"""

import hashlib
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx
import onnxruntime

from learning_fixture import ROOT, write
from learning_hash_weights import hash_uniform


def image(name, channels, height, width, depth):
    shape = (1, channels, height, width)
    key = f"{name}/{height}x{width}"
    if depth == 32:
        return hash_uniform(key, shape).astype(np.float32)
    return np.floor(hash_uniform(key, shape, 0, 2 ** depth)).astype(np.float32)


def checked(path):
    model = onnx.load(path)
    try:
        onnx.checker.check_model(model, full_check=True)
        said = "ok"
    except Exception as error:  # whatever it says is what is stored
        said = f"{type(error).__name__}: {error}"
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "checker": said,
            "domains": sorted({o.domain for o in model.opset_import})}


def probabilities(path, item):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    answers = []
    for height, width in item["sizes"]:
        x = image(item["name"], item["channels"], height, width, item["bitDepth"])
        y, = session.run(["probabilities"], {"image": x})
        answers.append({"size": [height, width], "probabilities": [float(v) for v in y[0]]})
    return answers


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        maker = ROOT / "dist" / "test" / "peers" / "write-parity-models.js"
        listing = json.loads(subprocess.run(["node", maker, folder], check=True, capture_output=True, text=True).stdout)
        models = {}
        for item in listing["models"]:
            path = folder / f"{item['name']}.onnx"
            models[item["name"]] = {**checked(path), "answers": probabilities(path, item)}
            print(item["name"], models[item["name"]]["checker"], models[item["name"]]["answers"][0])
        training = checked(folder / listing["training"])
        print("training graph:", training["checker"], training["domains"])
        write("model-parity/model-parity.json", "model_parity.py",
              f"onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}", {"models": models, "training": training})
