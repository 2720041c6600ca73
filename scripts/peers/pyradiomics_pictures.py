"""Features of pyradiomics 3.0.1 of two-dimensional images: fixtures/features/pyradiomics-pictures.json.gz.

    python scripts/peers/pyradiomics_pictures.py

Values and mask are those of pyradiomics_features.py's made images of one slice; null is a value that is no number.
"""

import gzip
import hashlib
import json
import logging
import pathlib
import sys

import numpy
import radiomics
import SimpleITK
from radiomics import featureextractor

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from pyradiomics_features import made  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "features" / "pyradiomics-pictures.json.gz"
TYPES = {"Original": {}, "LoG": {"sigma": [1.0, 30.0]}, "Wavelet": {}, "Square": {}, "SquareRoot": {}, "Logarithm": {},
         "Exponential": {}, "Gradient": {}, "LBP2D": {"binWidth": 1.0}, "LBP3D": {}}

CASES = [
    {"name": "defaults", "made": made(20, 17, 1, 8, 0.6)["made"], "parameters": {}},
    {"name": "all filters", "made": made(21, 16, 1, 9, 0.5)["made"], "parameters": {"setting": {"binWidth": 7.0}, "imageType": TYPES}},
    {"name": "normalised and resampled", "made": made(19, 22, 1, 10, 0.5)["made"],
     "parameters": {"setting": {"binWidth": 15.0, "normalize": True, "normalizeScale": 100,
                                "resampledPixelSpacing": [1.3, 1.7]},
                    "imageType": {"Original": {}, "Wavelet": {}, "Square": {}}}},
]


def picture(of):
    (width, height, _), seed, share = of["size"], of["seed"], of["share"]
    state, numbers = seed, []
    for _ in range(2 * width * height):
        state = (state * 1664525 + 1013904223) % 2**32
        numbers.append(state / 2**32)
    values = numpy.floor(numpy.array(numbers[: width * height]) * 100).reshape(height, width)
    inside = (numpy.array(numbers[width * height :]) < share).astype("uint8").reshape(height, width)
    images = SimpleITK.GetImageFromArray(values.astype("int16")), SimpleITK.GetImageFromArray(inside)
    for one in images:
        one.SetSpacing((1.0, 1.5))
    return images


def main():
    radiomics.logger.setLevel(logging.CRITICAL)
    results = []
    for one in CASES:
        found = featureextractor.RadiomicsFeatureExtractor({"setting": {}, **one["parameters"]}).execute(*picture(one["made"]))
        values = {name: float(value) for name, value in found.items() if not name.startswith("diagnostics")}
        results.append({**one, "values": {name: None if value != value else value for name, value in values.items()}})
        print(one["name"], len(values))
    text = json.dumps(results, separators=(",", ":"))
    payload = {
        "maker": "scripts/peers/pyradiomics_pictures.py",
        "peer": f"pyradiomics {radiomics.__version__}, SimpleITK {SimpleITK.Version_VersionString()}, numpy {numpy.__version__}",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    OUT.write_bytes(gzip.compress((json.dumps(payload)[:-1] + ',"cases":' + text + "}").encode(), mtime=0))


if __name__ == "__main__":
    main()
