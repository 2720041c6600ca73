"""What scikit-learn's t-SNE and umap-learn make of tables.json.gz: fixtures/classifiers/projections.json.

    python scripts/peers/projections.py

Rows outside of fold 0, columns centred and divided by their standard deviation (digits as they are). Of pictures no
two are alike: what is stored is how good they are, and the trustworthiness of a given picture (the first two columns).
"""

import warnings

import sklearn
import umap
from sklearn.manifold import TSNE, trustworthiness
from sklearn.preprocessing import StandardScaler

from learning_fixture import write
from preparations import table


def case(name, rounds, seeds):
    """Pictures from the principal components, and from random places."""
    x, _, _, _ = table(name)
    x = x[:, x.std(0) > 0]
    if name != "digits":
        x = StandardScaler().fit_transform(x)

    def picture(init, seed):
        made = TSNE(random_state=seed, init=init, n_jobs=1, max_iter=rounds, n_iter_without_progress=rounds,
                    min_grad_norm=0)
        places = made.fit_transform(x)
        return float(made.kl_divergence_), float(trustworthiness(x, places, n_neighbors=10))

    found = [picture("random", seed) for seed in range(seeds)]
    return {"table": name, "iterations": rounds, "start": picture("pca", 0),
            "random": [d for d, _ in found], "trust": [t for _, t in found],
            "umap": [float(trustworthiness(x, umap.UMAP(random_state=seed, init="pca", n_jobs=1).fit_transform(x), n_neighbors=10))
                     for seed in range(3)],
            "plain": trustworthiness(x, x[:, :2], n_neighbors=5)}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    curves = [[least, spread, *map(float, umap.umap_.find_ab_params(spread, least))]
              for least, spread in ((0.1, 1), (0.5, 1), (0.25, 2))]
    write("classifiers/projections.json", "projections.py", f"scikit-learn {sklearn.__version__}, umap-learn {umap.__version__}",
          {"pictures": [case("wine", 1000, 10), case("breast-cancer", 1000, 4), case("digits", 500, 2)], "curves": curves})
