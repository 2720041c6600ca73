"""What scikit-learn and SciPy make of tables.json.gz: fixtures/classifiers/preparations.json.

    python scripts/peers/preparations.py

Each step is fitted on the rows outside of fold 0, in single precision as a pipeline reads them, and transforms the
first rows of fold 0.
"""

import gzip
import json
import warnings

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.decomposition import PCA, IncrementalPCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import RFE, SelectKBest, VarianceThreshold, f_classif, mutual_info_classif
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler

from learning_fixture import ROOT, write

ROWS = 6


def table(name):
    tables = json.loads(gzip.decompress((ROOT / "fixtures/classifiers/tables.json.gz").read_bytes()))["cases"]
    case = tables[name]
    x = np.array([np.nan if v is None else v for v in case["values"]]).reshape(case["rows"], case["columns"])
    x = x.astype(np.float32).astype(np.float64)
    y = np.array(case["y"])
    test = np.array(case["folds"][0])
    train = np.setdiff1d(np.arange(len(x)), test)
    return x[train], y[train], x[test[:ROWS]], y[test[:ROWS]]


def listed(a):
    return [None if np.isnan(v) else float(v) for v in np.asarray(a, dtype=np.float64).ravel()]


def steps():
    """Name of the table, our step and its settings, and the peer's."""
    yield "breast-cancer", "standardize", {}, StandardScaler()
    yield "made", "standardize", {"center": False}, StandardScaler(with_mean=False)
    yield "breast-cancer", "robust-scale", {}, RobustScaler()
    yield "made", "robust-scale", {"quantiles": [0.1, 0.8]}, RobustScaler(quantile_range=(10, 80))
    yield "wine", "min-max-scale", {}, MinMaxScaler()
    yield "made", "min-max-scale", {"least": -1, "most": 3, "clip": True}, MinMaxScaler((-1, 3), clip=True)
    yield "wine", "power", {}, PowerTransformer()
    yield "breast-cancer", "power", {"standardize": False}, PowerTransformer(standardize=False)
    for by, strategy in (("mean", "mean"), ("median", "median"), ("most-frequent", "most_frequent")):
        yield "made", "impute", {"by": by}, SimpleImputer(strategy=strategy)
    yield "made", "impute", {"by": "constant", "value": -3, "indicators": True}, SimpleImputer(
        strategy="constant", fill_value=-3, add_indicator=True)
    yield "made", "impute-neighbours", {}, KNNImputer()
    yield "made", "impute-neighbours", {"neighbours": 3, "weights": "distance", "indicators": True}, KNNImputer(
        n_neighbors=3, weights="distance", add_indicator=True)
    yield "wine", "variance-filter", {"threshold": 0.5}, VarianceThreshold(0.5)
    yield "wine", "univariate-filter", {"count": 5}, SelectKBest(f_classif, k=5)
    yield "breast-cancer", "univariate-filter", {"count": 8}, SelectKBest(f_classif, k=8)
    yield "breast-cancer", "pca", {"components": 5}, PCA(5)
    yield "wine", "pca", {"components": 0.9999, "whiten": True}, PCA(0.9999, whiten=True)
    yield "digits", "pca", {"components": 10, "whiten": True}, PCA(10, whiten=True, svd_solver="full")
    yield "wine", "quantile", {"quantiles": 50}, QuantileTransformer(n_quantiles=50)
    yield "breast-cancer", "quantile", {"quantiles": 100, "output": "normal"}, QuantileTransformer(
        n_quantiles=100, output_distribution="normal")


def transformed():
    for name, step, settings, peer in steps():
        x, y, test, _ = table(name)
        made = peer.fit(x, y).transform(test)
        yield {"table": name, "step": step, "settings": settings, "columns": made.shape[1], "values": listed(made)}


def tests():
    for name in ("breast-cancer", "wine", "digits"):
        x, y, _, _ = table(name)
        x = x[:, x.std(0) > 0]
        f, p = f_classif(x, y)
        groups = [x[y == c] for c in np.unique(y)]
        answer = {"table": name, "f": listed(f), "fP": listed(p), "spearman": listed(stats.spearmanr(x[:, :5])[0]),
                  "pearson": listed(np.corrcoef(x[:, :5].T))}
        if len(groups) == 2:
            found = stats.mannwhitneyu(*groups, method="asymptotic")
        else:
            found = stats.kruskal(*groups)
        answer |= {"rank": listed(found.statistic), "rankP": listed(found.pvalue),
                   # Of columns without equal values: noise parts equal ones, and theirs is not ours.
                   "information": listed(mutual_info_classif(PCA(4, svd_solver="full").fit_transform(x), y)),
                   "discovered": stats.false_discovery_control(p).tolist()}
        yield answer


def components():
    for name in ("breast-cancer", "wine", "digits"):
        x, _, test, _ = table(name)
        full = PCA(4, svd_solver="full").fit(x)
        steps = IncrementalPCA(4)
        for start in range(0, len(x), 50):
            if len(x[start:start + 50]) >= 4:
                steps.partial_fit(x[start:start + 50])
        yield {"table": name, **{kind: {
            "components": listed(pca.components_), "variance": listed(pca.explained_variance_),
            "share": listed(pca.explained_variance_ratio_), "singular": listed(pca.singular_values_),
            "noise": float(pca.noise_variance_), "inverse": listed(pca.inverse_transform(pca.transform(test))),
        } for kind, pca in (("whole", full), ("parts", steps))}}


def mrmr(x, y, count, form):
    """FCD and FCQ of Ding and Peng, written straight from their definition."""
    f = f_classif(x, y)[0]
    c = np.abs(np.corrcoef(x.T))
    chosen = [int(np.argmax(f))]
    while len(chosen) < count:
        mean = c[:, chosen].mean(1)
        score = f / mean if form == "quotient" else f - mean
        score[chosen] = -np.inf
        chosen.append(int(np.argmax(score)))
    return chosen


def chosen():
    for name in ("breast-cancer", "wine"):
        x, y, _, _ = table(name)
        for form in ("quotient", "difference"):
            yield {"table": name, "form": form, "chosen": mrmr(x, y, 8, form)}


def eliminated():
    for name in ("breast-cancer", "wine"):
        x, y, _, _ = table(name)
        x = StandardScaler().fit_transform(x)
        model = LogisticRegression(C=1, tol=1e-10, max_iter=20000)
        found = RFE(model, n_features_to_select=5, step=1).fit(x, y)
        yield {"table": name, "kept": np.flatnonzero(found.support_).tolist()}


def pipelines():
    exact = {"tol": 1e-10, "max_iter": 20000}
    named = [
        ("breast-cancer", ["impute", "standardize"], {"name": "logistic-regression"},
         make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(**exact))),
        ("made", [{"name": "impute", "settings": {"by": "mean", "indicators": True}}, "standardize"],
         {"name": "logistic-regression"},
         make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), LogisticRegression(**exact))),
        ("wine", ["robust-scale", {"name": "univariate-filter", "settings": {"count": 6}}],
         {"name": "linear-discriminant"},
         make_pipeline(RobustScaler(), SelectKBest(f_classif, k=6), LinearDiscriminantAnalysis())),
        ("digits", ["variance-filter", {"name": "standardize", "settings": {"scale": False}}, {"name": "pca", "settings": {"components": 20}}],
         {"name": "k-nearest-neighbours", "settings": {"k": 5}},
         make_pipeline(VarianceThreshold(), PCA(20, svd_solver="full"), KNeighborsClassifier(5))),
        ("breast-cancer", ["power", {"name": "pca", "settings": {"components": 6, "whiten": True}}],
         {"name": "gaussian-naive-bayes"},
         make_pipeline(PowerTransformer(), PCA(6, whiten=True), GaussianNB())),
        ("made", ["standardize", "impute-neighbours"], {"name": "logistic-regression"},
         make_pipeline(StandardScaler(), KNNImputer(), LogisticRegression(**exact))),
    ]
    for name, parts, classifier, peer in named:
        x, y, test, _ = table(name)
        p = peer.fit(x, y).predict_proba(test)
        yield {"table": name, "steps": [{"name": s} if isinstance(s, str) else s for s in parts],
               "classifier": classifier, "probabilities": listed(p)}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write("classifiers/preparations.json", "preparations.py",
          f"scikit-learn {sklearn.__version__}, scipy {scipy.__version__}",
          {"transformed": list(transformed()), "tests": list(tests()), "components": list(components()),
           "chosen": list(chosen()), "eliminated": list(eliminated()), "pipelines": list(pipelines())})
