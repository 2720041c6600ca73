"""Writes fixtures/evidence/targets.json: what peers say of several labels, grades and numbers, and of their losses.

Run: python scripts/peers/targets.py
scikit-learn: label, grade and number figures; pingouin: ICC(A,1); scipy: correlations and the calibration line;
PyTorch in float64: losses (coral-pytorch: CORN). The checksum is that of the bytes after `"cases":` up to the closing brace.
"""

import hashlib
import json
import math
import pathlib
import warnings

import coral_pytorch
import numpy as np
import pandas as pd
import pingouin
import scipy
import sklearn
import torch
from coral_pytorch.dataset import corn_label_from_logits
from coral_pytorch.losses import corn_loss
from scipy import stats
from sklearn import metrics
from torch.nn import functional as F

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "evidence" / "targets.json"


def number(x):
    x = float(x)
    return None if math.isnan(x) or math.isinf(x) else x


def repeated(weights, *arrays):
    """Weights are counts: a sample of weight 2 is there twice."""
    return [np.repeat(a, weights, axis=0) for a in arrays]


def value_case(name, truth, predicted, weights=None):
    t, p = (truth, predicted) if weights is None else repeated(weights, truth, predicted)
    n = len(t)
    difference = p - t
    spread = 1.96 * difference.std(ddof=1) if n > 1 else math.nan
    constant = np.ptp(t) == 0 or np.ptp(p) == 0
    line = None if np.ptp(p) == 0 else stats.linregress(p, t)
    long = pd.DataFrame({"sample": np.tile(np.arange(n), 2), "rater": np.repeat(["t", "p"], n), "score": np.r_[t, p]})
    icc = math.nan
    if n >= 5:
        table = pingouin.intraclass_corr(long, "sample", "rater", "score").set_index("Type")
        icc = table.loc[[i for i in table.index if i in ("ICC2", "ICC(A,1)")][0], "ICC"]
    ccc = 2 * np.cov(t, p, ddof=0)[0, 1] / (t.var() + p.var() + (t.mean() - p.mean()) ** 2)
    return {
        "name": name, "truth": truth.tolist(), "predicted": predicted.tolist(),
        "weights": None if weights is None else weights.tolist(),
        "expected": {
            "mae": number(metrics.mean_absolute_error(t, p)),
            "rmse": number(metrics.root_mean_squared_error(t, p)),
            "r2": None if np.ptp(t) == 0 else number(metrics.r2_score(t, p)),
            "pearson": None if constant else number(stats.pearsonr(t, p).statistic),
            "spearman": None if constant else number(stats.spearmanr(t, p).statistic),
            "bias": number(difference.mean()), "limitLow": number(difference.mean() - spread),
            "limitHigh": number(difference.mean() + spread),
            "icc": number(icc), "ccc": number(ccc),
            "calibrationSlope": None if line is None else number(line.slope),
            "calibrationIntercept": None if line is None else number(line.intercept),
        },
    }


def values():
    rng = np.random.default_rng(1)
    truth = np.round(rng.normal(50, 12, 60), 3)
    noisy = np.round(truth * 0.9 + 8 + rng.normal(0, 6, 60), 3)
    tied = np.round(noisy / 5) * 5
    yield value_case("noisy", truth, noisy)
    yield value_case("ties", np.round(truth / 5) * 5, tied)
    yield value_case("weighted", truth, noisy, rng.integers(0, 4, 60))
    yield value_case("weighted, ties", np.round(truth / 10) * 10, tied, rng.integers(0, 4, 60))
    yield value_case("opposite", truth, np.round(100 - noisy, 3))
    yield value_case("far off", truth, np.round(noisy + 40, 3))
    yield value_case("constant truth", np.full(20, 3.0), np.round(rng.normal(3, 1, 20), 3))


def label_case(name, targets, probabilities, thresholds):
    n, k = targets.shape
    known = ~np.isnan(targets)
    calls = probabilities >= np.array(thresholds)
    each = []
    for c in range(k):
        t, p, y = targets[known[:, c], c], probabilities[known[:, c], c], calls[known[:, c], c]
        both = len(set(t)) == 2
        one = dict(zero_division=np.nan)
        each.append({
            "auc": number(metrics.roc_auc_score(t, p)) if both else None,
            "averagePrecision": number(metrics.average_precision_score(t, p)) if t.sum() > 0 else None,
            "sensitivity": number(metrics.recall_score(t, y, **one)),
            "specificity": number(metrics.recall_score(t, y, pos_label=0, **one)),
            "positivePredictiveValue": number(metrics.precision_score(t, y, **one)),
            "negativePredictiveValue": number(metrics.precision_score(t, y, pos_label=0, **one)),
            "f1": number(metrics.f1_score(t, y, **one)),
            "accuracy": number(metrics.accuracy_score(t, y)),
        })
    macro = lambda f: number(np.mean([e[f] for e in each if e[f] is not None]))
    t, p, y = targets[known], probabilities[known], calls[known]
    whole = known.all(1)
    expected = {
        "auc": macro("auc"), "averagePrecision": macro("averagePrecision"),
        "aucMicro": number(metrics.roc_auc_score(t, p)),
        "averagePrecisionMicro": number(metrics.average_precision_score(t, p)),
        "sensitivityMacro": macro("sensitivity"), "specificityMacro": macro("specificity"),
        "f1Macro": macro("f1"), "f1Micro": number(metrics.f1_score(t, y)),
        "subsetAccuracy": number(metrics.accuracy_score(targets[whole].astype(int), calls[whole].astype(int))),
        "hammingLoss": number(metrics.hamming_loss(t.astype(int), y.astype(int))),
        "logLoss": number(metrics.log_loss(t, p, labels=[0, 1])),
        "brier": number(metrics.brier_score_loss(t, p, labels=[0, 1], pos_label=1)),
    }
    if known.all() and all(e["auc"] is not None for e in each):
        assert abs(expected["auc"] - metrics.roc_auc_score(targets, probabilities, average="macro")) < 1e-12
        assert abs(expected["f1Macro"] - metrics.f1_score(targets, calls, average="macro")) < 1e-12
    return {"name": name, "targets": [[number(x) for x in row] for row in targets],
            "probabilities": probabilities.ravel().tolist(), "thresholds": thresholds, "expected": expected,
            "perLabel": each}


def labels():
    rng = np.random.default_rng(2)

    def made(n, priors, decimals, unknown=0.0):
        t = (rng.uniform(size=(n, len(priors))) < priors).astype(float)
        logits = rng.normal(size=t.shape) + 1.5 * (t - 0.5)
        p = np.clip(np.round(1 / (1 + np.exp(-logits)), decimals), 0.001, 0.999)
        t[rng.uniform(size=t.shape) < unknown] = math.nan
        return t, p

    yield label_case("three labels", *made(80, [0.3, 0.5, 0.1], 4), [0.5, 0.4, 0.3])
    yield label_case("ties", *made(60, [0.4, 0.2], 1), [0.5, 0.5])
    yield label_case("unknown", *made(90, [0.3, 0.5, 0.2], 4, 0.2), [0.5, 0.5, 0.5])
    t, p = made(50, [0.3, 0.4, 0.5], 4)
    t[:, 1] = 0
    yield label_case("one label absent", t, p, [0.5, 0.5, 0.5])
    t, p = made(50, [0.3, 0.4], 4)
    t[:, 1] = 1
    yield label_case("one label always there", t, p, [0.5, 0.5])


def grade_case(name, labels, probabilities):
    n, k = probabilities.shape
    above = np.stack([probabilities[:, c + 1:].sum(1) for c in range(k - 1)], 1)
    predicted = (above > 0.5).sum(1)
    cuts = []
    for c in range(k - 1):
        t, y = (labels > c).astype(int), (predicted > c).astype(int)
        both = len(set(t)) == 2
        cuts.append({
            "auc": number(metrics.roc_auc_score(t, above[:, c])) if both else None,
            "averagePrecision": number(metrics.average_precision_score(t, above[:, c])) if t.sum() else None,
            "sensitivity": number(metrics.recall_score(t, y, zero_division=np.nan)),
            "specificity": number(metrics.recall_score(t, y, pos_label=0, zero_division=np.nan)),
        })
    names = list(range(k))
    kappa = lambda w: number(metrics.cohen_kappa_score(labels, predicted, labels=names, weights=w))
    return {"name": name, "grades": k, "labels": labels.tolist(), "probabilities": probabilities.ravel().tolist(),
            "expected": {
                "kappaQuadratic": kappa("quadratic"), "kappaLinear": kappa("linear"),
                "mae": number(metrics.mean_absolute_error(labels, predicted)),
                "accuracy": number(metrics.accuracy_score(labels, predicted)),
                "withinOne": number((abs(labels - predicted) <= 1).mean()),
                "balancedAccuracy": number(metrics.balanced_accuracy_score(labels, predicted)),
                "auc": number(np.mean([c["auc"] for c in cuts if c["auc"] is not None])),
                "logLoss": number(metrics.log_loss(labels, probabilities, labels=names)),
            },
            "cuts": cuts, "confusion": metrics.confusion_matrix(labels, predicted, labels=names).tolist()}


def grades():
    rng = np.random.default_rng(3)
    for name, k, n, absent in [("five grades", 5, 90, None), ("three grades", 3, 60, None), ("one absent", 4, 60, 3)]:
        y = rng.integers(0, k, n)
        if absent is not None:
            y[y == absent] = 0
        logits = -0.8 * (np.arange(k)[None] - y[:, None] - rng.normal(0, 0.9, (n, 1))) ** 2
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        yield grade_case(name, y, p)


def losses():
    rng = np.random.default_rng(4)
    n, k = 6, 4

    def case(loss, name, logits, target, options, f, weights=None):
        x = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
        value = f(x)
        value.backward()
        return {"loss": loss, "name": name, "logits": logits.tolist(), "target": [[number(v) for v in row] for row in np.asarray(target, float)],
                "weights": weights, "options": options, "expected": value.item(), "gradient": x.grad.ravel().tolist()}

    logits = np.round(rng.normal(0, 2, (n, k)), 3)
    target = (rng.uniform(size=(n, k)) < 0.4).astype(float)
    target[0, 1] = target[2, 3] = target[5, 0] = math.nan
    known = torch.tensor(~np.isnan(target), dtype=torch.float64)
    filled = torch.tensor(np.nan_to_num(target))
    weights = [1, 1, 0, 1, 1, 0]
    w = torch.tensor(weights, dtype=torch.float64)[:, None]
    mean = lambda l, m: (l * m).sum() / m.sum()
    bce = lambda x, **o: F.binary_cross_entropy_with_logits(x, filled, reduction="none", **o)
    yield case("labels", "masked", logits, target, {}, lambda x: mean(bce(x), known))
    yield case("labels", "masked, padded", logits, target, {}, lambda x: mean(bce(x), known * w), weights)
    positive = [3.0, 0.5, 1.0, 2.0]
    yield case("labels", "positive weights", logits, target, {"positiveWeights": positive},
               lambda x: mean(bce(x, pos_weight=torch.tensor(positive, dtype=torch.float64)), known))
    yield case("value", "squared, masked", logits, target, {}, lambda x: mean((x - filled) ** 2, known))
    yield case("huber", "masked", logits, target, {}, lambda x: mean(F.huber_loss(x, filled, reduction="none"), known))
    y = rng.integers(0, k + 1, n)
    rows = np.array([[math.nan if g < c else float(g > c) for c in range(k)] for g in y])
    yield case("labels", "CORN", logits, rows, {}, lambda x: corn_loss(x, torch.tensor(y), k + 1))
    one = np.eye(k)[rng.integers(0, k, n)]
    priors = [0.6, 0.25, 0.1, 0.05]
    for tau in (1, 0.5):
        shift = tau * torch.log(torch.tensor(priors, dtype=torch.float64))
        yield case("logitAdjusted", f"tau {tau}", logits, one, {"priors": priors, "tau": tau},
                   lambda x, s=shift: F.cross_entropy(x + s, torch.tensor(one)))


def corn_answer():
    """Steps of the running product of conditional probabilities, and coral-pytorch's grade."""
    rng = np.random.default_rng(5)
    logits = np.round(rng.normal(0, 2.5, (12, 4)), 3)
    above = torch.cumprod(torch.sigmoid(torch.tensor(logits, dtype=torch.float64)), dim=1)
    edges = torch.cat([torch.ones(12, 1, dtype=torch.float64), above, torch.zeros(12, 1, dtype=torch.float64)], 1)
    return {"logits": logits.tolist(), "probabilities": (edges[:, :-1] - edges[:, 1:]).ravel().tolist(),
            "grades": corn_label_from_logits(torch.tensor(logits)).tolist()}


cases = {"answer": corn_answer(), "values": list(values()), "labels": list(labels()), "grades": list(grades()), "losses": list(losses())}
payload = json.dumps(cases, separators=(",", ":"), allow_nan=False)
peer = (f"scikit-learn {sklearn.__version__}, pingouin {pingouin.__version__}, scipy {scipy.__version__}, "
        f"torch {torch.__version__}, coral-pytorch {coral_pytorch.__version__}")
head = json.dumps({"maker": "scripts/peers/targets.py", "peer": peer, "sha256": hashlib.sha256(payload.encode()).hexdigest()})
OUT.write_text(head[:-1] + ', "cases":' + payload + "}\n")
print(OUT, OUT.stat().st_size, "bytes")
