"""Features of pyradiomics 3.0.1 on images of the shared data and on made ones: fixtures/features/pyradiomics.json.gz.

    python scripts/peers/pyradiomics_features.py DATA

Each case has its images (a path below DATA, or sides and a seed of a made one), parameters and values.
"""

import gzip
import hashlib
import json
import logging
import pathlib
import sys

import numpy
import SimpleITK
import radiomics
import scipy.special
from radiomics import featureextractor

OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "features" / "pyradiomics.json.gz"
STS = "sts_sarcoma_3d/nifti/STS_00{}/{}_{}.nii.gz"
NRRD = "pyradiomics_baseline/data/{}.nrrd"
CLASSES = ["firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm", "shape"]


def sts(patient, kind):
    return {"image": STS.format(patient, kind, "image"), "mask": STS.format(patient, kind, "mask")}


def nrrd(name, mask=None):
    return {"image": NRRD.format(f"{name}_image"), "mask": NRRD.format(mask or f"{name}_label")}


PROSTATE = {"image": NRRD.format("prostate_phantom_subvolume"), "mask": NRRD.format("prostate_phantom_subvolume-label")}


def made(width, height, depth, seed, share):
    """A volume without texture whose mask has holes and voxels that stand alone."""
    return {"made": {"size": [width, height, depth], "seed": seed, "share": share}}


def case(name, images, setting=None, image_type=None, classes=None):
    parameters = {"setting": setting or {}}
    if image_type:
        parameters["imageType"] = image_type
    if classes:
        parameters["featureClass"] = {c: [] for c in classes}
    return {"name": name, **images, "parameters": parameters}


CASES = [
    case("defaults, MR", sts(2, "MR_T1")),
    case("defaults, CT with shift", sts(3, "CT"), {"voxelArrayShift": 1000, "binWidth": 25}),
    case("PET, narrow bins of a fraction", sts(2, "PET"), {"binWidth": 0.1}),
    case("PET, number of bins", sts(5, "PET"), {"binCount": 32}),
    case("PET, one bin", sts(5, "PET"), {"binCount": 1}),
    case("CT, absolute range", sts(2, "CT"), {"resegmentRange": [0, 100], "binWidth": 10}),
    case("MR, relative range also for shape", sts(3, "MR_T1"),
         {"resegmentRange": [0.3], "resegmentMode": "relative", "resegmentShape": True}),
    case("MR, sigma range", sts(2, "MR_T1"), {"resegmentRange": [2, -1.5], "resegmentMode": "sigma"}),
    case("distances 1 and 2, euclidean weights", sts(2, "PET"),
         {"binWidth": 0.5, "distances": [1, 2], "weightingNorm": "euclidean", "gldm_a": 1}),
    case("distance 3, alpha 2", nrrd("brain2"), {"distances": [3], "gldm_a": 2}),
    case("infinity weights", nrrd("breast1"), {"weightingNorm": "infinity", "binWidth": 10}),
    case("manhattan weights, not symmetrical", nrrd("breast1"),
         {"weightingNorm": "manhattan", "symmetricalGLCM": False, "binWidth": 5}),
    case("not symmetrical", nrrd("brain2"), {"symmetricalGLCM": False, "binWidth": 50}),
    case("normalised, outliers cut off", sts(3, "PET"),
         {"normalize": True, "normalizeScale": 100, "removeOutliers": 3, "binWidth": 5}),
    case("linear, slices kept", sts(2, "MR_T1"), {"resampledPixelSpacing": [2.5, 2, 0], "interpolator": "sitkLinear"}),
    case("B-spline, PET", sts(2, "PET"), {"resampledPixelSpacing": [3, 3, 3], "interpolator": "sitkBSpline", "binWidth": 0.25}),
    case("nearest, prostate", PROSTATE,
         {"resampledPixelSpacing": [1, 1.5, 2], "interpolator": "sitkNearestNeighbor", "padDistance": 2}),
    case("B-spline, prostate in a turned frame", PROSTATE, {"resampledPixelSpacing": [1, 1, 1], "binWidth": 15}),
    case("B-spline onto voxels of a turned frame", PROSTATE, {"resampledPixelSpacing": [0.5, 0.5, 1], "binWidth": 15},
         {"Original": {}, "LoG": {"sigma": [2.0]}}, ["firstorder", "glcm"]),
    case("spacing as it is", nrrd("breast1"), {"resampledPixelSpacing": [0, 0, 0], "padDistance": 3}),
    case("slices along y", nrrd("brain2"), {"force2D": True, "force2Ddimension": 1}),
    case("slices along x", sts(2, "PET"), {"force2D": True, "force2Ddimension": 2, "binWidth": 0.3}),
    case("cropped first", nrrd("brain2"), {"preCrop": True, "padDistance": 2},
         {"Original": {}, "Wavelet": {}, "LoG": {"sigma": [1.0]}}, ["firstorder", "glcm"]),
    case("voxels alone", made(9, 7, 5, 3, 0.04), {"binWidth": 10, "minimumROIDimensions": 1}),
    case("holes", made(12, 11, 10, 5, 0.5), {"binWidth": 7}),
    case("one slice", made(20, 17, 1, 8, 0.6), {"binWidth": 9}),
    case("a line", made(23, 1, 1, 8, 0.7), {"binWidth": 9, "minimumROIDimensions": 1}, None,
         ["firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm"]),
    case("places on voxels, linear", made(12, 11, 9, 9, 0.6),
         {"resampledPixelSpacing": [0.7, 0, 2.5], "interpolator": "sitkLinear", "binWidth": 7}),
    case("places on voxels, B-spline", made(12, 11, 9, 10, 0.6), {"resampledPixelSpacing": [1, 1, 1], "binWidth": 7}),
    case("bands in slices along x, not symmetrical", made(9, 8, 7, 11, 0.8),
         {"force2D": True, "force2Ddimension": 2, "symmetricalGLCM": False, "binWidth": 7}, {"Wavelet": {"wavelet": "db3"}}),
    case("two levels", made(12, 11, 10, 6, 0.8), {"binCount": 2}),
    case("many levels", made(12, 11, 10, 6, 0.8), {"binWidth": 0.01}, None, ["firstorder", "glrlm", "glszm", "gldm", "ngtdm"]),
    case("all filters", nrrd("breast1"), {"binWidth": 5},
         {"Original": {}, "Wavelet": {}, "LoG": {"sigma": [1.0, 2.5]}, "Square": {}, "SquareRoot": {}, "Logarithm": {},
          "Exponential": {"binWidth": 0.5}, "Gradient": {}, "LBP2D": {"binWidth": 1}}),
    case("value-wise filters, PET", sts(2, "PET"), {"binWidth": 0.5},
         {"Square": {}, "SquareRoot": {}, "Logarithm": {"binWidth": 0.2}, "Exponential": {"binCount": 20}}),
    case("gradient without spacing, LoG, MR", sts(2, "MR_T1"), {"binWidth": 10},
         {"Gradient": {"gradientUseSpacing": False}, "LoG": {"sigma": [3.0], "binWidth": 5}}),
    case("two levels of db2", sts(2, "MR_T1"), {"binWidth": 10}, {"Wavelet": {"wavelet": "db2", "level": 2}}, ["firstorder", "glcm"]),
    case("second level of haar in slices", nrrd("breast1"), {"binWidth": 5, "force2D": True},
         {"Wavelet": {"wavelet": "haar", "start_level": 1}}),
    case("patterns along y", nrrd("breast1"), {"binWidth": 1, "force2D": True, "force2Ddimension": 1},
         {"LBP2D": {"lbp2DRadius": 2, "lbp2DSamples": 12, "lbp2DMethod": "ror"}}, ["firstorder", "glcm"]),
    case("patterns on spheres", nrrd("breast1"), {"binWidth": 0.5}, {"LBP3D": {}}, ["firstorder", "glrlm"]),
    case("patterns on wider spheres, four degrees", nrrd("brain2"), {"binCount": 12},
         {"LBP3D": {"lbp3DLevels": 4, "lbp3DIcosphereRadius": 2.5, "lbp3DIcosphereSubdivision": 2}}, ["firstorder"]),
]


def sph_harm(m, n, theta, phi):
    """What SciPy had until 1.16, which pyradiomics' LBP3D asks for: theta is the azimuth."""
    order = abs(m)
    scale = numpy.sqrt((2 * n + 1) / (4 * numpy.pi) * numpy.exp(
        scipy.special.gammaln(n - order + 1) - scipy.special.gammaln(n + order + 1)))
    value = scale * scipy.special.lpmv(order, n, numpy.cos(phi)) * numpy.exp(1j * order * theta)
    return (-1) ** order * numpy.conj(value) if m < 0 else value


if not hasattr(scipy.special, "sph_harm"):
    scipy.special.sph_harm = sph_harm


def made_images(made):
    (width, height, depth), seed, share = made["size"], made["seed"], made["share"]
    count = width * height * depth
    state, numbers = seed, []
    for _ in range(2 * count):
        state = (state * 1664525 + 1013904223) % 2**32
        numbers.append(state / 2**32)
    values = numpy.floor(numpy.array(numbers[:count]) * 100).reshape(depth, height, width)
    inside = (numpy.array(numbers[count:]) < share).astype("uint8").reshape(depth, height, width)
    image, mask = SimpleITK.GetImageFromArray(values.astype("int16")), SimpleITK.GetImageFromArray(inside)
    for one in (image, mask):
        one.SetSpacing((1.0, 1.5, 2.0))
    return image, mask


def main(data):
    radiomics.logger.setLevel(logging.CRITICAL)
    results = []
    for one in CASES:
        if "made" in one:
            image, mask = made_images(one["made"])
        else:
            image, mask = (SimpleITK.ReadImage(str(data / one[part])) for part in ("image", "mask"))
        extractor = featureextractor.RadiomicsFeatureExtractor({
            "setting": {"additionalInfo": False, **one["parameters"]["setting"]},
            "imageType": one["parameters"].get("imageType", {"Original": {}}),
            "featureClass": one["parameters"].get("featureClass", {c: [] for c in CLASSES}),
        })
        found = extractor.execute(image, mask)
        values = {name: float(value) for name, value in found.items()}
        results.append({**one, "values": {name: None if v != v else v for name, v in values.items()}})
        print(one["name"], len(values))
    text = json.dumps(results, separators=(",", ":"))
    payload = {
        "maker": "scripts/peers/pyradiomics_features.py",
        "peer": f"pyradiomics {radiomics.__version__}, SimpleITK {SimpleITK.Version_VersionString()}, numpy {numpy.__version__}",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    body = json.dumps(payload)[:-1] + ',"cases":' + text + "}"
    OUT.write_bytes(gzip.compress(body.encode(), mtime=0))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
