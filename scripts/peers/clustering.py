"""What scikit-learn and SciPy say of clusters in tables.json.gz: fixtures/classifiers/clustering.json.

    python scripts/peers/clustering.py

Rows outside of fold 0, each column centred and divided by its standard deviation.
"""

import warnings

import numpy as np
import scipy
import sklearn
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from sklearn.cluster import DBSCAN, KMeans
from sklearn.metrics import (adjusted_rand_score, calinski_harabasz_score, davies_bouldin_score, silhouette_samples,
                             silhouette_score)
from sklearn.mixture import GaussianMixture
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky, _estimate_gaussian_parameters
from sklearn.preprocessing import StandardScaler

from learning_fixture import write
from preparations import listed, table


def scaled(name):
    x, y, _, _ = table(name)
    x = x[:, x.std(0) > 0]
    return StandardScaler().fit_transform(x), y


def mixed(x, labels, k, kind):
    """From the parameters of labelled rows, so that both start alike."""
    start = GaussianMixture(k, covariance_type=kind)
    shares = np.eye(k)[labels]
    weights, centres, covariances = _estimate_gaussian_parameters(x, shares, 1e-6, kind)
    roots = _compute_precision_cholesky(covariances, kind)
    if kind == "full":
        precisions = np.array([r @ r.T for r in roots])
    else:
        precisions = roots @ roots.T if kind == "tied" else roots ** 2
    start = GaussianMixture(k, covariance_type=kind, weights_init=weights / weights.sum(), means_init=centres,
                            precisions_init=precisions, tol=1e-9, max_iter=300).fit(x)
    return {"kind": kind, "bic": start.bic(x), "aic": start.aic(x), "weights": listed(start.weights_),
            "means": listed(start.means_), "covariances": listed(start.covariances_),
            "labels": start.predict(x).tolist(), "converged": bool(start.converged_)}


def case(name, k, radius, neighbours):
    x, y = scaled(name)
    first = x[:k]
    cells = KMeans(k, init=first, n_init=1, tol=0).fit(x)
    labels = cells.labels_
    trees = []
    for kind in ("ward", "complete", "average", "single"):
        z = linkage(x, kind)
        trees.append({"kind": kind, "distances": listed(z[:, 2]), "sizes": z[:, 3].astype(int).tolist(),
                      "pairs": z[-60:, :2].astype(int).ravel().tolist(),
                      "cut": fcluster(z, k, "maxclust").tolist()})
    dense = DBSCAN(eps=radius, min_samples=neighbours).fit(x)
    best = KMeans(k, n_init=20, random_state=0).fit(x).inertia_
    thin = x[:, :5]
    return {"table": name, "clusters": k, "radius": radius, "neighbours": neighbours,
            "kMeans": {"labels": labels.tolist(), "inertia": cells.inertia_, "rounds": int(cells.n_iter_),
                       "best": best},
            "mixtures": [mixed(thin, labels, k, kind) for kind in ("full", "tied", "diag", "spherical")],
            "trees": trees, "dense": dense.labels_.tolist(), "core": dense.core_sample_indices_.tolist(),
            "scores": {"silhouette": silhouette_score(x, labels), "silhouettes": listed(silhouette_samples(x, labels)[:20]),
                       "daviesBouldin": davies_bouldin_score(x, labels),
                       "calinskiHarabasz": calinski_harabasz_score(x, labels),
                       "adjustedRand": adjusted_rand_score(y, labels)}}


def columns(name):
    x, _ = scaled(name)
    r = np.corrcoef(x.T)
    z = linkage((1 - np.abs(r))[np.triu_indices(len(r), 1)].clip(0), "average")
    return {"table": name, "threshold": 0.8, "labels": fcluster(z, 0.2, "distance").tolist(),
            "distances": listed(z[:, 2]), "leaves": leaves_list(z).tolist()}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write("classifiers/clustering.json", "clustering.py", f"scikit-learn {sklearn.__version__}, scipy {scipy.__version__}",
          {"cases": [case("wine", 3, 2.3, 5), case("breast-cancer", 4, 2.5, 6)],
           "columns": [columns("breast-cancer"), columns("wine")]})
