"""scikit-image's and mahotas' side of features of pictures, in a process of its own: answers lines of JSON."""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import mahotas
import numpy as np
import skimage
from mahotas.features import zernike_moments
from skimage.feature import graycomatrix, graycoprops, hog, local_binary_pattern
from skimage.filters import gabor
from skimage.measure import moments_central, moments_hu, moments_normalized

state = {}


def histogram(image, points, radius):
    codes = local_binary_pattern(image, points, radius, "uniform")
    return np.bincount(codes.astype(np.intp).ravel(), minlength=points + 2) / codes.size


def cooccurrence(image, levels, distances, angles):
    plane = (image.astype(np.int32) * levels // 256).astype(np.uint8)
    matrix = graycomatrix(plane, distances, angles, levels=levels, symmetric=True, normed=True)
    return np.stack([graycoprops(matrix, p) for p in ("contrast", "dissimilarity", "homogeneity", "ASM", "energy",
                                                      "correlation", "mean", "variance", "std", "entropy")], -1).ravel()


def magnitude(image, **filter_):
    real, imaginary = gabor(image, **filter_)
    return np.hypot(real, imaginary).ravel()


MAKERS = {
    "hog": lambda i, p: hog(i, orientations=p["orientations"], pixels_per_cell=p["pixelsPerCell"], cells_per_block=p["cellsPerBlock"]),
    "lbp": lambda i, p: histogram(i, p["points"], p["radius"]),
    "glcm": lambda i, p: cooccurrence(i, p["levels"], p["distances"], p["angles"]),
    "gabor": lambda i, p: magnitude(i.astype(float), **p),
    "hu": lambda i, p: moments_hu(moments_normalized(moments_central(i.astype(float)))),
    "zernike": lambda i, p: zernike_moments(i, p["radius"], p["degree"]),
}


def prepare(request):
    for name, (count, side) in request["sets"].items():
        state[name] = np.fromfile(request["files"][name], np.uint8).reshape(count, side, side)
    return {}


def run(request):
    make, parameters = MAKERS[request["kind"]], request["parameters"]
    images = state[request["set"]]
    start = time.process_time()
    for image in images:
        result = make(image, parameters)
    ms = (time.process_time() - start) * 1000
    return {"ms": [ms], "sample": np.asarray(result, float)[:: request["stride"]].tolist()}


def describe(_request):
    return {"scikit-image": skimage.__version__, "mahotas": mahotas.__version__, "numpy": np.__version__,
            "python": sys.version.split()[0]}


for line in sys.stdin:
    try:
        request = json.loads(line)
        reply = {"prepare": prepare, "run": run, "describe": describe}[request["command"]](request)
    except Exception as error:  # every failure goes back to the one who asked
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
