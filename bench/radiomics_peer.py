"""pyradiomics' side of the radiomics bench, in a process of its own: answers lines of JSON on the standard input."""

import json
import logging
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
    os.environ[name] = "1"

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics import featureextractor

sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
radiomics.logger.setLevel(logging.CRITICAL)
images = {}


def prepare(request):
    if "side" in request:
        side = request["side"]
        image = sitk.GetImageFromArray(np.fromfile(request["image"], np.int16).reshape(side, side, side))
        mask = sitk.GetImageFromArray(np.fromfile(request["mask"], np.uint8).reshape(side, side, side))
    else:
        image, mask = sitk.ReadImage(request["image"]), sitk.ReadImage(request["mask"])
    images[request["name"]] = (image, mask)
    return {}


def run(request):
    image, mask = images[request["name"]]
    extractor = featureextractor.RadiomicsFeatureExtractor(additionalInfo=False, **request["setting"])
    ms = []
    for _ in range(request["count"]):
        start = time.process_time()
        values = extractor.execute(image, mask)
        ms.append((time.process_time() - start) * 1000)
    return {"ms": ms, "values": {name: float(value) for name, value in values.items()}}


def describe(_request):
    return {"pyradiomics": radiomics.__version__, "SimpleITK": sitk.Version_VersionString(), "numpy": np.__version__,
            "python": sys.version.split()[0]}


for line in sys.stdin:
    try:
        request = json.loads(line)
        reply = {"prepare": prepare, "run": run, "describe": describe}[request["command"]](request)
    except Exception as error:  # every failure goes back to the one who asked
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
