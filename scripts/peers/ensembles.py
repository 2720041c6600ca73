"""What ONNX's checker, Python's onnxruntime, NumPy and SciPy say of ensembles of models, views of images and disagreement.

Run: python scripts/peers/ensembles.py           (writes fixtures/ensembles/*.json; compile first: npx tsc -p .)
     python scripts/peers/ensembles.py DIR       (checks what test/peers/ensemble-cases.ts wrote to DIR; answers as JSON)

Every ensemble is made by hand: each member's own file is run on each image as NumPy changes it, the answers are averaged
over the views, and the members combined. The ensemble's file must be valid and say the same.
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import scipy
from scipy import special, stats

from learning_fixture import ROOT, write
from learning_hash_weights import hash_uniform

PEER = f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}, SciPy {scipy.__version__}, NumPy {np.__version__}"


def window(image, top, left, side):
    """Part of an image, mirrored beyond its edges, from fractions of its sides rounded to pixels."""
    height, width = image.shape[2:]
    start = [math.floor(part * length + 0.5) for part, length in ((top, height), (left, width))]
    count = [math.floor(side * length + 0.5) for length in (height, width)]
    margin = max(height, width)
    padded = np.pad(image, ((0, 0), (0, 0), (margin, margin), (margin, margin)), mode="reflect")
    y, x = start[0] + margin, start[1] + margin
    return padded[:, :, y:y + count[0], x:x + count[1]]


VIEWS = {
    "none": [],
    "flips": [lambda x: x[..., ::-1], lambda x: x[:, :, ::-1], lambda x: x[:, :, ::-1, ::-1]],
    "rotate-90,rotate-270": [lambda x: np.rot90(x, 1, (2, 3)), lambda x: np.rot90(x, 3, (2, 3))],
    "shift=0.1": [lambda x, by=by: window(x, *by, 1) for by in ((0, -0.1), (0, 0.1), (-0.1, 0), (0.1, 0))],
    "crop=0.36": [lambda x, at=at: window(x, *at, 0.8)
                  for at in ((0, 0), (0, 0.2), (0.2, 0), (0.2, 0.2), (0.1, 0.1))],
}


def run(path, image, wanted):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(wanted, {"image": np.ascontiguousarray(image)})


def one_hot(index, count):
    return np.eye(count)[index]


def vote(answers, target):
    count = answers.shape[-1]
    if target == "labels":
        return (answers >= 0.5).astype(float)
    if target == "class":
        return one_hot(answers.argmax(-1), count)
    above = answers[..., ::-1].cumsum(-1)[..., ::-1][..., 1:]
    return one_hot((above > 0.5).sum(-1), count)


def exact(logits, target):
    """Probabilities from the logits in float64; a label's odds would be lost in float32's rounding near 1."""
    logits = logits.astype(float)
    if target == "labels":
        return special.expit(logits), special.expit(-logits)
    if target == "grade":
        passed = np.cumsum(special.log_expit(logits), axis=1)
        passed = np.concatenate([np.zeros((len(logits), 1)), passed], axis=1)
        stopped = np.concatenate([special.log_expit(-logits), np.zeros((len(logits), 1))], axis=1)
        return np.exp(passed + stopped), None
    return special.softmax(logits, axis=1), None


def combine(case, answers, noes):
    """answers [M, N, K] in float64, noes what labels are not"""
    weights, rule, target = np.array(case["weights"]), case["rule"], case["target"]
    if rule == "median":
        return np.median(answers, axis=0)
    if rule == "vote":
        return np.average(vote(answers, target), axis=0, weights=weights)
    if rule == "mean":
        return np.average(answers, axis=0, weights=weights)
    if target == "labels":
        return special.expit(np.average(np.log(answers) - np.log(noes), axis=0, weights=weights))
    mean = stats.gmean(answers, axis=0, weights=weights[:, None, None])
    return mean / mean.sum(1, keepdims=True)


def judge(folder, case):
    onnx.checker.check_model(onnx.load(folder / case["file"]), full_check=True)
    image = np.array(case["image"]["data"], np.float32).reshape(case["image"]["dims"])
    name = "values" if case["target"] == "value" else "probabilities"
    answers, noes = [], []
    for member in case["members"]:
        own = np.repeat(image, 3, axis=1) if member["channels"] == 3 else image
        order = [member["labels"].index(label) for label in "abc"]
        views = [view(own) for view in [lambda x: x, *VIEWS[case["tta"]]]]
        if case["rule"] == "geometric":
            seen = [exact(run(folder / member["file"], view, ["logits"])[0], case["target"]) for view in views]
            answers.append(np.mean([yes for yes, _ in seen], axis=0)[:, order])
            noes.append(np.mean([no for _, no in seen], axis=0)[:, order] if case["target"] == "labels" else None)
        else:
            seen = [run(folder / member["file"], view, [name])[0].astype(float) for view in views]
            answers.append(np.mean(seen, axis=0)[:, order])
    expected = combine(case, np.array(answers), noes)
    found, members = run(folder / case["file"], image, [name, "members"])
    tolerance = 2e-3 if case["half"] else 1e-6
    worst = np.abs(found - expected).max() / max(1, np.abs(expected).max())
    assert worst < tolerance, (case["name"], worst)
    assert members.shape == (2, 3, 3)
    return {"name": case["name"], "answer": expected.ravel().tolist(), "file": found.ravel().tolist()}


def judged(folder):
    return [judge(folder, case) for case in json.loads((folder / "cases.json").read_text())]


def disagreement(target, name, members, labels):
    rows = hash_uniform(name, (members, labels), 0, 1)
    if target in ("class", "grade"):
        rows /= rows.sum(1, keepdims=True)
    weights = hash_uniform(f"{name}/weights", (members,), 0.1, 1)
    weights /= weights.sum()
    mean = np.average(rows, axis=0, weights=weights)
    deviation = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=weights))
    case = {"target": target, "name": name, "members": members, "labels": labels, "deviation": deviation.tolist()}
    if target == "value":
        return case

    def entropy(p):
        if target == "labels":
            return stats.entropy(np.stack([p, 1 - p]), axis=0).sum()
        return stats.entropy(p)

    information = entropy(mean) - np.average([entropy(row) for row in rows], weights=weights)
    return case | {"entropy": entropy(mean), "mutualInformation": information}


def main():
    if len(sys.argv) > 1:
        print(json.dumps(judged(pathlib.Path(sys.argv[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["node", str(ROOT / "dist/test/peers/write-ensembles.js"), folder], check=True)
        write("ensembles/answers.json", "ensembles.py", PEER, judged(pathlib.Path(folder)))
    kinds = (("class", 3, 4), ("class", 5, 2), ("grade", 2, 5), ("labels", 4, 3), ("value", 3, 2), ("class", 1, 3))
    write("ensembles/disagreement.json", "ensembles.py", PEER,
          [disagreement(target, f"{target}-{m}-{k}", m, k) for target, m, k in kinds])


main()
