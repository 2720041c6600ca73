"""Pixel values that pydicom gives, with GDCM, pylibjpeg and its own RLE decoder, for every image of the test data.

Arrays are named by sha256 of their bytes, little endian, [frame, channel, row, column]; of lossy ones a sample of
values is kept too. Run: python scripts/peers/dicom_pixels.py   (writes fixtures/dicom-pixels/values.json.gz)
"""

import base64
import gzip
import hashlib
import json
import logging
import os
import pathlib
import warnings
import zlib

import gdcm
import imagecodecs
import numpy as np
import pydicom
from pydicom.encaps import generate_frames
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_windowing, pixel_array
from pydicom.uid import UID

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("HOUNSFIELD_DATA", ROOT / ".." / "shared" / "data")).resolve()
FOLDERS = ["pydicom_dicom", "dicom_codecs_wg04", "highdicom_dicom", "nifti_niivue", "torchio_ct_dicom_series"]
LOSSY = {"50", "51", "81", "91", "203"}
SAMPLES = 4000


def planar(array, frames, samples):
    array = np.asarray(array)
    if frames == 1 and array.ndim == (3 if samples > 1 else 2):
        array = array[None]
    if samples > 1:
        array = np.moveaxis(array, -1, 1)
    return np.ascontiguousarray(array)


def summary(array, lossy):
    little = array.astype(array.dtype.newbyteorder("<"))
    out = {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "sha256": hashlib.sha256(little.tobytes()).hexdigest(),
    }
    if lossy:
        flat = little.ravel()
        step = max(1, flat.size // SAMPLES)
        out["step"] = step
        out["sample"] = base64.b64encode(zlib.compress(flat[::step].astype("<i4").tobytes(), 9)).decode()
    return out


def read(ds, path, plugin, raw, frames, samples):
    options = {"decoding_plugin": plugin} if plugin else {}
    array = pixel_array(ds, raw=raw, **options)
    frames = array.shape[0] if array.ndim == (4 if samples > 1 else 3) else 1
    return planar(array, frames, samples)


def by_imagecodecs(ds):
    """Extended JPEG of 12 bits whose scan header neither GDCM nor pylibjpeg accepts."""
    frames = generate_frames(ds.PixelData, number_of_frames=int(ds.get("NumberOfFrames", 1) or 1))
    return np.stack([imagecodecs.jpeg_decode(frame) for frame in frames])


def further(ds, raw):
    """What pydicom makes of the stored values: modality's table or rescale, palette, window, overlays."""
    out = {}
    frames, grey = raw, raw.ndim == 3
    if grey and ds.get("PhotometricInterpretation") == "PALETTE COLOR":
        if not ds.file_meta.TransferSyntaxUID.is_little_endian:
            # pydicom takes the words of these tables as little endian everywhere: their bytes are turned for it.
            for colour in ("Red", "Green", "Blue"):
                element = ds[f"{colour}PaletteColorLookupTableData"]
                element.value = np.frombuffer(element.value, "u2").byteswap().tobytes()
        out["palette"] = summary(planar(apply_color_lut(frames, ds), len(frames), 3), False)
    if grey and ("ModalityLUTSequence" in ds or "RescaleSlope" in ds):
        out["modality"] = summary(apply_modality_lut(frames, ds).astype("<f4"), False)
    if grey and ds.get("WindowWidth") is not None and ds.get("PhotometricInterpretation") != "PALETTE COLOR":
        values = apply_modality_lut(frames, ds)
        shown = apply_windowing(values, ds)
        step = max(1, shown.size // 200)
        out["window"] = {"step": step, "least": float(shown.min()), "sample": [round(float(v), 4) for v in shown.ravel()[::step]]}
    for group in range(0x6000, 0x6020, 2):
        if (group, 0x3000) in ds:
            array = ds.overlay_array(group)
            out.setdefault("overlays", {})[f"{group:04x}"] = {
                "shape": list(array.shape), "sha256": hashlib.sha256(array.astype("u1").tobytes()).hexdigest()}
    return out


def entry(path):
    try:
        ds = pydicom.dcmread(path, force=True)
    except Exception:
        return None
    if not any(k in ds for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        return None
    if "Rows" not in ds:
        return None
    if not getattr(ds, "file_meta", None) or "TransferSyntaxUID" not in ds.file_meta:
        ds.file_meta.TransferSyntaxUID = (
            pydicom.uid.ImplicitVRLittleEndian if ds.original_encoding[0] else
            pydicom.uid.ExplicitVRLittleEndian if ds.original_encoding[1] else pydicom.uid.ExplicitVRBigEndian
        )
    syntax = UID(ds.file_meta.TransferSyntaxUID)
    samples = int(ds.get("SamplesPerPixel", 1))
    out = {"syntax": str(syntax)}
    lossy = syntax.startswith("1.2.840.10008.1.2.4.") and syntax.split(".")[-1] in LOSSY
    out["lossy"] = lossy
    plugins = [None]
    if syntax.is_encapsulated:
        plugins = ["pydicom"] if syntax.endswith("1.2.5") else ["gdcm", "pylibjpeg"]
    values = {}
    for plugin in plugins:
        name = plugin or "pydicom"
        try:
            raw = read(ds, path, plugin, True, None, samples)
            values[name] = {"raw": summary(raw, lossy)}
            if samples > 1:
                values[name]["rgb"] = summary(read(ds, path, plugin, False, None, samples), lossy)
        except Exception as error:
            values[name] = {"error": type(error).__name__}
    if lossy and samples == 1 and all("error" in v for v in values.values()):
        try:
            values["imagecodecs"] = {"raw": summary(by_imagecodecs(ds), lossy)}
        except Exception as error:
            values["imagecodecs"] = {"error": type(error).__name__}
    out["values"] = values
    first = next((name for name in values if "raw" in values[name]), None)
    if first and first != "imagecodecs":
        try:
            out.update(further(ds, read(ds, path, first if syntax.is_encapsulated else None, True, None, samples)))
        except Exception as error:
            out["furtherError"] = f"{type(error).__name__}: {str(error)[:80]}"
    return out


def main():
    files = {}
    for folder in FOLDERS:
        for path in sorted((DATA / folder).rglob("*")):
            if path.is_file():
                found = entry(path)
                if found:
                    files[str(path.relative_to(DATA))] = found
    payload = json.dumps(files, separators=(",", ":"), sort_keys=True)
    record = {
        "maker": "scripts/peers/dicom_pixels.py",
        "peer": f"pydicom {pydicom.__version__}, GDCM {gdcm.Version.GetVersion()}, pylibjpeg 2.1.0, imagecodecs {imagecodecs.__version__}",
        "sha256": hashlib.sha256(payload.encode()).hexdigest(),
        "payload": files,
    }
    folder = ROOT / "fixtures" / "dicom-pixels"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, separators=(",", ":"), sort_keys=True).encode()
    (folder / "values.json.gz").write_bytes(gzip.compress(text, 9, mtime=0))
    print(len(files), "files")


if __name__ == "__main__":
    main()
