"""What scikit-learn, SciPy and statsmodels say of folds and of comparing them: fixtures/folds/*.json.

    python scripts/peers/folds.py

- stratified: random data sets by patient, and how far StratifiedGroupKFold's folds are from equal shares of classes
  (the standard deviation over folds of each class's share, mean over classes), mean over ten shufflings
- sites: the test parts of LeaveOneGroupOut
- distributions: Student's t, the normal, the binomial (SciPy)
- resampled: Nadeau and Bengio's corrected interval and test, with SciPy's t
- delong: areas, covariances and p values by the definition of DeLong et al. (1988), every pair compared, and with
  clusters by Obuchowski (1997)
- mcnemar: exact and corrected (statsmodels), and Durkalski et al. (2003) for clusters
"""

import math
import warnings

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import stats
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold
from statsmodels.stats.contingency_tables import mcnemar

from learning_fixture import write

warnings.filterwarnings("ignore")  # classes with fewer samples than folds are meant
MAKER = "folds.py"


def deviation(labels, folds):
    classes = np.unique(labels)
    return float(np.mean([np.std([np.sum(labels[f] == c) / np.sum(labels == c) for f in folds]) for c in classes]))


def stratified():
    cases = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        patients = int(rng.integers(20, 120))
        classes = int(rng.integers(2, 6))
        k = int(rng.integers(2, 9))
        priors = rng.dirichlet(np.full(classes, 1.5))
        labels, groups = [], []
        for p in range(patients):
            own = rng.choice(classes, p=priors)
            for _ in range(int(rng.integers(1, 7))):
                labels.append(int(own if rng.random() < 0.8 else rng.choice(classes, p=priors)))
                groups.append(p)
        labels, groups = np.array(labels), np.array(groups)
        found = []
        for state in range(10):
            splitter = StratifiedGroupKFold(k, shuffle=True, random_state=state)
            try:
                found.append(deviation(labels, [test for _, test in splitter.split(labels, labels, groups)]))
            except ValueError:
                break
        if len(found) < 10:
            continue
        plain = [test for _, test in StratifiedGroupKFold(k).split(labels, labels, groups)]
        cases.append({"k": k, "labels": labels.tolist(), "patients": groups.tolist(),
                      "shuffled": float(np.mean(found)), "best": float(min(found)),
                      "plain": deviation(labels, plain)})
    return cases


def sites():
    rng = np.random.default_rng(7)
    site = rng.integers(0, 5, size=60)
    return {"sites": [f"site {s}" for s in site],
            "test": [test.tolist() for _, test in LeaveOneGroupOut().split(site, groups=site)]}


def distributions():
    t = [[x, df, stats.t.cdf(x, df)] for df in (1, 2, 3.5, 9, 14, 49, 1000)
         for x in (-40.0, -3.2, -1.0, -0.01, 0.0, 0.5, 1.96, 4.3, 25.0)]
    quantiles = [[p, df, stats.t.ppf(p, df)] for df in (1, 2, 4, 9, 29, 500)
                 for p in (0.0005, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999)]
    normal = [[x, 2 * stats.norm.sf(abs(x))] for x in (0.0, 0.1, 1.0, 1.96, 3.3, 6.0, 9.0, -2.5)]
    binomial = [[int(b), int(c), min(1.0, 2 * stats.binom.cdf(min(b, c), b + c, 0.5)) if b + c else 1.0]
                for b, c in ((0, 0), (1, 0), (5, 5), (3, 9), (0, 12), (40, 61), (300, 250))]
    return {"t": t, "quantiles": quantiles, "normal": normal, "binomial": binomial}


def resampled():
    cases = []
    for seed, count, test, train in ((1, 5, 20, 80), (2, 10, 12, 108), (3, 30, 7, 63), (4, 2, 50, 50), (5, 15, 33, 67)):
        x = np.random.default_rng(seed).normal(0.03, 0.04, count)
        variance = (1 / count + test / train) * x.var(ddof=1)
        half = stats.t.ppf(0.975, count - 1) * math.sqrt(variance)
        t = x.mean() / math.sqrt(variance)
        cases.append({"values": x.tolist(), "test": test, "train": train, "mean": x.mean(), "low": x.mean() - half,
                      "high": x.mean() + half, "t": t, "p": 2 * stats.t.sf(abs(t), count - 1)})
    return cases


def psi(x, y):
    """[m, n] 1 where the positive scores more, one half where equal."""
    return (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])


def delong(truth, scores, patients):
    """[models] areas; covariance without clusters and with them."""
    truth = truth.astype(bool)
    v10 = np.stack([psi(s[truth], s[~truth]).mean(1) for s in scores])
    v01 = np.stack([psi(s[truth], s[~truth]).mean(0) for s in scores])
    areas = v10.mean(1)
    m, n = truth.sum(), (~truth).sum()
    plain = np.cov(v10) / m + np.cov(v01) / n
    names = np.unique(patients)
    a = np.array([[sum(v10[r][patients[truth] == p] - areas[r]) for p in names] for r in range(len(scores))])
    b = np.array([[sum(v01[r][patients[~truth] == p] - areas[r]) for p in names] for r in range(len(scores))])
    with10 = sum(np.any(patients[truth] == p) for p in names)
    with01 = sum(np.any(patients[~truth] == p) for p in names)
    every = len(names)
    s10 = with10 / ((with10 - 1) * m) * a @ a.T
    s01 = with01 / ((with01 - 1) * n) * b @ b.T
    s11 = every / (every - 1) * a @ b.T
    clustered = s10 / m + s01 / n + (s11 + s11.T) / (m * n)
    return areas, plain, clustered


def compare(areas, covariance):
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    z = (areas[0] - areas[1]) / math.sqrt(variance)
    return {"covariance": covariance.tolist(), "z": z, "p": 2 * stats.norm.sf(abs(z))}


def delong_cases():
    cases = []
    for seed, n, decimals, most in ((1, 60, 6, 1), (2, 200, 1, 1), (3, 90, 2, 4), (4, 40, 6, 3)):
        rng = np.random.default_rng(seed)
        patients = np.repeat(np.arange(n), rng.integers(1, most + 1, n))
        common = rng.normal(size=n)[patients]
        truth = (rng.random(len(patients)) < 0.4).astype(int)
        scores = [np.round(truth * d + common + rng.normal(size=len(truth)), decimals) for d in (1.4, 0.9)]
        areas, plain, clustered = delong(truth, np.array(scores), patients)
        cases.append({"truth": truth.tolist(), "scores": [s.tolist() for s in scores],
                      "patients": [f"p{p}" for p in patients], "areas": areas.tolist(),
                      "independent": compare(areas, plain), "clustered": compare(areas, clustered)})
    return cases


def mcnemar_cases():
    cases = []
    for seed, n, most in ((1, 40, 1), (2, 400, 1), (3, 60, 5), (4, 30, 3)):
        rng = np.random.default_rng(seed)
        patients = np.repeat(np.arange(n), rng.integers(1, most + 1, n))
        first = rng.random(len(patients)) < 0.8
        second = np.where(rng.random(len(patients)) < 0.7, first, rng.random(len(patients)) < 0.65)
        b, c = int(np.sum(first & ~second)), int(np.sum(~first & second))
        table = [[int(np.sum(first & second)), b], [c, int(np.sum(~first & ~second))]]
        d = np.array([(np.sum((first & ~second)[patients == p]) - np.sum((~first & second)[patients == p]))
                      / np.sum(patients == p) for p in range(n)])
        chi = d.sum() ** 2 / (d ** 2).sum()
        cases.append({"first": first.astype(int).tolist(), "second": second.astype(int).tolist(),
                      "patients": [f"p{p}" for p in patients], "b": b, "c": c,
                      "exact": float(mcnemar(table, exact=True).pvalue),
                      "corrected": float(mcnemar(table, exact=False, correction=True).pvalue),
                      "chi": chi, "clustered": float(stats.chi2.sf(chi, 1))})
    return cases


LEARN = f"scikit-learn {sklearn.__version__}"
STATS = f"scipy {scipy.__version__}, statsmodels {statsmodels.__version__}"
write("folds/stratified.json", MAKER, LEARN, stratified())
write("folds/sites.json", MAKER, LEARN, sites())
write("folds/statistics.json", MAKER, STATS, {"distributions": distributions(), "resampled": resampled(),
                                              "delong": delong_cases(), "mcnemar": mcnemar_cases()})
