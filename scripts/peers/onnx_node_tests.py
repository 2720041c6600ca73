"""Writes fixtures/onnx-node-tests/: the ONNX standard's own node tests for the operators that the engine knows.

Run: npx tsc -p . && python scripts/peers/onnx_node_tests.py   (any Python with onnx; the table is read from dist/)

cases.json.gz holds the cases: name, model (base64 of the file), inputs and outputs ({dtype, dims, data: base64 of
little-endian elements, or strings}). index.json says who made it, the checksum of the cases before compression, and
which cases were left out and why.
"""

import base64
import gzip
import hashlib
import json
import pathlib
import subprocess
import warnings

import numpy as np
import onnx

warnings.filterwarnings("ignore")
from onnx.backend.test.loader import load_model_tests  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "fixtures" / "onnx-node-tests"
OLDEST, OPSET = 13, 21
LARGEST = 60_000  # bytes of one case's tensors
DTYPES = {
    "float32", "float64", "float16", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool",
}


def known_operators():
    script = (
        f"import('{(ROOT / 'dist/src/engine/operators/table.js').as_uri()}')"
        ".then((t) => console.log(JSON.stringify(Object.keys(t.standardOperators))))"
    )
    return set(json.loads(subprocess.run(["node", "-e", script], check=True, capture_output=True, text=True).stdout))


def packed(value):
    if value is None:
        return None
    if isinstance(value, onnx.TensorProto):
        value = onnx.numpy_helper.to_array(value)
    array = np.asarray(value)
    if array.dtype.kind in "OUS":
        return {"dtype": "string", "dims": list(array.shape), "data": [str(v) for v in array.reshape(-1)]}
    if array.dtype.name not in DTYPES:
        raise ValueError(f"element type {array.dtype.name} is not one that the engine holds")
    return {
        "dtype": array.dtype.name,
        "dims": list(array.shape),
        "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode(),
    }


def lowered(model):
    """The model at an opset from 13 to 21, where the checker accepts it there."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for item in copy.opset_import:
        if item.domain in ("", "ai.onnx"):
            item.version = min(max(item.version, OLDEST), OPSET)
    copy.ir_version = min(copy.ir_version, 10)
    onnx.checker.check_model(copy, full_check=True)
    return copy


def reason_against(case, operators):
    if case.name.endswith("_expanded") or "_expanded_ver" in case.name:
        return "the body of a function, whose operators have tests of their own"
    model = case.model
    foreign = {node.op_type for node in model.graph.node if node.domain not in ("", "ai.onnx")}
    if foreign:
        return f"operators of other domains: {', '.join(sorted(foreign))}"
    unknown = {node.op_type for node in model.graph.node} - operators
    if unknown:
        return f"operators outside of the table: {', '.join(sorted(unknown))}"
    if len(case.data_sets) != 1:
        return "more than one data set"
    for item in [*model.graph.input, *model.graph.output]:
        if item.type.WhichOneof("value") != "tensor_type":
            return f"a {item.type.WhichOneof('value')} among inputs or outputs"
    return None


def main():
    operators = known_operators()
    cases, dropped, seen = [], {}, set()
    for case in sorted(load_model_tests(kind="node"), key=lambda c: c.name):
        reason = reason_against(case, operators)
        if reason:
            dropped[case.name] = reason
            continue
        inputs, outputs = case.data_sets[0]
        try:
            model = lowered(case.model)
            row = {
                "name": case.name.removeprefix("test_"),
                "rtol": case.rtol,
                "atol": case.atol,
                "model": base64.b64encode(model.SerializeToString()).decode(),
                "inputs": [packed(value) for value in inputs],
                "outputs": [packed(value) for value in outputs],
            }
        except (ValueError, TypeError) as problem:
            dropped[case.name] = str(problem)[:120]
            continue
        except onnx.checker.ValidationError as problem:
            dropped[case.name] = f"not valid at opsets {OLDEST} to {OPSET}: {str(problem).splitlines()[0][:100]}"
            continue
        except onnx.shape_inference.InferenceError as problem:
            dropped[case.name] = f"not valid at opsets {OLDEST} to {OPSET}: {str(problem).splitlines()[0][:100]}"
            continue
        size = sum(len(str(item["data"])) for item in row["inputs"] + row["outputs"] if item)
        if size > LARGEST:
            dropped[case.name] = f"{size} bytes, larger than {LARGEST}"
            continue
        content = json.dumps({k: v for k, v in row.items() if k not in ("name",)})
        body = onnx.ModelProto.FromString(base64.b64decode(row["model"]))
        body.graph.name = ""
        key = hashlib.sha256(body.SerializeToString() + content[content.index('"inputs"') :].encode()).digest()
        if key in seen:
            dropped[case.name] = "the same as another case"
            continue
        seen.add(key)
        cases.append(row)
    payload = json.dumps(cases, separators=(",", ":")).encode()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "cases.json.gz").write_bytes(gzip.compress(payload, 9, mtime=0))
    grouped = {}
    for name, reason in dropped.items():
        grouped.setdefault(reason, []).append(name.removeprefix("test_"))
    index = {
        "maker": "scripts/peers/onnx_node_tests.py",
        "peer": f"onnx {onnx.__version__}",
        "sha256": hashlib.sha256(payload).hexdigest(),
        "cases": len(cases),
        "leftOut": grouped,
    }
    (OUT / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    print(f"{len(cases)} cases, {(OUT / 'cases.json.gz').stat().st_size} bytes; {len(dropped)} left out")
    for reason, names in sorted(grouped.items(), key=lambda item: -len(item[1]))[:40]:
        print(f"{len(names):5} {reason[:110]}")


main()
