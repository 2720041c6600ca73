"""Writes fixtures/operators/<family>.json: PyTorch's values and gradients for the cases of test/contracts/operator-cases.

Run: npx tsc -p . && python scripts/peers/operator_gradients.py [family ...]
Any Python with torch and numpy will do; the compiled cases are read from dist/. The checksum is that of the bytes
after `"cases":` up to the closing brace.
"""

import hashlib
import json
import math
import pathlib
import subprocess
import sys

import numpy as np
import torch
import torch.nn.functional as F

from recurrent_peer import recurrent

ROOT = pathlib.Path(__file__).resolve().parents[2]
DTYPES = {
    "float32": torch.float64, "float64": torch.float64, "int64": torch.int64, "int32": torch.int32,
    "bool": torch.bool, "uint8": torch.uint8, "int8": torch.int8,
}
torch.set_default_dtype(torch.float64)


def number(value):
    value = float(value)
    if math.isnan(value):
        return None
    if math.isinf(value):
        return value
    return int(value) if value == int(value) and abs(value) < 1e15 else float(f"{value:.9g}")


def flat(tensor):
    return [number(v) for v in tensor.detach().reshape(-1).to(torch.float64)]


def answer(case):
    inputs = []
    for i, spec in enumerate(case["inputs"]):
        if spec is None:
            inputs.append(None)
            continue
        x = torch.tensor(spec["values"], dtype=DTYPES[spec["dtype"]]).reshape(spec["shape"])
        inputs.append(x.requires_grad_() if i in case["differentiate"] else x)
    result = eval(case["torch"], {"x": inputs, "a": case["attributes"], "torch": torch, "F": F, "np": np, "math": math,
                                 "recurrent": recurrent})
    outputs = list(result) if isinstance(result, (tuple, list)) else [result]
    chosen = case.get("lossOutputs")
    loss = torch.zeros(())
    for i, y in enumerate(outputs):
        if y is None or not y.dtype.is_floating_point or (chosen is not None and i not in chosen):
            continue
        loss = loss + (y.reshape(-1) * torch.tensor(case["lossWeights"][i][: y.numel()])).sum()
    gradients = []
    wanted = [inputs[i] for i in case["differentiate"]]
    if wanted and loss.requires_grad:
        found = torch.autograd.grad(loss, wanted, allow_unused=True)
        gradients = [flat(torch.zeros_like(x) if g is None else g) for x, g in zip(wanted, found)]
    elif wanted:
        gradients = [flat(torch.zeros_like(x)) for x in wanted]
    return {"key": case["key"], "outputs": [None if y is None else flat(y) for y in outputs], "gradients": gradients}


def main():
    dump = subprocess.run(
        ["node", str(ROOT / "dist/test/contracts/operator-cases/dump.js")], check=True, capture_output=True, text=True
    )
    for family, cases in json.loads(dump.stdout).items():
        if len(sys.argv) > 1 and family not in sys.argv[1:]:
            continue
        answers = {}
        for case in cases:
            try:
                answers[case["title"]] = answer(case)
            except Exception as problem:
                print(f"{family} / {case['title']}: {problem}", file=sys.stderr)
        payload = json.dumps(answers, separators=(",", ":")).replace("Infinity", "1e999")
        out = ROOT / "fixtures" / "operators" / f"{family}.json"
        out.parent.mkdir(parents=True, exist_ok=True)
        head = {
            "maker": "scripts/peers/operator_gradients.py",
            "peer": f"torch {torch.__version__.split('+')[0]}",
            "sha256": hashlib.sha256(payload.encode()).hexdigest(),
        }
        out.write_text(json.dumps(head, separators=(",", ":"))[:-1] + ',"cases":' + payload + "}\n")
        print(f"{family}: {len(answers)} of {len(cases)} cases, {out.stat().st_size} bytes")


main()
