"""Writes fixtures/evidence/classification.json: what scikit-learn says of many small classification results.

Run: python scripts/peers/evidence.py   (any Python with numpy and scikit-learn)
The checksum is that of the bytes after `"cases":` up to the closing brace.
"""

import hashlib
import json
import math
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "evidence" / "classification.json"


def number(x):
    x = float(x)
    return None if math.isnan(x) else x


def simulate(seed, priors, n, sharpness, decimals, absent=(), weighted=False, never=()):
    """Labels drawn from priors; logits lean towards the label; probabilities rounded so that ties happen."""
    rng = np.random.default_rng(seed)
    k = len(priors)
    p = np.array(priors, dtype=float)
    for a in absent:
        p[a] = 0
    labels = rng.choice(k, size=n, p=p / p.sum())
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), labels] += sharpness
    for c in never:
        logits[:, c] -= 20
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    probabilities = np.round(probabilities, decimals)
    probabilities[:, 0] = np.round(1 - probabilities[:, 1:].sum(1), decimals)
    weights = np.round(rng.uniform(0.1, 3, size=n), 3) if weighted else None
    return labels, np.clip(probabilities, 0, 1), weights


def binned(score, outcome, bins, binning, weights):
    edges = np.linspace(0, 1, bins + 1)
    if binning == "equal-mass":
        # as np.percentile, but exact where an edge falls on a score
        n = len(score)
        edges = np.interp(np.arange(bins + 1) * (n - 1) / bins, np.arange(n), np.sort(score))
    index = np.searchsorted(edges[1:-1], score)
    w = np.ones(len(score)) if weights is None else weights
    gap = sum(abs((w * (score - outcome))[index == b].sum()) for b in range(bins))
    return number(gap / w.sum())


def ranking(truth, score, weights):
    if truth.min() == truth.max():
        return {"auc": None, "averagePrecision": None if truth.max() == 0 else 1.0}
    return {
        "auc": number(metrics.roc_auc_score(truth, score, sample_weight=weights)),
        "averagePrecision": number(metrics.average_precision_score(truth, score, sample_weight=weights)),
    }


def evaluate(name, labels, probabilities, weights):
    n, k = probabilities.shape
    names = np.arange(k)
    predicted = probabilities.argmax(1)
    w = weights
    with_w = dict(sample_weight=w)
    per = dict(labels=names, average=None, zero_division=np.nan, **with_w)
    truth = [(labels == c).astype(int) for c in names]
    guess = [(predicted == c).astype(int) for c in names]
    ranks = [ranking(truth[c], probabilities[:, c], w) for c in names]
    confidence, correct = probabilities.max(1), (predicted == labels).astype(int)
    matthews = metrics.matthews_corrcoef(labels, predicted, **with_w)
    if len(set(labels)) == 1 or len(set(predicted)) == 1:
        matthews = math.nan  # scikit-learn says 0 here; it is 0/0
    expected = {
        "confusion": metrics.confusion_matrix(labels, predicted, labels=names, **with_w).ravel().tolist(),
        "accuracy": number(metrics.accuracy_score(labels, predicted, **with_w)),
        "balancedAccuracyOfPresent": number(metrics.balanced_accuracy_score(labels, predicted, **with_w)),
        "precision": [number(x) for x in metrics.precision_score(labels, predicted, **per)],
        "recall": [number(x) for x in metrics.recall_score(labels, predicted, **per)],
        "specificity": [
            number(metrics.recall_score(t, g, pos_label=0, zero_division=np.nan, **with_w))
            for t, g in zip(truth, guess)
        ],
        "f1": [number(x) for x in metrics.f1_score(labels, predicted, **per)],
        "f1MacroOfPresent": number(
            metrics.f1_score(labels, predicted, labels=names, average="macro", zero_division=np.nan, **with_w)
        ),
        "f1Micro": number(metrics.f1_score(labels, predicted, labels=names, average="micro", **with_w)),
        "matthews": number(matthews),
        "kappa": number(metrics.cohen_kappa_score(labels, predicted, labels=names, **with_w)),
        "kappaLinear": number(
            metrics.cohen_kappa_score(labels, predicted, labels=names, weights="linear", **with_w)
        ),
        "kappaQuadratic": number(
            metrics.cohen_kappa_score(labels, predicted, labels=names, weights="quadratic", **with_w)
        ),
        "auc": [r["auc"] for r in ranks],
        "averagePrecision": [r["averagePrecision"] for r in ranks],
        "logLoss": number(metrics.log_loss(labels, probabilities, labels=names, **with_w)),
        "brier": number(
            metrics.brier_score_loss(labels, probabilities[:, 1] if k == 2 else probabilities,
                                     labels=names, **({"pos_label": 1} if k == 2 else {}), **with_w)
        ),
        "calibrationErrorEqualWidth": binned(confidence, correct, 15, "equal-width", w),
        "calibrationErrorEqualMass": binned(confidence, correct, 15, "equal-mass", w),
    }
    case = {"name": name, "classCount": k, "labels": labels.tolist(),
            "probabilities": probabilities.ravel().tolist(),
            "weights": None if w is None else w.tolist(), "expected": expected}
    if k > 2 and len(set(labels)) == k and np.allclose(probabilities.sum(1), 1):
        expected["aucMacro"] = number(
            metrics.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro", **with_w))
    if len(set(labels)) == k:
        expected["curves"] = curves(truth[1], probabilities[:, 1], w)
    return case


def curves(truth, score, weights):
    fpr, tpr, thresholds = metrics.roc_curve(truth, score, sample_weight=weights, drop_intermediate=False)
    precision, recall, pr_thresholds = metrics.precision_recall_curve(truth, score, sample_weight=weights)
    best = int(np.argmax(tpr - fpr))
    result = {
        "roc": {"falsePositiveRate": fpr.tolist(), "truePositiveRate": tpr.tolist(),
                "thresholds": [None, *thresholds[1:].tolist()]},
        "precisionRecall": {"precision": precision[:-1][::-1].tolist(), "recall": recall[:-1][::-1].tolist(),
                            "thresholds": pr_thresholds[::-1].tolist()},
        "youden": {"threshold": None if best == 0 else float(thresholds[best]), "sensitivity": float(tpr[best]),
                   "specificity": float(1 - fpr[best]),
                   "nextLower": float(thresholds[best + 1]) if best + 1 < len(thresholds) else None},
        "sensitivityAtLeast90": float(1 - fpr[np.argmax(tpr >= 0.9)]),
        "specificityAtLeast90": float(tpr[np.flatnonzero(fpr <= 0.1 + 1e-12)[-1]]),
    }
    if weights is None:
        for binning, strategy in (("equalWidth", "uniform"), ("equalMass", "quantile")):
            observed, predicted = calibration_curve(truth, score, n_bins=10, strategy=strategy)
            result[binning] = {"observed": observed.tolist(), "meanPredicted": predicted.tolist()}
    return result


SPECIFICATIONS = {
    "binary": dict(seed=1, priors=[0.5, 0.5], n=80, sharpness=1.5, decimals=6),
    "binary, many ties": dict(seed=2, priors=[0.5, 0.5], n=90, sharpness=1, decimals=1),
    "binary, imbalanced": dict(seed=3, priors=[0.93, 0.07], n=150, sharpness=2, decimals=4),
    "binary, weighted, ties": dict(seed=4, priors=[0.6, 0.4], n=70, sharpness=1, decimals=2, weighted=True),
    "binary, worse than chance": dict(seed=5, priors=[0.5, 0.5], n=60, sharpness=-1, decimals=4),
    "binary, all right": dict(seed=6, priors=[0.5, 0.5], n=40, sharpness=30, decimals=6),
    "binary, no positive in the truth": dict(seed=7, priors=[0.5, 0.5], n=40, sharpness=1, decimals=4, absent=[1]),
    "binary, no negative in the truth": dict(seed=8, priors=[0.5, 0.5], n=40, sharpness=1, decimals=4, absent=[0]),
    "binary, positive never predicted": dict(seed=9, priors=[0.5, 0.5], n=40, sharpness=1, decimals=12, never=[1]),
    "one class, always predicted": dict(seed=10, priors=[0.5, 0.5], n=30, sharpness=30, decimals=6, absent=[1]),
    "three classes": dict(seed=11, priors=[0.3, 0.3, 0.4], n=90, sharpness=1.5, decimals=5),
    "four classes, ties, weighted": dict(seed=12, priors=[0.4, 0.3, 0.2, 0.1], n=90, sharpness=1, decimals=1, weighted=True),
    "seven classes, imbalanced": dict(seed=13, priors=[0.67, 0.11, 0.1, 0.05, 0.03, 0.02, 0.02], n=250, sharpness=2, decimals=4),
    "four classes, one missing in the truth": dict(seed=14, priors=[0.25] * 4, n=60, sharpness=1, decimals=4, absent=[2]),
    "three classes, one never predicted": dict(seed=15, priors=[0.3, 0.3, 0.4], n=60, sharpness=1, decimals=12, never=[0]),
    "three classes, one absent from truth and predictions": dict(seed=16, priors=[0.3, 0.3, 0.4], n=50, sharpness=1, decimals=12, absent=[0], never=[0]),
}

cases = [evaluate(name, *simulate(**spec)) for name, spec in SPECIFICATIONS.items()]
payload = json.dumps(cases, separators=(",", ":"), allow_nan=False)
OUT.parent.mkdir(parents=True, exist_ok=True)
head = json.dumps({"maker": "scripts/peers/evidence.py", "peer": f"scikit-learn {sklearn.__version__}",
                   "sha256": hashlib.sha256(payload.encode()).hexdigest()})
OUT.write_text(head[:-1] + ', "cases":' + payload + "}\n")
print(OUT, OUT.stat().st_size, "bytes,", len(cases), "cases")
