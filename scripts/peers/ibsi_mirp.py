"""Writes fixtures/features/ibsi-mirp.json: what MIRP gives for all IBSI features, in all aggregations, of images of the shared
data (HOUNSFIELD_DATA). Features are named by family, IBSI identifier and aggregation."""

import os
import pathlib
import re
import sys
import warnings
from importlib.metadata import version

import mirp
import numpy as np
from mirp import extract_features

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from learning_fixture import write  # noqa: E402

DATA = pathlib.Path(os.environ.get("HOUNSFIELD_DATA", pathlib.Path(__file__).resolve().parents[3] / "shared/data"))
SARCOMA = "sts_sarcoma_3d/nifti"

COMMON = dict(
    by_slice=False, base_feature_families="all", no_approximation=True, ibsi_compliant=False, anti_aliasing=False,
    glcm_spatial_method=["2d_average", "2d_slice_merge", "2.5d_direction_merge", "2.5d_volume_merge", "3d_average",
                         "3d_volume_merge"],
    glrlm_spatial_method=["2d_average", "2d_slice_merge", "2.5d_direction_merge", "2.5d_volume_merge", "3d_average",
                          "3d_volume_merge"],
    glszm_spatial_method=["2d", "2.5d", "3d"], gldzm_spatial_method=["2d", "2.5d", "3d"],
    ngtdm_spatial_method=["2d", "2.5d", "3d"], ngldm_spatial_method=["2d", "2.5d", "3d"])

CASES = {
    "ct-linear": dict(
        image=f"{SARCOMA}/STS_002/CT", image_modality="ct", new_spacing=2.0, spline_order=1,
        resegmentation_method="range", resegmentation_intensity_range=[-50.0, 100.0],
        base_discretisation_method="fixed_bin_size", base_discretisation_bin_width=10.0,
        ivh_discretisation_method="none"),
    "pet-plain": dict(
        image=f"{SARCOMA}/STS_010/PET", image_modality="pet",
        resegmentation_method="range", resegmentation_intensity_range=[0.0, np.nan],
        base_discretisation_method="fixed_bin_size", base_discretisation_bin_width=0.5,
        ivh_discretisation_method="fixed_bin_size", ivh_discretisation_bin_width=0.1),
    "mr-cubic": dict(
        image=f"{SARCOMA}/STS_002/MR_T1", image_modality="mr", new_spacing=[2.5, 1.5, 1.5], spline_order=3,
        resegmentation_method="sigma", resegmentation_sigma=3.0,
        base_discretisation_method="fixed_bin_number", base_discretisation_n_bins=24,
        ivh_discretisation_method="fixed_bin_number", ivh_discretisation_n_bins=1000),
}

AGGREGATIONS = {
    "2d_avg": "2D_avg", "2d_s_mrg": "2D_s_mrg", "2.5d_d_mrg": "2_5D_d_mrg", "2.5d_v_mrg": "2_5D_mrg",
    "3d_avg": "3D_avg", "3d_v_mrg": "3D_mrg", "2d": "2D_avg", "2.5d": "2_5D_mrg", "3d": "3D_mrg",
}

SPATIAL = sorted(AGGREGATIONS, key=len, reverse=True)

# features of percentiles share a class, whose identifier depends on the percentile
PERCENTILES = {
    "ivh_v10": "NK6P", "ivh_v90": "4279", "ivh_i10": "PWN1", "ivh_i90": "BOHI", "ivh_diff_v10_v90": "WITY",
    "ivh_diff_i10_i90": "JXJA", "cm_sum_entr": "P6QZ", "stat_p10": "QG58", "stat_p90": "8DWT", "ih_p10": "GPMT", "ih_p90": "OZ0C",
}


def identifiers():
    """MIRP's short names of features and the identifiers that their classes state."""
    found = dict(PERCENTILES)
    for source in (pathlib.Path(mirp.__file__).parent / "_features").glob("*_features.py"):
        pairs = re.findall(r'self\.abbr_name = "(\w+)"\s+self\.ibsi_id = "(\w{4})"', source.read_text())
        found.update(pairs)
    return found


def named(column, known):
    """'GYBY 3D_avg' for a column of MIRP's, or None where the feature is not the IBSI's."""
    plain = re.sub(r"_(fbs_w|fbn_n)[\d.]+$", "", column)
    for spatial in SPATIAL:
        if plain.endswith(f"_{spatial}"):
            short = re.sub(r"(_d1(\.0)?)?(_a0(\.0)?)?$", "", plain[: -len(spatial) - 1])
            return f"{known[short]} {AGGREGATIONS[spatial]}" if short in known else None
    return known.get(plain)


def main():
    known = identifiers()
    cases = {}
    for name, case in CASES.items():
        path = case.pop("image")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = extract_features(image=str(DATA / f"{path}_image.nii.gz"), mask=str(DATA / f"{path}_mask.nii.gz"),
                                     **COMMON, **case)[0]
        values, unnamed = {}, []
        for column in table.columns:
            key = named(column, known)
            if key is None:
                unnamed.append(column)
            else:
                value = float(table[column].iloc[0])
                values[key] = value if np.isfinite(value) else None
        print(name, len(values), "not of the IBSI:", [c for c in unnamed if not c.startswith(("image_", "sample"))])
        cases[name] = {"image": path, "values": values}
    write("features/ibsi-mirp.json", "ibsi_mirp.py", f"mirp {version('mirp')}", cases)


main()
