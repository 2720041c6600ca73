"""Writes fixtures/features/filters.json: mean, variance and 90th percentile in the mask of the images that pyradiomics' filters make
of brain1 of the shared data (HOUNSFIELD_DATA)."""

import os
import pathlib
import sys
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk
from radiomics import imageoperations

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from learning_fixture import write  # noqa: E402

DATA = pathlib.Path(os.environ.get("HOUNSFIELD_DATA", pathlib.Path(__file__).resolve().parents[3] / "shared/data"))
FOLDER = DATA / "pyradiomics_baseline/data"

FILTERS = {
    "getLoGImage": {"sigma": [1.0, 2.5]},
    "getWaveletImage": {"wavelet": "coif1"},
    "getSquareImage": {}, "getSquareRootImage": {}, "getLogarithmImage": {}, "getExponentialImage": {},
    "getGradientImage": {}, "getLBP2DImage": {},
}


def main():
    image = sitk.ReadImage(str(FOLDER / "brain1_image.nrrd"))
    mask = sitk.ReadImage(str(FOLDER / "brain1_label.nrrd"))
    inside = sitk.GetArrayFromImage(mask) == 1
    values = {}
    for name, options in FILTERS.items():
        for filtered, title, _ in getattr(imageoperations, name)(image, mask, **options):
            data = sitk.GetArrayFromImage(filtered)[inside].astype(float)
            values[title] = [float(data.mean()), float(data.var()), float(np.percentile(data, 90))]
    write("features/filters.json", "feature_filters.py", f"pyradiomics {version('pyradiomics')}",
          {"image": "pyradiomics_baseline/data/brain1", "values": values})


main()
