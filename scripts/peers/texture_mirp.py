"""Textures of made regions by MIRP: distances, coarseness, holes, single voxels: fixtures/features/texture-mirp.json.

    python scripts/peers/texture_mirp.py
"""

import pathlib
import re
import sys
import tempfile
import warnings
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk
from mirp import extract_features

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from learning_fixture import write  # noqa: E402

DIRECTED = ["2d_average", "2d_slice_merge", "2.5d_direction_merge", "2.5d_volume_merge", "3d_average", "3d_volume_merge"]
PLAIN = ["2d", "2.5d", "3d"]
AGGREGATIONS = {
    "2.5d_d_mrg": "2_5D_d_mrg", "2.5d_v_mrg": "2_5D_mrg", "3d_v_mrg": "3D_mrg", "2d_s_mrg": "2D_s_mrg", "2d_avg": "2D_avg",
    "3d_avg": "3D_avg", "2.5d": "2_5D_mrg", "2d": "2D_avg", "3d": "3D_mrg",
}

CASES = {
    "holes": {"size": [12, 11, 10], "seed": 5, "share": 0.5, "levels": 9},
    "voxels alone": {"size": [9, 8, 7], "seed": 3, "share": 0.08, "levels": 4},
    "two levels": {"size": [10, 9, 8], "seed": 7, "share": 0.9, "levels": 2},
    "distance 2, coarseness 1": {"size": [12, 11, 10], "seed": 11, "share": 0.7, "levels": 12, "distance": 2, "coarseness": 1},
    "distance 3": {"size": [12, 11, 10], "seed": 13, "share": 0.8, "levels": 5, "distance": 3},
}


def made(case):
    width, height, depth = case["size"]
    count = width * height * depth
    state, numbers = case["seed"], []
    for _ in range(2 * count):
        state = (state * 1664525 + 1013904223) % 2**32
        numbers.append(state / 2**32)
    levels = 1 + np.floor(np.array(numbers[:count]) * case["levels"])
    inside = np.array(numbers[count:]) < case["share"]
    return levels.reshape(depth, height, width), inside.reshape(depth, height, width).astype("uint8")


def key(column):
    plain = re.sub(r"_(fbs_w|fbn_n)[\d.]+$", "", column)
    for spatial, aggregation in AGGREGATIONS.items():
        if plain.endswith(f"_{spatial}"):
            return re.sub(r"(_d\d+(\.0)?)?(_a\d+(\.0)?)?$", "", plain[: -len(spatial) - 1]) + f"_{aggregation}"
    return None


def main():
    cases = {}
    for name, case in CASES.items():
        levels, inside = made(case)
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            files = {}
            for part, array in (("image", levels), ("mask", inside)):
                picture = sitk.GetImageFromArray(array)
                files[part] = str(pathlib.Path(folder) / f"{part}.nii.gz")
                sitk.WriteImage(picture, files[part])
            table = extract_features(
                **files, by_slice=False, no_approximation=True, ibsi_compliant=False,
                base_feature_families=["cm", "rlm", "szm", "dzm", "ngtdm", "ngldm"],
                base_discretisation_method="none", mask_select_largest_slice=False,
                glcm_distance=float(case.get("distance", 1)), ngldm_distance=float(case.get("distance", 1)),
                ngldm_difference_level=float(case.get("coarseness", 0)), glcm_spatial_method=DIRECTED,
                glrlm_spatial_method=DIRECTED, glszm_spatial_method=PLAIN, gldzm_spatial_method=PLAIN,
                ngtdm_spatial_method=PLAIN, ngldm_spatial_method=PLAIN)[0]
        values = {}
        for column in table.columns:
            if (named := key(column)) is not None:
                value = float(table[column].iloc[0])
                values[named] = value if np.isfinite(value) else None
        print(name, len(values))
        cases[name] = {**case, "values": values}
    write("features/texture-mirp.json", "texture_mirp.py", f"mirp {version('mirp')}", cases)


main()
