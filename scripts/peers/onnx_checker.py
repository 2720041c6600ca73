"""Writes fixtures/onnx-files/checker.json: what onnx.checker says of the files that the engine writes.

Run: npx tsc -p . && python scripts/peers/onnx_checker.py   (any Python with onnx; compiled code is read from dist/)
With --compare it writes nothing, and fails when the checker refuses a file.
"""

import base64
import hashlib
import json
import pathlib
import subprocess
import sys

import onnx

ROOT = pathlib.Path(__file__).resolve().parents[2]


def verdict(data):
    try:
        onnx.checker.check_model(onnx.ModelProto.FromString(data), full_check=True)
        return "valid"
    except Exception as problem:
        return str(problem).strip().splitlines()[0][:160]


def main():
    dump = subprocess.run(
        ["node", str(ROOT / "dist/test/peers/write-models.js")], check=True, capture_output=True, text=True
    )
    rows = [json.loads(line) for line in dump.stdout.splitlines()]
    said = {}
    for row in rows:
        data = base64.b64decode(row["model"])
        assert hashlib.sha256(data).hexdigest() == row["sha256"]
        said[row["name"]] = [row["sha256"][:16], verdict(data)]
    refused = {name: text for name, (_, text) in said.items() if text != "valid"}
    print(f"{len(said)} files, {len(refused)} refused")
    for name, text in refused.items():
        print(f"  {name}: {text}")
    if "--compare" in sys.argv:
        sys.exit(1 if refused else 0)
    payload = json.dumps(said, separators=(",", ":"))
    head = {
        "maker": "scripts/peers/onnx_checker.py",
        "peer": f"onnx {onnx.__version__}",
        "sha256": hashlib.sha256(payload.encode()).hexdigest(),
    }
    target = ROOT / "fixtures/onnx-files/checker.json"
    target.write_text(json.dumps(head, separators=(",", ":"))[:-1] + ',"files":' + payload + "}\n")
    print(f"{target.stat().st_size} bytes")


main()
