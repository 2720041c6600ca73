"""What imbalanced-learn leaves of, and adds to, tables.json.gz: fixtures/classifiers/resampling.json.

    python scripts/peers/resampling.py

Rows outside of fold 0, columns centred and divided by their standard deviation; of class 0 every third row.
"""

import warnings

import imblearn
import numpy as np
from imblearn.over_sampling import ADASYN, BorderlineSMOTE
from imblearn.under_sampling import EditedNearestNeighbours, TomekLinks
from sklearn.preprocessing import StandardScaler

from learning_fixture import write
from preparations import table


def case(name):
    x, y, _, _ = table(name)
    x = x[:, x.std(0) > 0]
    x = StandardScaler().fit_transform(x)
    first = np.cumsum(y == 0)
    keep = (y != 0) | (first % 3 == 1)
    x, y = x[keep], y[keep]

    def kept(sampler):
        sampler.fit_resample(x, y)
        return sampler.sample_indices_.tolist()

    def counts(sampler):
        return np.bincount(sampler.fit_resample(x, y)[1]).tolist()

    danger = BorderlineSMOTE(random_state=0)
    danger.fit_resample(x, y)
    return {"table": name, "rows": np.flatnonzero(keep).tolist(),
            "tomek": kept(TomekLinks()), "tomekAll": kept(TomekLinks(sampling_strategy="all")),
            "edited": kept(EditedNearestNeighbours()),
            "editedMost": kept(EditedNearestNeighbours(kind_sel="mode")),
            "editedAll": kept(EditedNearestNeighbours(sampling_strategy="all", n_neighbors=5)),
            "adasyn": counts(ADASYN(random_state=0)),
            "danger": {str(k): np.sort(v).tolist() for k, v in danger.in_danger_indices.items()}}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write("classifiers/resampling.json", "resampling.py", f"imbalanced-learn {imblearn.__version__}",
          [case("breast-cancer"), case("wine")])
