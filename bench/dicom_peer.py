"""pydicom's side of the DICOM comparisons, in a process of its own: answers lines of JSON on the standard input."""

import json
import pathlib
import sys
import time
import warnings
import zlib

import gdcm
import imagecodecs
import numpy as np
import openjpeg
import pydicom
import pylibjpeg
from pydicom.encaps import generate_frames
from pydicom.pixels import apply_modality_lut, pixel_array

warnings.simplefilter("ignore")


def ordered(folder):
    headers = [pydicom.dcmread(path) for path in pathlib.Path(folder).iterdir()]
    return sorted(headers, key=lambda ds: float(ds.ImagePositionPatient[2]))


def by_modality_lut(folder):
    """The way pydicom's documentation shows, kept as 16 bits."""
    return np.stack([apply_modality_lut(ds.pixel_array, ds).astype(np.int16) for ds in ordered(folder)])


def by_hand(folder):
    """Whole numbers taken for granted: one addition in NumPy over the whole array."""
    series = ordered(folder)
    volume = np.stack([ds.pixel_array for ds in series])
    volume += np.int16(series[0].RescaleIntercept)
    return volume


def plugin(name):
    return lambda ds, frame: pixel_array(ds, raw=True, decoding_plugin=name)


decoders = {
    "gdcm": plugin("gdcm"),
    "pylibjpeg": plugin("pylibjpeg"),
    "imagecodecs": lambda ds, frame: (
        imagecodecs.jpegls_decode(frame) if str(ds.file_meta.TransferSyntaxUID).endswith((".80", ".81"))
        else imagecodecs.jpeg2k_decode(frame)
    ),
}
series = {"modality-lut": by_modality_lut, "by-hand": by_hand}
loaded = {}


def load(path):
    if path not in loaded:
        ds = pydicom.dcmread(path)
        loaded[path] = ds, next(generate_frames(ds.PixelData, number_of_frames=1))
    return loaded[path]


def answer(request):
    command = request["command"]
    if command == "describe":
        return {
            "pydicom": pydicom.__version__, "gdcm": gdcm.Version.GetVersion(), "pylibjpeg": pylibjpeg.__version__,
            "openjpeg": openjpeg.__version__, "imagecodecs": imagecodecs.__version__, "numpy": np.__version__,
        }
    start = time.perf_counter()
    if command == "series":
        values = series[request["way"]](request["folder"])
    else:
        for _ in range(request["count"]):
            values = decoders[request["decoder"]](*load(request["file"]))
    ms = (time.perf_counter() - start) * 1000
    checksum = zlib.crc32(np.ascontiguousarray(values).view("u1")) if request.get("check") else 0
    return {"ms": [ms / request.get("count", 1)], "checksum": checksum}


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
