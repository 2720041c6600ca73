"""What scikit-learn and shap say of trees: fixtures/classifiers/trees.json.gz.

    python scripts/peers/classifiers_trees.py

On the tables of classifier_tables.py:

- trees: decision trees node by node, only where every random state gives the same one (no ties)
- boosted: probabilities of HistGradientBoostingClassifier and values of HistGradientBoostingRegressor for every row
- xgboost: probabilities of XGBoost's histogram method
- votes: probabilities of AdaBoostClassifier, where every random state gives the same
- folds: mean accuracy and area under the curve over the five folds, mean over seeds
- shap: SHAP values of a forest and of boosted trees, whose nodes are stored too, by both of TreeExplainer's ways
- exported: a forest in the ONNX of skl2onnx
- permuted: permutation_importance of a fixed linear rule on wine
"""

import base64
import gzip
import hashlib
import json
import math
import pathlib
import warnings

import numpy as np
import shap
import skl2onnx
import sklearn
import xgboost
from sklearn.ensemble import (AdaBoostClassifier, ExtraTreesClassifier, HistGradientBoostingClassifier,
                              HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor)
from sklearn.inspection import permutation_importance
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

warnings.filterwarnings("ignore")
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "classifiers"
TABLES = json.loads(gzip.decompress((FOLDER / "tables.json.gz").read_bytes()))["cases"]


def table(name):
    t = TABLES[name]
    x = np.array([np.nan if v is None else v for v in t["values"]], dtype=float).reshape(t["rows"], t["columns"])
    return x.astype(np.float32), np.array(t["y"]), t


def numbers(values, digits=None):
    flat = np.asarray(values, dtype=float).ravel()
    return [float(f"{v:.10g}") if digits is None else round(float(v), digits) for v in flat]


def nodes(tree):
    """An sklearn.tree's arrays; a threshold of infinity is stored as null."""
    inner = tree.feature >= 0
    value = tree.value[:, 0, :]
    return {
        "feature": np.where(inner, tree.feature, -1).tolist(),
        "threshold": [None if not np.isfinite(t) else float(t) if i else 0 for t, i in zip(tree.threshold, inner)],
        "left": tree.children_left.tolist(), "right": tree.children_right.tolist(),
        "missingLeft": [int(m) if i else 0 for m, i in zip(tree.missing_go_to_left, inner)],
        "cover": numbers(tree.weighted_n_node_samples), "values": numbers(value), "outputs": value.shape[1],
    }


def weights_of(rows):
    """Of as many values as there are rows: two splits hardly ever gain the same."""
    return 1 + (np.arange(rows) * 0.6180339887498949) % 1


def tree_cases():
    wanted = [
        ("breast-cancer", {"max_depth": 3, "min_samples_leaf": 5}, {"maxDepth": 3, "minLeaf": 5}, True),
        ("breast-cancer", {"max_depth": 4, "min_samples_leaf": 8, "criterion": "entropy"},
         {"maxDepth": 4, "minLeaf": 8, "criterion": "entropy"}, True),
        ("breast-cancer", {"max_depth": 3, "min_samples_leaf": 5, "class_weight": "balanced"},
         {"maxDepth": 3, "minLeaf": 5, "classWeight": "balanced"}, False),
        ("wine", {"max_depth": 3, "min_samples_leaf": 4}, {"maxDepth": 3, "minLeaf": 4}, True),
        ("wine", {"min_samples_leaf": 1}, {"minLeaf": 1}, True),
        ("digits", {"max_depth": 5, "min_samples_leaf": 20}, {"maxDepth": 5, "minLeaf": 20}, True),
        ("digits", {"max_depth": 7, "min_samples_leaf": 10, "class_weight": "balanced"},
         {"maxDepth": 7, "minLeaf": 10, "classWeight": "balanced"}, False),
        ("digits", {"max_depth": 5, "min_samples_leaf": 20, "criterion": "entropy"},
         {"maxDepth": 5, "minLeaf": 20, "criterion": "entropy"}, True),
        ("made", {"min_samples_leaf": 3}, {"minLeaf": 3}, True),
        ("made", {"max_depth": 5, "min_samples_leaf": 10, "criterion": "entropy"},
         {"maxDepth": 5, "minLeaf": 10, "criterion": "entropy"}, True),
        ("made", {"max_leaf_nodes": 9, "min_samples_leaf": 7}, {"maxLeaves": 9, "minLeaf": 7}, False),
        ("made", {"min_samples_leaf": 7, "min_impurity_decrease": 0.01}, {"minLeaf": 7, "minDecrease": 0.01}, False),
        ("made", {"min_samples_leaf": 10, "ccp_alpha": 0.008}, {"minLeaf": 10, "pruning": 0.008}, False),
        ("breast-cancer", {"min_samples_leaf": 10, "min_samples_split": 60, "ccp_alpha": 0.004},
         {"minLeaf": 10, "minSplit": 60, "pruning": 0.004}, True),
    ]
    cases = []
    for name, theirs, ours, weighted in wanted:
        x, y, _ = table(name)
        w = weights_of(len(y)) if weighted else None
        for leaf in (1, 2, 3, 4, 6):
            theirs = theirs | {"min_samples_leaf": leaf * ours["minLeaf"]}
            found = [DecisionTreeClassifier(random_state=s, **theirs).fit(x, y, w) for s in range(6)]
            if len({json.dumps(nodes(f.tree_)) for f in found}) == 1:
                break
        else:
            print("ties:", name, theirs)
            continue
        ours = ours | {"minLeaf": theirs["min_samples_leaf"]}
        print(name, ours, found[0].tree_.node_count, "nodes")
        cases.append({"table": name, "settings": ours, "weighted": weighted, "tree": nodes(found[0].tree_),
                      "importance": numbers(found[0].feature_importances_)})
    return cases


def value_of(x):
    return np.nan_to_num(x[:, 0]) + 0.1 * np.nan_to_num(x[:, 3]) + np.where(np.isnan(x[:, 1]), 2, np.nan_to_num(x[:, 2]))


def regression_tree():
    x, _, _ = table("made")
    x = x[:, :8]
    found = [DecisionTreeRegressor(max_depth=4, min_samples_leaf=8, random_state=s).fit(x, value_of(x)) for s in range(4)]
    assert len({json.dumps(nodes(f.tree_)) for f in found}) == 1
    return {"values": numbers(value_of(x)), "tree": nodes(found[0].tree_)}


def boosted_cases():
    wanted = [
        ("breast-cancer", {}, {}, True),
        ("breast-cancer", {"l2_regularization": 2, "max_leaf_nodes": 7, "min_samples_leaf": 5, "learning_rate": 0.3},
         {"lambda": 2, "maxLeaves": 7, "minLeaf": 5, "learningRate": 0.3}, True),
        ("breast-cancer", {"max_bins": 20, "max_depth": 3, "class_weight": "balanced"},
         {"bins": 20, "maxDepth": 3, "classWeight": "balanced"}, False),
        ("wine", {"max_iter": 30}, {"rounds": 30}, False),
        ("made", {"max_iter": 40}, {"rounds": 40}, True),
        ("made", {"max_iter": 40, "categorical_features": [8, 9]}, {"rounds": 40}, True),
    ]
    cases = []
    for name, theirs, ours, weighted in wanted:
        x, y, t = table(name)
        w = weights_of(len(y)) if weighted else None
        model = HistGradientBoostingClassifier(early_stopping=False, **theirs).fit(x, y, w)
        cases.append({"table": name, "settings": ours, "weighted": weighted,
                      "categorical": theirs.get("categorical_features", []),
                      "probabilities": numbers(model.predict_proba(x), 7)})
    x, _, _ = table("made")
    x = x[:, :8]
    model = HistGradientBoostingRegressor(early_stopping=False, max_iter=30).fit(x, value_of(x))
    return {"classes": cases, "values": {"rounds": 30, "predicted": numbers(model.predict(x), 6)}}


def xgboost_cases():
    """Where every column has fewer values than there are bins, so that both look at the same splits."""
    cases = []
    for name, columns, step, theirs, ours in [
        ("digits", list(range(64)), 1, {"gamma": 6, "reg_lambda": 3, "min_child_weight": 8, "max_leaves": 12},
         {"gamma": 6, "lambda": 3, "minChildWeight": 8, "maxLeaves": 12}),
        ("digits", list(range(64)), 1, {"gamma": 0, "reg_lambda": 0.5, "min_child_weight": 2, "max_depth": 3, "max_leaves": 0},
         {"lambda": 0.5, "minChildWeight": 2, "maxDepth": 3, "maxLeaves": "unlimited"}),
        ("made", [0, 1, 2, 4, 5, 6, 7], 10, {"gamma": 2, "reg_lambda": 1, "min_child_weight": 3, "max_leaves": 10},
         {"gamma": 2, "lambda": 1, "minChildWeight": 3, "maxLeaves": 10}),
    ]:
        x, y, _ = table(name)
        x = (np.floor(x[:, columns].astype(float) * step) / step).astype(np.float32)
        y = (y < (5 if name == "digits" else 1)).astype(int)
        w = weights_of(len(y))
        settings = {"max_depth": 0, "grow_policy": "lossguide", **theirs}
        model = xgboost.train(
            {"objective": "binary:logistic", "tree_method": "hist", "eta": 0.3, "max_bin": 256, "nthread": 1,
             "base_score": float((w * y).sum() / w.sum()), **settings},
            xgboost.DMatrix(x, y, weight=w), num_boost_round=15)
        cases.append({"table": name, "columns": columns, "step": step, "weighted": True,
                      "settings": {"rounds": 15, "learningRate": 0.3, "minLeaf": 1, **ours},
                      "below": 5 if name == "digits" else 1,
                      "probabilities": numbers(model.predict(xgboost.DMatrix(x)), 7)})
    return cases


def vote_cases():
    wanted = [("breast-cancer", {"n_estimators": 50}, {"rounds": 50}, False),
              ("breast-cancer", {"n_estimators": 20, "learning_rate": 0.5}, {"rounds": 20, "learningRate": 0.5}, True),
              ("wine", {"n_estimators": 10, "estimator": DecisionTreeClassifier(max_depth=1)}, {"rounds": 10}, False),
              ("digits", {"n_estimators": 12, "estimator": DecisionTreeClassifier(max_depth=3, min_samples_leaf=20)},
               {"rounds": 12, "maxDepth": 3, "minLeaf": 20}, True),
              ("breast-cancer", {"n_estimators": 8, "estimator": DecisionTreeClassifier(max_depth=2, min_samples_leaf=9)},
               {"rounds": 8, "maxDepth": 2, "minLeaf": 9}, True)]
    cases = []
    for name, theirs, ours, weighted in wanted:
        x, y, _ = table(name)
        w = weights_of(len(y)) if weighted else None
        found = [AdaBoostClassifier(random_state=s, **theirs).fit(x, y, w).predict_proba(x) for s in range(4)]
        if max(np.abs(f - found[0]).max() for f in found) > 1e-12:
            print("ties: AdaBoost", name, ours)
            continue
        cases.append({"table": name, "settings": ours, "weighted": weighted, "probabilities": numbers(found[0], 8)})
    return cases


def area(y, p):
    return roc_auc_score(y, p[:, 1]) if p.shape[1] == 2 else roc_auc_score(y, p, multi_class="ovr")


def fold_figures():
    models = {
        "decision-tree": lambda s: DecisionTreeClassifier(max_depth=6, min_samples_leaf=3, random_state=s),
        "random-forest": lambda s: RandomForestClassifier(100, random_state=s),
        "extra-trees": lambda s: ExtraTreesClassifier(100, random_state=s),
        "ada-boost": lambda s: AdaBoostClassifier(n_estimators=50, random_state=s),
        "gradient-boosting": lambda s: HistGradientBoostingClassifier(early_stopping=False, random_state=s),
    }
    result = {}
    for name in ("breast-cancer", "digits", "wine"):
        x, y, t = table(name)
        result[name] = {}
        for model, make in models.items():
            figures = []
            for seed in range({"gradient-boosting": 1, "decision-tree": 40}.get(model, 4)):
                for test in t["folds"]:
                    train = np.setdiff1d(np.arange(len(y)), test)
                    p = make(seed).fit(x[train], y[train]).predict_proba(x[test])
                    figures.append([accuracy_score(y[test], p.argmax(1)), area(y[test], p)])
            result[name][model] = dict(zip(["accuracy", "auc"], numbers(np.mean(figures, 0))))
            print(name, model, result[name][model])
    return result


def boosted_nodes(model):
    """Trees of a binary HistGradientBoostingClassifier."""
    trees = []
    for (predictor,) in model._predictors:
        n = predictor.nodes
        leaf = n["is_leaf"].astype(bool)
        trees.append({
            "feature": np.where(leaf, -1, n["feature_idx"]).tolist(),
            "threshold": [0 if l else None if not np.isfinite(t) else float(t) for t, l in zip(n["num_threshold"], leaf)],
            "left": np.where(leaf, -1, n["left"].astype(int)).tolist(),
            "right": np.where(leaf, -1, n["right"].astype(int)).tolist(),
            "missingLeft": [0 if l else int(m) for m, l in zip(n["missing_go_to_left"], leaf)],
            "cover": numbers(n["count"]), "values": n["value"].tolist(), "outputs": 1,
        })
    return trees, float(np.ravel(model._baseline_prediction)[0])


def by_definition(said, row, background):
    """Shapley values of swapping columns, from all subsets; said: rows -> [rows, outputs]."""
    m = len(row)
    known = (np.arange(2**m)[:, None] >> np.arange(m)) & 1 == 1
    mixed = np.where(known[:, None], row, background[None]).reshape(-1, m)
    value = said(mixed).reshape(2**m, len(background), -1).mean(1)
    size = known.sum(1)
    weight = np.array([math.factorial(k) * math.factorial(m - k - 1) / math.factorial(m) for k in range(m)])
    return np.stack([(weight[size[~known[:, i]]][:, None]
                      * (value[np.flatnonzero(~known[:, i]) + 2**i] - value[~known[:, i]])).sum(0) for i in range(m)])


def shap_cases():
    cases = []
    x, y, _ = table("wine")
    forest = RandomForestClassifier(8, max_depth=5, random_state=1).fit(x, y)
    trees = [nodes(e.tree_) for e in forest.estimators_]
    cases.append(("wine", x, forest, trees, 1 / 8, [0, 0, 0], np.arange(0, 178, 20), np.arange(3, 178, 12)))
    regression = RandomForestRegressor(5, max_depth=6, random_state=1).fit(x[:, 1:], x[:, 0])
    trees = [nodes(e.tree_) for e in regression.estimators_]
    cases.append(("wine-values", x[:, 1:], regression, trees, 1 / 5, [0], np.arange(0, 178, 25), np.arange(3, 178, 12)))
    x, y, _ = table("made")
    x = x[:, :8]
    boosted = HistGradientBoostingClassifier(max_iter=12, early_stopping=False).fit(x, y > 0)
    trees, base = boosted_nodes(boosted)
    whole = np.flatnonzero(~np.isnan(x).any(1))
    cases.append(("made", x, boosted, trees, 1, [base], np.arange(0, 600, 40), whole[:20]))
    stored = []
    for name, x, model, trees, scale, base, rows, background in cases:
        x64 = x.astype(np.float64)
        path = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
        against = shap.TreeExplainer(model, x64[background], feature_perturbation="interventional")
        sound = rows[~np.isnan(x64[rows]).any(1)]
        said = {"wine": lambda r: model.predict_proba(r), "wine-values": lambda r: model.predict(r)[:, None],
                "made": lambda r: model.decision_function(r)[:, None]}[name]
        # shap's interventional values are off by up to .005 for a few rows of repeated columns; these are left out.
        given = against.shap_values(x64[sound], check_additivity=False).reshape(len(sound), x.shape[1], -1)
        right = [np.abs(by_definition(said, x64[i].astype(np.float32).astype(float), x64[background]) - g).max() < 1e-5
                 for i, g in zip(sound, given)]
        print("shap", name, "rows equal to the definition:", sum(right), "of", len(right))
        sound = sound[right]
        stored.append({
            "name": name, "columns": x.shape[1], "outputs": len(base), "trees": trees, "scale": scale, "base": base,
            "rows": [None if np.isnan(v) else float(v) for v in x64[rows].ravel()],
            "path": numbers(path.shap_values(x64[rows], check_additivity=False)),  # [rows, columns(, outputs)]
            "expected": numbers(np.atleast_1d(path.expected_value)),
            "sound": [float(v) for v in x64[sound].ravel()],
            "background": [float(v) for v in x64[background].ravel()],
            "against": numbers(against.shap_values(x64[sound], check_additivity=False)),
            "againstExpected": numbers(np.atleast_1d(against.expected_value)),
        })
    return stored


class Rule:
    """argmax of a fixed linear rule, so that only the permutations differ."""

    def __init__(self, x, y):
        self.mean, self.scale = x.mean(0), x.std(0)
        z = (x - self.mean) / self.scale
        self.centres = np.stack([z[y == k].mean(0) for k in range(3)])
        self.classes_ = np.arange(3)

    def fit(self, *_):
        return self

    def score(self, x, y):
        z = (x - self.mean) / self.scale
        return np.mean((z @ self.centres.T - (self.centres**2).sum(1) / 2).argmax(1) == y)


def permuted():
    x, y, _ = table("wine")
    x = x.astype(float)
    rule = Rule(x, y)
    found = permutation_importance(rule, x, y, scoring=lambda m, a, b: m.score(a, b), n_repeats=300, random_state=3)
    return {"mean": numbers(found.importances_mean), "deviation": numbers(found.importances_std), "repeats": 300,
            "centres": numbers(rule.centres), "average": numbers(rule.mean), "scale": numbers(rule.scale)}


def exported():
    """A forest as skl2onnx writes it, and what it says."""
    x, y, _ = table("wine")
    forest = RandomForestClassifier(4, max_depth=3, random_state=1).fit(x, y)
    model = skl2onnx.to_onnx(forest, x[:1], options={"zipmap": False}, target_opset={"": 17, "ai.onnx.ml": 3})
    return {"model": base64.b64encode(model.SerializeToString()).decode(), "probabilities": numbers(forest.predict_proba(x), 7)}


cases = {"trees": tree_cases(), "regression": regression_tree(), "boosted": boosted_cases(), "xgboost": xgboost_cases(),
         "votes": vote_cases(),
         "folds": fold_figures(), "shap": shap_cases(), "permuted": permuted(), "exported": exported()}
text = json.dumps(cases, separators=(",", ":"), allow_nan=False)
head = json.dumps({"maker": "scripts/peers/classifiers_trees.py",
                   "peer": f"scikit-learn {sklearn.__version__}, shap {shap.__version__}, skl2onnx {skl2onnx.__version__}, xgboost {xgboost.__version__}",
                   "sha256": hashlib.sha256(text.encode()).hexdigest()})
OUT = FOLDER / "trees.json.gz"
OUT.write_bytes(gzip.compress((head[:-1] + ', "cases":' + text + "}\n").encode(), 9, mtime=0))
print(OUT, OUT.stat().st_size, "bytes")
