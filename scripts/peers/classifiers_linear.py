"""What scikit-learn says of linear, discriminant, naive Bayes, neighbour, support vector and perceptron classifiers:
fixtures/classifiers/linear.json.gz, on the tables of classifier_tables.py.

    python scripts/peers/classifiers_linear.py

- exact: classifiers whose answer is unique; learned from the rows outside of fold 0 (or every `step`-th row), probabilities
  of the first rows of fold 0; coefficients and intercepts where there are any
- vectors: support vector machines to a tight tolerance; decisions of the pairs, support rows
- coupling: decisions, sigmoids and libsvm's coupled probabilities
- sigmoid: Platt's sigmoid for decisions and classes
- regression: coefficients and intercepts; the LASSO's path of strengths
- folds: accuracy and AUC (macro, one against the rest) over the five folds, columns standardised by each training part;
  of the perceptron on small tables the mean of five seeds

Missing values are 0. Weights of rows, where asked for, are 1 + (7 i mod 5) / 2.
"""

import gzip
import hashlib
import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.calibration import _sigmoid_calibration
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.linear_model import ElasticNet, Lasso, LassoCV, LinearRegression, LogisticRegression, Ridge, lasso_path
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

warnings.filterwarnings("ignore")
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "classifiers"
TABLES = json.loads(gzip.decompress((FOLDER / "tables.json.gz").read_bytes()))["cases"]
TESTED = 25


def rounded(values):
    return [float(f"{v:.10g}") for v in np.ravel(values)]


def table(name):
    t = TABLES[name]
    x = np.array([0 if v is None else v for v in t["values"]], float).reshape(t["rows"], t["columns"])
    return x, np.array(t["y"]), t["folds"]


def standardized(x, rows):
    mean, scale = x[rows].mean(0), x[rows].std(0)
    scale[scale == 0] = 1
    return (x - mean) / scale


def parts(case):
    x, y, folds = table(case["table"])
    test = folds[0]
    train = np.setdiff1d(np.arange(len(x)), test)[:: case.get("step", 1)]
    if case["scale"]:
        x = standardized(x, train)
    weights = 1 + (7 * np.arange(len(train)) % 5) / 2 if case.get("weights") else None
    return x[train], y[train], x[test[:TESTED]], weights


def logistic(s):
    penalty = s.get("penalty", "l2")
    smooth = penalty in ("l2", "none")
    return LogisticRegression(
        C=np.inf if penalty == "none" else s.get("C", 1.0),
        l1_ratio={"l2": 0, "none": 0, "l1": 1, "elasticnet": s.get("l1Ratio", 0.5)}[penalty],
        solver="newton-cholesky" if smooth else "saga", tol=1e-12 if smooth else 1e-9,
        max_iter=1000 if smooth else 200000, fit_intercept=s.get("intercept", True),
        class_weight="balanced" if s.get("classWeight") == "balanced" else None, random_state=0)


def discriminant(s):
    shrinkage = s.get("shrinkage", "none")
    return LinearDiscriminantAnalysis(solver=s.get("solver", "svd"), priors=s.get("priors"),
                                      shrinkage=None if shrinkage == "none" else shrinkage)


def quadratic(s):
    if "shrinkage" in s:
        return QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=s["shrinkage"], priors=s.get("priors"))
    return QuadraticDiscriminantAnalysis(reg_param=s.get("regParam", 0.0), priors=s.get("priors"))


def bayes(s):
    return GaussianNB(var_smoothing=s.get("varSmoothing", 1e-9), priors=s.get("priors"))


def neighbours(s):
    return KNeighborsClassifier(s.get("k", 5), weights=s.get("voting", "uniform"), metric=s.get("metric", "euclidean"),
                                **({"p": s["p"]} if "p" in s else {}), algorithm="brute")


def vectors(s, tol=1e-3, probability=False):
    return SVC(C=s.get("C", 1.0), kernel={"polynomial": "poly"}.get(s.get("kernel", "rbf"), s.get("kernel", "rbf")),
               gamma=s.get("gamma", "scale"), coef0=s.get("coef0", 0.0), degree=s.get("degree", 3), tol=tol,
               class_weight="balanced" if s.get("classWeight") == "balanced" else None,
               decision_function_shape="ovo", probability=probability, random_state=0)


def perceptron(s):
    return MLPClassifier(tuple(s.get("hidden", [100])), activation=s.get("activation", "relu"),
                         alpha=s.get("alpha", 1e-4), random_state=0)


MAKERS = {"logistic-regression": logistic, "linear-discriminant": discriminant, "quadratic-discriminant": quadratic,
          "gaussian-naive-bayes": bayes, "k-nearest-neighbours": neighbours,
          "support-vector-machine": lambda s: vectors(s, probability=True), "multilayer-perceptron": perceptron}

EXACT = [(name, t, scale, settings, extra) for name, t, scale, settings, extra in [
    ("logistic-regression", "breast-cancer", False, {}, {}),
    ("logistic-regression", "breast-cancer", True, {"C": 0.01}, {}),
    ("logistic-regression", "breast-cancer", True, {"classWeight": "balanced"}, {}),
    ("logistic-regression", "breast-cancer", True, {}, {"weights": True}),
    ("logistic-regression", "breast-cancer", True, {"intercept": False}, {}),
    ("logistic-regression", "breast-cancer", True, {}, {"step": 20}),
    ("logistic-regression", "wine", False, {}, {}),
    ("logistic-regression", "wine", True, {"classWeight": "balanced", "C": 10}, {"weights": True}),
    ("logistic-regression", "wine", True, {"intercept": False}, {}),
    ("logistic-regression", "wine", True, {}, {"step": 14}),
    ("logistic-regression", "made", True, {"penalty": "none"}, {}),
    ("logistic-regression", "digits", True, {"C": 0.1}, {}),
    ("logistic-regression", "breast-cancer", True, {"penalty": "l1", "C": 0.1}, {}),
    ("logistic-regression", "breast-cancer", True, {"penalty": "l1"}, {"step": 20}),
    ("logistic-regression", "breast-cancer", True, {"penalty": "elasticnet", "C": 0.1, "l1Ratio": 0.5}, {}),
    ("logistic-regression", "breast-cancer", True, {"penalty": "elasticnet", "l1Ratio": 0.3}, {"weights": True}),
    ("logistic-regression", "wine", True, {"penalty": "l1", "C": 0.5}, {}),
    ("logistic-regression", "wine", True, {"penalty": "elasticnet", "C": 0.5, "l1Ratio": 0.5}, {}),
    ("logistic-regression", "made", True, {"penalty": "l1", "C": 0.05}, {"weights": True}),
    ("linear-discriminant", "breast-cancer", False, {}, {}),
    ("linear-discriminant", "digits", False, {}, {}),
    ("linear-discriminant", "wine", False, {"priors": [0.2, 0.5, 0.3]}, {}),
    ("linear-discriminant", "wine", False, {"solver": "lsqr"}, {}),
    ("linear-discriminant", "breast-cancer", False, {"solver": "lsqr", "shrinkage": "auto"}, {}),
    ("linear-discriminant", "digits", False, {"solver": "lsqr", "shrinkage": "auto"}, {}),
    ("linear-discriminant", "breast-cancer", True, {"solver": "eigen", "shrinkage": 0.3}, {}),
    ("linear-discriminant", "breast-cancer", True, {"solver": "lsqr", "shrinkage": "auto"}, {"step": 20}),
    ("quadratic-discriminant", "wine", True, {}, {}),
    ("quadratic-discriminant", "made", True, {}, {}),
    ("quadratic-discriminant", "breast-cancer", True, {"regParam": 0.1}, {}),
    ("quadratic-discriminant", "wine", True, {"shrinkage": "auto"}, {}),
    ("quadratic-discriminant", "wine", True, {"shrinkage": 0.4, "priors": [0.2, 0.5, 0.3]}, {}),
    ("quadratic-discriminant", "digits", True, {"regParam": 0.2}, {}),
    ("gaussian-naive-bayes", "breast-cancer", False, {}, {}),
    ("gaussian-naive-bayes", "digits", True, {"varSmoothing": 0.01}, {}),
    ("gaussian-naive-bayes", "wine", False, {"priors": [0.2, 0.5, 0.3]}, {"weights": True}),
    ("k-nearest-neighbours", "breast-cancer", True, {}, {}),
    ("k-nearest-neighbours", "digits", False, {"k": 7}, {}),
    ("k-nearest-neighbours", "wine", True, {"k": 9, "voting": "distance"}, {}),
    ("k-nearest-neighbours", "made", True, {"k": 4, "metric": "manhattan"}, {}),
    ("k-nearest-neighbours", "made", True, {"k": 4, "metric": "chebyshev", "voting": "distance"}, {}),
    ("k-nearest-neighbours", "made", True, {"k": 6, "metric": "minkowski", "p": 3}, {}),
]]


def exact():
    cases = []
    for name, t, scale, settings, extra in EXACT:
        case = {"classifier": name, "table": t, "scale": scale, "settings": settings, **extra}
        x, y, test, weights = parts(case)
        model = MAKERS[name](settings)
        model.fit(x, y, **({"sample_weight": weights} if weights is not None else {}))
        case["probabilities"] = rounded(model.predict_proba(test))
        if name == "logistic-regression":
            case |= {"coefficients": rounded(model.coef_), "intercepts": rounded(model.intercept_)}
        cases.append(case)
    return cases


MACHINES = [
    ("breast-cancer", {"kernel": "linear", "C": 0.1}, {}), ("breast-cancer", {"C": 1}, {}),
    ("breast-cancer", {"C": 10, "gamma": "auto", "classWeight": "balanced"}, {}),
    ("breast-cancer", {"kernel": "polynomial", "coef0": 1.0, "degree": 2}, {"weights": True}),
    ("breast-cancer", {"kernel": "sigmoid", "gamma": 0.01}, {}), ("breast-cancer", {"gamma": 0.05}, {"step": 20}),
    ("wine", {"C": 1}, {"weights": True}), ("wine", {"kernel": "linear"}, {}),
    ("made", {"C": 2, "gamma": 0.1}, {}), ("digits", {"C": 1}, {}),
]


def machines():
    cases = []
    for t, settings, extra in MACHINES:
        case = {"table": t, "scale": True, "settings": settings, **extra}
        x, y, test, weights = parts(case)
        model = vectors(settings, tol=1e-6).fit(x, y, sample_weight=weights)
        decisions = model.decision_function(test)
        sign = -1 if len(model.classes_) == 2 else 1  # scikit-learn turns the sign for two classes
        cases.append(case | {"decisions": rounded(sign * decisions), "biases": rounded(sign * model.intercept_),
                             "support": sorted(model.support_.tolist())})
    return cases


def coupling():
    cases = []
    for t in ("wine", "digits"):
        x, y, test, _ = parts({"table": t, "scale": True})
        model = vectors({"C": 1, "gamma": 0.05}, probability=True).fit(x, y)
        cases.append({"classes": len(model.classes_), "decisions": rounded(model.decision_function(test)),
                      "slopes": rounded(model.probA_), "offsets": rounded(model.probB_),
                      "probabilities": rounded(model.predict_proba(test))})
    return cases


def sigmoid():
    cases = []
    for count, shift in ((60, 0.5), (200, -1.0), (31, 0.0)):
        rng = np.random.default_rng(count)
        y = (rng.random(count) < 0.4).astype(int)
        decisions = np.round(rng.normal(size=count) + 2 * y + shift, 6)
        slope, offset = _sigmoid_calibration(decisions, y)
        cases.append({"decisions": rounded(decisions), "first": y.tolist(), "slope": float(slope), "offset": float(offset)})
    return cases


def regression():
    cases = []
    targets = {"breast-cancer": [0, 20], "wine": [12], "digits": [20]}
    for t, kind, settings, extra in [
        ("breast-cancer", "linear", {}, {}), ("wine", "linear", {"intercept": False}, {}),
        ("digits", "linear", {}, {}), ("breast-cancer", "linear", {}, {"weights": True}),
        ("breast-cancer", "linear", {}, {"step": 20, "scale": True}),
        ("breast-cancer", "ridge", {"alpha": 1.0}, {"weights": True}), ("wine", "ridge", {"alpha": 10.0, "intercept": False}, {}),
        ("digits", "ridge", {"alpha": 0.5}, {}), ("breast-cancer", "ridge", {"alpha": 2.0}, {"step": 20}),
        ("breast-cancer", "lasso", {"alpha": 0.1}, {"weights": True}), ("wine", "lasso", {"alpha": 5.0}, {}),
        ("digits", "lasso", {"alpha": 0.05}, {}), ("breast-cancer", "lasso", {"alpha": 0.02}, {"step": 20}),
        ("breast-cancer", "elastic", {"alpha": 0.1, "l1Ratio": 0.3}, {}),
        ("wine", "elastic", {"alpha": 1.0, "l1Ratio": 0.7, "intercept": False}, {}),
    ]:
        case = {"table": t, "scale": kind in ("lasso", "elastic"), "kind": kind, "settings": settings, "targets": targets[t], **extra}
        x, _, test, weights = parts(case)
        y, x, test = x[:, targets[t]], np.delete(x, targets[t], 1), np.delete(test, targets[t], 1)
        intercept = settings.get("intercept", True)
        tight = {"tol": 1e-13, "max_iter": 1_000_000}
        model = {"linear": lambda: LinearRegression(fit_intercept=intercept),
                 "ridge": lambda: Ridge(settings["alpha"], fit_intercept=intercept, solver="svd"),
                 "lasso": lambda: Lasso(settings["alpha"], fit_intercept=intercept, **tight),
                 "elastic": lambda: ElasticNet(settings["alpha"], l1_ratio=settings.get("l1Ratio", 1.0),
                                               fit_intercept=intercept, **tight)}[kind]()
        model.fit(x, y, sample_weight=weights)
        case |= {"coefficients": rounded(model.coef_), "intercepts": rounded(np.zeros(y.shape[1]) + model.intercept_),
                 "predicted": rounded(model.predict(test))}
        cases.append(case)
    x, _, _, _ = parts({"table": "wine", "scale": True})
    y, x = x[:, 12], np.delete(x, 12, 1)
    alphas, coefficients, _ = lasso_path(x - x.mean(0), y - y.mean(), n_alphas=20, tol=1e-13, max_iter=1_000_000)
    fold = np.arange(len(x)) % 5
    splits = [(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in range(5)]
    chosen = LassoCV(alphas=alphas, cv=splits, tol=1e-13, max_iter=1_000_000).fit(x, y)
    path = {"table": "wine", "alphas": rounded(alphas), "coefficients": rounded(coefficients.T), "chosen": float(chosen.alpha_)}
    return {"models": cases, "path": path}


FOLDS = [
    ("logistic-regression", {}), ("logistic-regression", {"penalty": "l1", "C": 0.3}), ("linear-discriminant", {}),
    ("linear-discriminant", {"solver": "lsqr", "shrinkage": "auto"}), ("quadratic-discriminant", {"regParam": 0.1}),
    ("gaussian-naive-bayes", {}), ("k-nearest-neighbours", {}), ("support-vector-machine", {}),
    ("support-vector-machine", {"kernel": "linear", "C": 0.1}), ("multilayer-perceptron", {}),
]


def over_folds(name, settings, x, y, parts_of, seed):
    found = np.zeros((len(x), y.max() + 1))
    said = np.zeros(len(x), int)
    for test in parts_of:
        train = np.setdiff1d(np.arange(len(x)), test)
        scaled = standardized(x, train)
        model = MAKERS[name](settings)
        if name == "logistic-regression":
            model.set_params(tol=1e-4, max_iter=2000)
        if name == "multilayer-perceptron":
            model.set_params(random_state=seed)
        model.fit(scaled[train], y[train])
        found[test] = model.predict_proba(scaled[test])
        said[test] = model.predict(scaled[test])
    auc = roc_auc_score(y, found[:, 1]) if y.max() == 1 else roc_auc_score(y, found, multi_class="ovr")
    return accuracy_score(y, said), auc


def folds():
    cases = []
    for name, settings in FOLDS:
        for t in TABLES:
            if t == "digits" and settings.get("penalty") == "l1":
                continue  # minutes here, and shown by the other tables
            x, y, parts_of = table(t)
            seeds = range(5 if name == "multilayer-perceptron" and len(x) < 1000 else 1)  # it differs by seed
            both = np.mean([over_folds(name, settings, x, y, parts_of, seed) for seed in seeds], 0)
            cases.append({"classifier": name, "settings": settings, "table": t, "accuracy": both[0], "auc": both[1]})
            print(name, settings, t, *both)
    return cases


cases = {"exact": exact(), "vectors": machines(), "coupling": coupling(), "sigmoid": sigmoid(),
         "regression": regression(), "folds": folds()}
text = json.dumps(cases, separators=(",", ":"), allow_nan=False)
head = json.dumps({"maker": "scripts/peers/classifiers_linear.py", "peer": f"scikit-learn {sklearn.__version__}",
                   "sha256": hashlib.sha256(text.encode()).hexdigest()})
OUT = FOLDER / "linear.json.gz"
OUT.write_bytes(gzip.compress((head[:-1] + ', "cases":' + text + "}\n").encode(), 9, mtime=0))
print(OUT, OUT.stat().st_size, "bytes")
