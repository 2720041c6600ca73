"""scikit-learn's side of the classifiers, in a process of its own: answers lines of JSON on the standard input."""

import json
import os
import sys
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (AdaBoostClassifier, ExtraTreesClassifier, HistGradientBoostingClassifier,
                              RandomForestClassifier)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

warnings.filterwarnings("ignore")
KINDS = {kind.__name__: kind for kind in (
    LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis, AdaBoostClassifier, ExtraTreesClassifier,
    HistGradientBoostingClassifier, RandomForestClassifier, LogisticRegression, GaussianNB, KNeighborsClassifier,
    MLPClassifier, SVC, DecisionTreeClassifier)}
state = {}


def area(y, p):
    return roc_auc_score(y, p[:, 1]) if p.shape[1] == 2 else roc_auc_score(y, p, multi_class="ovr")


def table(request):
    """The same bytes as the other side has: float32 rows, int32 classes."""
    x = np.fromfile(request["x"], "<f4").reshape(-1, request["columns"])
    state["x"], state["y"] = x, np.fromfile(request["y"], "<i4")
    return {"rows": len(x)}


def train(request):
    """Fits on the first rows, and says how it does on the last."""
    rows, held = request["rows"], request["held"]
    x, y = state["x"], state["y"]
    model = KINDS[request["kind"]](**request["settings"])
    start = time.process_time()
    model.fit(x[:rows], y[:rows])
    ms = 1000 * (time.process_time() - start)
    scores = model.predict_proba(x[-held:])[:, 1] if hasattr(model, "predict_proba") else model.decision_function(x[-held:])
    return {"ms": ms, "auc": roc_auc_score(y[-held:], scores)}


def folds(request):
    """Mean accuracy and area under the curve over the folds and seeds."""
    x, y = np.array(request["values"], float).reshape(-1, request["columns"]), np.array(request["y"])
    figures = []
    for seed in range(request["seeds"]):
        for test in request["folds"]:
            train = np.setdiff1d(np.arange(len(y)), test)
            seeded = {"random_state": seed} if "random_state" in KINDS[request["kind"]]().get_params() else {}
            model = KINDS[request["kind"]](**request["settings"], **seeded)
            if request["scaled"]:
                model = make_pipeline(StandardScaler(), model)
            p = model.fit(x[train], y[train]).predict_proba(x[test])
            figures.append([accuracy_score(y[test], p.argmax(1)), area(y[test], p)])
    accuracy, auc = np.mean(figures, 0)
    return {"accuracy": accuracy, "auc": auc}


def describe(_):
    return {"scikit-learn": sklearn.__version__, "python": sys.version.split()[0]}


COMMANDS = {"describe": describe, "table": table, "train": train, "folds": folds}
for line in sys.stdin:
    request = json.loads(line)
    try:
        reply = COMMANDS[request["command"]](request)
    except Exception as error:
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
