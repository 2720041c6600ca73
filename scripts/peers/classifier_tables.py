"""The tables that classifiers are held to scikit-learn on, with their folds: fixtures/classifiers/tables.json.gz.

    python scripts/peers/classifier_tables.py

scikit-learn's breast-cancer, digits and wine, and a made table with missing values and categories. Each with five
stratified folds by row number (the test part of each). The bytes inside are JSON:
{"maker", "peer", "sha256" (of the text after "cases":), "cases": {NAME: {"rows", "columns", "classes", "values" (row
by row, null is missing), "y", "folds": five lists of rows, "names", "categorical": columns}}}.
"""

import gzip
import hashlib
import json
import pathlib

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.model_selection import StratifiedKFold

OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "classifiers" / "tables.json.gz"


def made(rows=600):
    """Eight columns of numbers, two of categories (7 and 20), three classes, a tenth of the values missing."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(rows, 8)) * [1, 2, 0.5, 10, 1, 1, 3, 1] + [0, 1, 0, 50, 0, 0, 0, 0]
    seven = rng.integers(0, 7, rows)
    twenty = np.minimum(rng.geometric(0.15, rows) - 1, 19)
    of_seven = np.array([1.5, -1, 0.3, -2, 2, 0, -0.6])[seven]
    of_twenty = np.random.default_rng(6).normal(size=20)[twenty]
    score = x[:, 0] + 0.5 * x[:, 1] * (x[:, 2] > 0) + 0.08 * (x[:, 3] - 50) + of_seven + 1.2 * of_twenty
    absent = rng.random((rows, 8)) < 0.1
    score = score + 0.8 * absent[:, 1] + 0.6 * rng.normal(size=rows)
    y = np.digitize(score, np.quantile(score, [0.45, 0.8]))
    values = np.round(x, 4)
    values[absent] = np.nan
    columns = [*values.T, seven.astype(float), twenty.astype(float)]
    columns[9][rng.random(rows) < 0.05] = np.nan
    return np.stack(columns, 1), y


def case(x, y, names, categorical=()):
    splitter = StratifiedKFold(5, shuffle=True, random_state=11)
    return {
        "rows": len(x), "columns": x.shape[1], "classes": int(y.max()) + 1,
        "values": [None if np.isnan(v) else int(v) if v == int(v) else float(v) for v in x.ravel()],
        "y": y.tolist(), "folds": [test.tolist() for _, test in splitter.split(x, y)],
        "names": list(names), "categorical": list(categorical),
    }


cases = {}
for name, load in (("breast-cancer", load_breast_cancer), ("digits", load_digits), ("wine", load_wine)):
    data = load()
    cases[name] = case(data.data, data.target, data.feature_names)
x, y = made()
cases["made"] = case(x, y, [f"number{i}" for i in range(8)] + ["seven", "twenty"], [8, 9])

text = json.dumps(cases, separators=(",", ":"), allow_nan=False)
head = json.dumps({"maker": "scripts/peers/classifier_tables.py", "peer": f"scikit-learn {sklearn.__version__}",
                   "sha256": hashlib.sha256(text.encode()).hexdigest()})
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_bytes(gzip.compress((head[:-1] + ', "cases":' + text + "}\n").encode(), 9, mtime=0))
print(OUT, OUT.stat().st_size, "bytes")
