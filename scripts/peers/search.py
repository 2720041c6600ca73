"""What Optuna, SciPy and scikit-learn say of hyper-parameter search: fixtures/search/*.json.

    python scripts/peers/search.py

- density: logarithms of Optuna's Parzen estimators at given points, for given observations
- normal: masses of the standard normal between two points (SciPy)
- importance: fANOVA of a table of trials by Optuna (main effects, not normalised, mean of five seeds)
- best: the least value that Optuna's TPE and random search find on the known functions, by seed
- wilcoxon: one-sided p values of the signed-rank test (SciPy)
"""

import math
import sys
import warnings

import numpy as np
import optuna
import scipy
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights
from scipy import stats

from learning_fixture import write

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
PEER = f"optuna {optuna.__version__}, scipy {scipy.__version__}"
CHOICES = ["sgd", "adam", "adamw"]
SPACES = {
    "float": {"x": ({"type": "float", "low": -2, "high": 3}, FloatDistribution(-2, 3))},
    "log": {"x": ({"type": "float", "low": 1e-5, "high": 0.1, "scale": "log"},
                  FloatDistribution(1e-5, 0.1, log=True))},
    "step": {"x": ({"type": "float", "low": 0, "high": 1, "step": 0.25}, FloatDistribution(0, 1, step=0.25))},
    "int": {"x": ({"type": "int", "low": 8, "high": 64, "step": 8}, IntDistribution(8, 64, step=8))},
    "log int": {"x": ({"type": "int", "low": 1, "high": 200, "scale": "log"}, IntDistribution(1, 200, log=True))},
    "choice": {"x": ({"choices": CHOICES}, CategoricalDistribution(CHOICES))},
    "joint": {
        "lr": ({"type": "float", "low": 1e-5, "high": 0.1, "scale": "log"}, FloatDistribution(1e-5, 0.1, log=True)),
        "batch": ({"type": "int", "low": 8, "high": 64, "step": 8}, IntDistribution(8, 64, step=8)),
        "optimizer": ({"choices": CHOICES}, CategoricalDistribution(CHOICES)),
        "x": ({"type": "float", "low": -2, "high": 3}, FloatDistribution(-2, 3)),
    },
}


def draw(rng, distribution):
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[rng.integers(len(distribution.choices))]
    low, high, step = distribution.low, distribution.high, distribution.step
    if distribution.log:
        value = math.exp(rng.uniform(math.log(low), math.log(high)))
        return round(value) if isinstance(distribution, IntDistribution) else value
    if step:
        return low + step * int(rng.integers(int(round((high - low) / step)) + 1))
    return rng.uniform(low, high)


def density():
    cases = []
    parameters = _ParzenEstimatorParameters(prior_weight=1.0, consider_magic_clip=True, consider_endpoints=False,
                                            weights=default_weights, multivariate=True)
    for name, space in SPACES.items():
        # Equal values are sorted in any order, which only shows where weights differ: past 25 trials.
        for count in (1, 2, 7, 40 if name in ("float", "log", "choice") else 12):
            rng = np.random.default_rng(count)
            distributions = {key: both[1] for key, both in space.items()}
            seen = [{k: draw(rng, d) for k, d in distributions.items()} for _ in range(count)]
            points = [{k: draw(rng, d) for k, d in distributions.items()} for _ in range(5)]
            inner = lambda rows: {k: np.array([d.to_internal_repr(r[k]) for r in rows]) for k, d in distributions.items()}
            estimator = _ParzenEstimator(inner(seen), distributions, parameters)
            cases.append({"name": f"{name}, {count} seen", "space": {k: both[0] for k, both in space.items()},
                          "seen": seen, "points": points, "logDensity": estimator.log_pdf(inner(points)).tolist()})
    return cases


def normal():
    pairs = [(-1, 1), (0, 0.1), (2, 3), (5, 6), (-8, -7.5), (-40, 40), (9, 30), (-0.001, 0.001), (1.99, 2.01), (-3, 12)]
    return [{"a": a, "b": b, "mass": float(stats.norm.cdf(-a) - stats.norm.cdf(-b) if a > 0
                                           else stats.norm.cdf(b) - stats.norm.cdf(a))} for a, b in pairs]


def importance():
    rng = np.random.default_rng(5)
    functions = {
        "additive": lambda t: 3 * t["x"] + t["y"],
        "product": lambda t: t["x"] * t["y"],
        "choice": lambda t: {"a": 0, "b": 1, "c": 3}[t["kind"]] + t["x"],
    }
    distributions = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1),
                     "kind": CategoricalDistribution(["a", "b", "c"])}
    cases = []
    for name, function in functions.items():
        table = []
        study = optuna.create_study()
        for _ in range(80):
            values = {k: draw(rng, d) for k, d in distributions.items()}
            loss = float(function(values))
            table.append({"values": values, "loss": loss})
            study.add_trial(optuna.trial.create_trial(params=values, distributions=distributions, value=loss))
        runs = [optuna.importance.get_param_importances(
            study, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=seed), normalize=False)
            for seed in range(5)]
        shares = {k: float(np.mean([run[k] for run in runs])) for k in distributions}
        cases.append({"name": name, "trials": table, "shares": shares})
    return cases


A = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8],
              [17, 8, 0.05, 10, 0.1, 14]])
P = 1e-4 * np.array([[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
                     [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]])


def branin(trial):
    x, y = trial.suggest_float("x", -5, 10), trial.suggest_float("y", 0, 15)
    bend = y - 5.1 / (4 * math.pi ** 2) * x * x + 5 / math.pi * x - 6
    return bend ** 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def hartmann(trial):
    x = np.array([trial.suggest_float(name, 0, 1) for name in "abcdef"])
    return float(-np.array([1, 1.2, 3, 3.2]) @ np.exp(-(A * (x - P) ** 2).sum(axis=1)))


def conditional(trial):
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
    base, best = {"sgd": (0.1, -1.5), "adam": (0.15, -3), "adamw": (0, -2.7), "rmsprop": (0.3, -3.5)}[optimizer]
    own = 0
    if optimizer == "sgd":
        own = 2 * (trial.suggest_float("momentum", 0, 0.99) - 0.9) ** 2
    if optimizer == "adamw":
        own = 0.05 * (math.log10(trial.suggest_float("weightDecay", 1e-6, 1, log=True)) + 2) ** 2
    batch = trial.suggest_int("batch", 8, 128, step=8)
    smoothing = trial.suggest_float("smoothing", 0, 0.3)
    return (base + 0.3 * (math.log10(lr) - best) ** 2 + own + 0.05 * (batch / 32 - 1) ** 2
            + 3 * (smoothing - 0.08) ** 2)


def best(trials=60, seeds=20):
    functions = {"Branin": branin, "Hartmann-6": hartmann, "mixed and conditional": conditional}
    samplers = {
        "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True),
        "univariate": lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=False),
        "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    }
    found = {}
    for name, function in functions.items():
        found[name] = {}
        for sampler, make in samplers.items():
            found[name][sampler] = []
            for seed in range(seeds):
                study = optuna.create_study(sampler=make(seed))
                study.optimize(function, n_trials=trials)
                found[name][sampler].append(study.best_value)
    rng = np.random.default_rng(0)
    xs = rng.uniform(-5, 10, 5), rng.uniform(0, 15, 5)
    points = [{"function": "Branin", "values": {"x": x, "y": y},
               "loss": branin(optuna.trial.FixedTrial({"x": x, "y": y}))} for x, y in zip(*xs)]
    for row in rng.uniform(0, 1, (5, 6)):
        values = dict(zip("abcdef", row.tolist()))
        points.append({"function": "Hartmann-6", "values": values, "loss": hartmann(optuna.trial.FixedTrial(values))})
    for values in ({"lr": 1e-3, "optimizer": "sgd", "momentum": 0.5, "batch": 16, "smoothing": 0.1},
                   {"lr": 1e-2, "optimizer": "adamw", "weightDecay": 0.1, "batch": 64, "smoothing": 0}):
        points.append({"function": "mixed and conditional", "values": values,
                       "loss": conditional(optuna.trial.FixedTrial(values))})
    return {"trials": trials, "least": found, "points": points}


def wilcoxon():
    cases = []
    for count in (5, 8, 20):
        rng = np.random.default_rng(count)
        differences = rng.normal(0.4, 1, count)
        cases.append({"differences": differences.tolist(),
                      "p": float(stats.wilcoxon(differences, alternative="greater", method="exact").pvalue)})
    return cases


if __name__ == "__main__":
    parts = {"density": density, "normal": normal, "importance": importance, "best": best, "wilcoxon": wilcoxon}
    for name in sys.argv[1:] or parts:
        write(f"search/{name}.json", "search.py", PEER, parts[name]())
