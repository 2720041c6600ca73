"""Writes fixtures/evidence/intraclass.json: intraclass correlations of made tables by pingouin.

Run: python scripts/peers/intraclass.py   (any Python with numpy, pandas and pingouin)
The checksum is that of the cases as JSON without spaces. Intervals are rounded to two decimals by pingouin.
"""

import hashlib
import json
import pathlib
from importlib.metadata import version

import numpy as np
import pandas as pd
import pingouin

OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "evidence" / "intraclass.json"
CASES = [(12, 3, 2.0, 0.3, 1.0), (30, 2, 1.0, 0.0, 0.2), (8, 4, 0.2, 1.0, 1.0), (50, 2, 3.0, 2.0, 0.5), (5, 2, 0.0, 0.0, 1.0)]


def case(seed, n, k, between, shift, noise):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 1)) * between + rng.normal(size=(n, k)) * noise + np.arange(k) * shift
    values = np.round(values, 6)
    long = pd.DataFrame([{"case": i, "by": j, "value": values[i, j]} for i in range(n) for j in range(k)])
    found = pingouin.intraclass_corr(long, "case", "by", "value").set_index("Type")
    rows = {}
    for name in ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)"):
        low, high = found.loc[name, "CI95"]
        rows[name] = {"value": float(found.loc[name, "ICC"]), "low": float(low), "high": float(high)}
    return {"measurements": k, "values": values.ravel().tolist(), "expected": rows}


cases = [case(seed, *parameters) for seed, parameters in enumerate(CASES)]
payload = json.dumps(cases, separators=(",", ":"))
OUT.write_text(
    json.dumps(
        {
            "maker": "scripts/peers/intraclass.py",
            "peer": f"pingouin {version('pingouin')}",
            "sha256": hashlib.sha256(payload.encode()).hexdigest(),
            "cases": cases,
        },
        indent=1,
    )
    + "\n"
)
