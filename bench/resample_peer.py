"""SimpleITK's side of the resampling comparison: answers lines of JSON on the standard input. One thread."""

import json
import pathlib
import re
import sys
import time

import numpy as np
import SimpleITK as sitk

sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
INTERPOLATORS = {"linear": sitk.sitkLinear, "nearest": sitk.sitkNearestNeighbor, "bspline": sitk.sitkBSpline3}
state = {}


def peak():
    """Megabytes resident at their most; 0 where the kernel does not say."""
    try:
        text = pathlib.Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", text, re.M)[1]) * 1024 / 1e6


def prepare(request):
    """The volume that resample-side.ts makes too: whole numbers of -1000 to 3095."""
    n = request["side"]
    values = (np.arange(n**3, dtype=np.uint32) * np.uint32(2654435761) >> np.uint32(20)).astype(request["type"])
    values -= np.array(1000, dtype=request["type"])
    state["image"] = sitk.GetImageFromArray(values.reshape(n, n, n))
    state["image"].SetSpacing(request["spacingMm"])
    return {}


def run(request):
    matrix = np.asarray(request["affine"]).reshape(3, 4)
    spacing = np.linalg.norm(matrix[:, :3], axis=0)
    n = request["side"]
    arguments = ([n, n, n], sitk.Transform(), INTERPOLATORS[request["interpolation"]], matrix[:, 3].tolist(),
                 spacing.tolist(), (matrix[:, :3] / spacing).ravel().tolist(), -1000.0)
    start = time.perf_counter()
    result = sitk.Resample(state["image"], *arguments)
    ms = (time.perf_counter() - start) * 1000
    sample = sitk.GetArrayViewFromImage(result).ravel()[:: request["stride"]].astype(float).tolist()
    return {"ms": [ms], "sample": sample, "peakMB": peak(), "version": sitk.Version_VersionString()}


for line in sys.stdin:
    try:
        asked = json.loads(line)
        answer = prepare(asked) if asked["command"] == "prepare" else run(asked)
    except Exception as error:  # whatever it is, the other side is told
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
