"""TorchIO's side of the augmentation of volumes, in a process of its own: answers lines of JSON on the standard input."""

import json
import os
import sys
import time

os.environ.setdefault("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "1")

import numpy as np
import SimpleITK as sitk
import torch
import torchio as tio

torch.set_num_threads(1)
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
state = {}


def rigid_motion(p):
    return tio.Motion(degrees=np.array(p["degrees"]), translation=np.array(p["translation"]), times=np.array(p["times"]),
                      image_interpolation="linear")


def affine_elastic(p):
    return tio.AffineElasticDeformation(affine_first=True, affine_params=p["affine"], elastic_params=elastic(p["elastic"]))


def elastic(p):
    nx, ny, nz = p["points"]
    control = np.array(p["displacements"]).reshape(3, nz, ny, nx).transpose(3, 2, 1, 0)  # x, y, z, component
    # the array's axes are RAS, ITK's LPS, in which it lays the grid out too
    return {"control_points": control[::-1, ::-1] * [-1, -1, 1], "max_displacement": (p["most"],) * 3}


def n4(image, p):
    picture = sitk.GetImageFromArray(image)
    mask = sitk.OtsuThreshold(picture, 0, 1, 256)
    corrector = sitk.N4BiasFieldCorrectionImageFilter()
    corrector.SetMaximumNumberOfIterations([50] * 4)
    corrector.Execute(sitk.Shrink(picture, [p["shrink"]] * 3), sitk.Shrink(mask, [p["shrink"]] * 3))
    field = corrector.GetLogBiasFieldAsImage(picture)
    return sitk.GetArrayFromImage(picture / sitk.Exp(field))


MAKERS = {
    "affine": lambda p: tio.Affine(**p),
    "elastic": lambda p: tio.ElasticDeformation(**elastic(p)),
    "affine and elastic": affine_elastic,
    "blur": lambda p: tio.Blur(**p),
    "bias field": lambda p: tio.BiasField(**p),
    "gamma": lambda p: tio.Gamma(**p),
    "noise": lambda p: tio.Noise(**p),
    "motion": rigid_motion,
    "ghosting": lambda p: tio.Ghosting(**p),
    "spike": lambda p: tio.Spike(spikes_positions=np.array(p["positions"]), intensity=p["intensity"]),
}


def prepare(request):
    side = request["side"]
    data = np.fromfile(request["image"], np.float32).reshape(side, side, side)
    labels = np.fromfile(request["labels"], np.uint8).reshape(side, side, side)
    affine = np.eye(4)
    affine[:3, 3] = -(side - 1) / 2  # TorchIO's Motion turns about the world's origin
    state["data"] = data
    state["subject"] = tio.Subject(
        image=tio.ScalarImage(tensor=torch.from_numpy(data.transpose(2, 1, 0)[None].copy()), affine=affine),
        labels=tio.LabelMap(tensor=torch.from_numpy(labels.transpose(2, 1, 0)[None].copy()), affine=affine),
    )
    state["transforms"] = {}
    for name, steps in request["pipelines"].items():
        made = [MAKERS[kind](parameters) for kind, parameters in steps]
        state["transforms"][name] = tio.Compose(made)
    return {}


def run(request):
    name, count = request["name"], request["count"]
    ms = []
    for _ in range(count):
        start = time.process_time()
        if name == "N4":
            result = n4(state["data"], request["parameters"])
        else:
            result = state["transforms"][name](state["subject"])
        ms.append((time.process_time() - start) * 1000)
    values = result if name == "N4" else result["image"].data[0].numpy().transpose(2, 1, 0)
    return {"ms": ms, "sample": np.ascontiguousarray(values).ravel()[:: request["stride"]].astype(float).tolist()}


def describe(_request):
    return {"torchio": tio.__version__, "torch": torch.__version__, "SimpleITK": sitk.Version_VersionString(),
            "python": sys.version.split()[0], "threads": torch.get_num_threads()}


for line in sys.stdin:
    try:
        request = json.loads(line)
        reply = {"prepare": prepare, "run": run, "describe": describe}[request["command"]](request)
    except Exception as error:  # every failure goes back to the one who asked
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
