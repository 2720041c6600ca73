"""Small DICOM images of odd kinds, made by pydicom, with the values that pydicom reads from them.

Run: python scripts/peers/dicom_made.py   (writes fixtures/dicom-pixels/made.json.gz)
"""

import base64
import gzip
import hashlib
import io
import json
import logging
import math
import pathlib
import warnings

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended, fragment_frame
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, pixel_array
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless, RLELossless,
    DeflatedExplicitVRLittleEndian, SecondaryCaptureImageStorage,
)
import imagecodecs

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "dicom-pixels"
rng = np.random.default_rng(11)
cases = []


def image(rows, columns, *, bits=16, stored=None, signed=0, samples=1, frames=None, photometric=None, syntax=ExplicitVRLittleEndian):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    ds.SOPClassUID = SecondaryCaptureImageStorage
    ds.SOPInstanceUID = "1.2.3.4"
    ds.Modality = "OT"
    ds.Rows, ds.Columns, ds.SamplesPerPixel = rows, columns, samples
    ds.PhotometricInterpretation = photometric or ("RGB" if samples == 3 else "MONOCHROME2")
    ds.BitsAllocated, ds.BitsStored = bits, stored or bits
    ds.HighBit, ds.PixelRepresentation = (stored or bits) - 1, signed
    if samples > 1:
        ds.PlanarConfiguration = 0
    if frames:
        ds.NumberOfFrames = frames
    return ds


def saved(ds):
    buffer = io.BytesIO()
    named = ds.file_meta.TransferSyntaxUID
    if not named.is_transfer_syntax:  # unknown to this pydicom: written as another of the same length
        ds.file_meta.TransferSyntaxUID = pydicom.uid.HTJ2KLossless
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue().replace(b"1.2.840.10008.1.2.4.201", str(named).encode()) if named.endswith("110") else buffer.getvalue()


def planar(array, samples, many):
    array = np.asarray(array)
    if not many:
        array = array[None]
    return np.moveaxis(array, -1, 1) if samples > 1 else array


def case(name, ds, further=None, encoded=None):
    """`encoded`: what went into an encoder, where pydicom has no decoder for it."""
    data = saved(ds)
    back = pydicom.dcmread(io.BytesIO(data))
    samples, many = int(back.SamplesPerPixel), int(back.get("NumberOfFrames", 1)) > 1
    if encoded is not None:
        raw = planar(encoded, samples, many)
        cases.append({"name": name, "file": base64.b64encode(data).decode(), "raw": listed(raw)})
        return
    raw = planar(pixel_array(back, raw=True), samples, many)
    entry = {"name": name, "file": base64.b64encode(data).decode(), "raw": listed(raw)}
    if samples > 1:
        entry["rgb"] = listed(planar(pixel_array(back), samples, many))
    if further:
        entry.update({key: listed(value) for key, value in further(back, raw).items()})
    cases.append(entry)


def listed(array):
    array = np.asarray(array)
    return {"dtype": array.dtype.name, "values": [float(v) if array.dtype.kind == "f" else int(v) for v in array.ravel()]}


def words(array):
    return np.ascontiguousarray(array).tobytes()


def native():
    for syntax, name in ((ExplicitVRLittleEndian, "little"), (ExplicitVRBigEndian, "big"), (ImplicitVRLittleEndian, "implicit"), (DeflatedExplicitVRLittleEndian, "deflated")):
        order = ">" if syntax == ExplicitVRBigEndian else "<"
        for bits, signed in ((8, 0), (8, 1), (16, 0), (16, 1), (32, 0), (32, 1)):
            info = np.iinfo(f"{'i' if signed else 'u'}{bits // 8}")
            array = rng.integers(info.min, info.max, (2, 3, 4), endpoint=True).astype(f"{order}{'i' if signed else 'u'}{bits // 8}")
            ds = image(3, 4, bits=bits, signed=signed, frames=2, syntax=syntax)
            data = words(array)
            ds.PixelData = data
            ds["PixelData"].VR = "OW" if bits > 8 else "OB"
            case(f"{name} endian, {bits} bits, {'signed' if signed else 'unsigned'}", ds)
    ds = image(3, 3, bits=8, frames=3, syntax=ExplicitVRBigEndian)
    data = rng.integers(0, 256, 28).astype("u1").tobytes()
    ds.PixelData = data
    ds["PixelData"].VR = "OW"
    case("8 bits in big-endian words, odd frames", ds)
    ds = image(5, 5, bits=1, frames=3)
    ds.PixelData = rng.integers(0, 256, 10).astype("u1").tobytes()
    ds["PixelData"].VR = "OB"
    case("1 bit, frames that end within a byte", ds)
    for signed in (0, 1):
        ds = image(4, 4, bits=16, stored=12, signed=signed)
        ds.PixelData = rng.integers(0, 65536, 16).astype("<u2").tobytes()
        case(f"12 of 16 bits with rubbish above, {'signed' if signed else 'unsigned'}", ds)
    for planes in (0, 1):
        ds = image(3, 4, bits=8, samples=3, frames=2)
        ds.PlanarConfiguration = planes
        ds.PixelData = rng.integers(0, 256, 72).astype("u1").tobytes()
        case(f"RGB, planar configuration {planes}", ds)
    ds = image(4, 4, bits=8, samples=3, frames=2, photometric="YBR_FULL")
    ds.PixelData = rng.integers(0, 256, 96).astype("u1").tobytes()
    case("YBR_FULL", ds)
    ds = image(4, 4, bits=8, samples=3, frames=2, photometric="YBR_FULL_422")
    ds.PixelData = rng.integers(0, 256, 64).astype("u1").tobytes()
    case("YBR_FULL_422", ds)
    for keyword, kind in (("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")):
        ds = image(3, 3, bits=32 if kind == "<f4" else 64)
        for name in ("BitsStored", "HighBit", "PixelRepresentation"):
            del ds[name]
        setattr(ds, keyword, rng.normal(size=9).astype(kind).tobytes())
        case(keyword, ds)


def encapsulated():
    frames = [rng.integers(0, 4096, (16, 16)).astype("<u2") for _ in range(3)]
    ls = [imagecodecs.jpegls_encode(frame) for frame in frames]
    ls = [frame + b"\0" * (len(frame) % 2) for frame in ls]

    def compressed(name, data, **more):
        ds = image(16, 16, stored=12, frames=3, syntax=JPEGLSLossless)
        ds.PixelData = data
        ds["PixelData"].is_undefined_length = True
        for key, value in more.items():
            setattr(ds, key, value)
        case(name, ds)

    compressed("fragment for each frame, offset table", encapsulate(ls))
    compressed("fragment for each frame, no table", encapsulate(ls, has_bot=False))
    compressed("three fragments for each frame, offset table", encapsulate(ls, fragments_per_frame=3))
    compressed("three fragments for each frame, no table", encapsulate(ls, fragments_per_frame=3, has_bot=False))
    data, offsets, lengths = encapsulate_extended(ls)
    compressed("extended offset table", data, ExtendedOffsetTable=offsets, ExtendedOffsetTableLengths=lengths)

    ds = image(8, 8, bits=16, stored=16, frames=2)
    ds.PixelData = words(rng.integers(0, 50, (2, 8, 8)).astype("<u2"))
    ds.compress(RLELossless, generate_instance_uid=False)
    case("RLE, 16 bits, two frames", ds)
    ds = image(8, 8, bits=8, samples=3)
    ds.PixelData = words(rng.integers(0, 3, (8, 8, 3)).astype("u1"))
    ds.compress(RLELossless, generate_instance_uid=False)
    case("RLE, RGB", ds)
    near = image(16, 16, bits=8, samples=3, syntax=JPEGLSLossless)
    near.PixelData = encapsulate([imagecodecs.jpegls_encode(rng.integers(0, 40, (16, 16, 3)).astype("u1"))])
    near["PixelData"].is_undefined_length = True
    case("JPEG-LS, RGB", near)
    flat = image(40, 40, bits=16, stored=16, signed=1, syntax=JPEGLSLossless)
    ramp = np.zeros((40, 40), "<i2")
    ramp[10:30, 5:37] = 9
    ramp[20, 20] = -3
    flat.PixelData = encapsulate([imagecodecs.jpegls_encode(ramp.view("<u2"))])
    flat["PixelData"].is_undefined_length = True
    case("JPEG-LS, runs", flat)


def newer():
    """High-throughput JPEG 2000 and JPEG XL."""
    x, y = np.meshgrid(np.arange(24), np.arange(20))
    grey8 = (x * 7 + y * 3 + rng.integers(0, 9, x.shape)).astype("u1")
    grey16 = (x * 700 + y * 30 + rng.integers(0, 99, x.shape)).astype("<u2")
    colour = np.stack([grey8, 255 - grey8, grey8[::-1]], -1)
    for syntax, encode in (("110", lambda a: imagecodecs.jpegxl_encode(a, lossless=True)), ("201", imagecodecs.htj2k_encode)):
        for name, array in (("8 bits", grey8), ("16 bits", grey16), ("RGB", colour)):
            samples = array.shape[2] if array.ndim == 3 else 1
            ds = image(20, 24, bits=8 * array.dtype.itemsize, samples=samples, syntax=pydicom.uid.UID(f"1.2.840.10008.1.2.4.{syntax}"))
            data = encode(np.ascontiguousarray(array))
            ds.PixelData = encapsulate([data + b"\0" * (len(data) % 2)])
            ds["PixelData"].is_undefined_length = True
            case(f"{'JPEG XL' if syntax == '110' else 'HTJ2K'}, {name}", ds, encoded=array)


def tables():
    ds = image(4, 4, bits=8, photometric="PALETTE COLOR")
    ds.PixelData = bytes(range(0, 160, 10))
    for c, colour in enumerate(("Red", "Green", "Blue")):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [100, 20, 16])
        setattr(ds, f"{colour}PaletteColorLookupTableData", rng.integers(0, 65536, 100).astype("<u2").tobytes())
    case("palette of 16 bits", ds, lambda back, raw: {"palette": planar(apply_color_lut(raw, back), 3, True)})
    ds = image(4, 4, bits=8, photometric="PALETTE COLOR")
    ds.PixelData = bytes(range(0, 16))
    segments = [0, 2, 5, 600, 1, 5, 1000, 0, 1, 7, 1, 3, 20, 2, 2, 4, 0, 1, 1, 40000]
    for colour in ("Red", "Green", "Blue"):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [18, 0, 16])
        setattr(ds, f"Segmented{colour}PaletteColorLookupTableData", np.array(segments, "<u2").tobytes())
    case("segmented palette", ds, lambda back, raw: {"palette": planar(apply_color_lut(raw, back), 3, True)})

    ds = image(4, 4, stored=12)
    ds.PixelData = words(rng.integers(0, 4096, 16).astype("<u2"))
    lut = Dataset()
    lut.LUTDescriptor = [300, 1000, 16]
    lut.LUTData = [int(v) for v in rng.integers(0, 65536, 300)]
    lut.ModalityLUTType = "OD"
    ds.ModalityLUTSequence = Sequence([lut])
    ds["ModalityLUTSequence"].value[0]["LUTData"].VR = "US"
    case("modality lookup table", ds, lambda back, raw: {"modality": apply_modality_lut(raw, back)})

    for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        ds = image(4, 4, stored=12, signed=1)
        ds.PixelData = words(rng.integers(-2048, 2048, 16).astype("<i2"))
        ds.RescaleSlope, ds.RescaleIntercept = "2", "-100"
        ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = ["40", "300"], ["400", "1500"], function
        case(f"window {function}", ds, lambda back, raw: {
            "modality": apply_modality_lut(raw, back),
            "window0": apply_voi_lut(apply_modality_lut(raw, back), back, 0),
            "window1": apply_voi_lut(apply_modality_lut(raw, back), back, 1),
        })
    ds = image(4, 4, stored=8, bits=8)
    ds.PixelData = bytes(range(0, 160, 10))
    lut = Dataset()
    lut.LUTDescriptor = [100, 30, 12]
    lut.LUTData = [int(v) for v in rng.integers(0, 4096, 100)]
    ds.VOILUTSequence = Sequence([lut])
    ds["VOILUTSequence"].value[0]["LUTData"].VR = "US"
    case("VOI lookup table", ds, lambda back, raw: {"voi": apply_voi_lut(raw, back)})


def uptake():
    """SUV factors by QIBA's rule, written out a second time here."""
    half, dose, weight, height = 6586.2, 3.7e8, 75.0, 1.8
    base = {
        "Modality": "PT", "Units": "BQML", "DecayCorrection": "START", "CorrectedImage": ["ATTN", "DECY"],
        "SeriesDate": "20200101", "SeriesTime": "101500", "AcquisitionDate": "20200101", "AcquisitionTime": "101730.5",
        "FrameReferenceTime": 330000.0, "ActualFrameDuration": 180000, "PatientWeight": weight, "PatientSize": height, "PatientSex": "F",
    }
    drug = {"RadionuclideTotalDose": dose, "RadionuclideHalfLife": half, "RadiopharmaceuticalStartTime": "091000"}
    rate = math.log(2) / half
    decay = rate * 180
    within = math.log(decay / (1 - math.exp(-decay))) / rate
    clock = lambda h, m, s: h * 3600 + m * 60 + s
    left = lambda seconds: dose * 2 ** (-seconds / half)
    bmi = weight / height**2
    mass = {
        "SUVbw": weight * 1000,
        "SUVlbm": 1000 * 9270 * weight / (8780 + 244 * bmi),
        "SUVlbm-james": 1000 * (1.07 * weight - 148 * (weight / (height * 100)) ** 2),
        "SUVbsa": 1e4 * 0.007184 * weight**0.425 * (height * 100) ** 0.725,
    }
    start = clock(10, 15, 0) - clock(9, 10, 0)
    acquired = clock(10, 17, 30.5)
    out = []

    def add(name, changes, drugs, kind, factor, private=()):
        out.append({"name": name, "attributes": {**base, **changes}, "drug": {**drug, **drugs}, "kind": kind,
                    "factor": factor, "private": list(private)})

    for kind in mass:
        add(f"START, {kind}", {}, {}, kind, mass[kind] / left(start))
    add("ADMIN", {"DecayCorrection": "ADMIN"}, {}, "SUVbw", mass["SUVbw"] / dose)
    add("NONE", {"DecayCorrection": "NONE"}, {}, "SUVbw", mass["SUVbw"] / left(acquired + within - clock(9, 10, 0)))
    back = acquired - 330 + within - clock(9, 10, 0)
    add("series time after acquisition", {"SeriesTime": "120000"}, {}, "SUVbw", mass["SUVbw"] / left(back))
    add("GE's scan start", {"SeriesTime": "120000"}, {}, "SUVbw", mass["SUVbw"] / left(clock(10, 16, 0) - clock(9, 10, 0)),
        [["00090010", "LO", "GEMS_PETD_01"], ["0009100D", "DT", "20200101101600.00"]])
    add("injection the day before", {}, {"RadiopharmaceuticalStartTime": "233000"}, "SUVbw",
        mass["SUVbw"] / left(clock(10, 15, 0) + 1800))
    add("injection with its date", {}, {"RadiopharmaceuticalStartDateTime": "20200101080000", "RadiopharmaceuticalStartTime": "091000"}, "SUVbw",
        mass["SUVbw"] / left(clock(10, 15, 0) - clock(8, 0, 0)))
    add("Philips' factor", {"Units": "CNTS"}, {}, "SUVbw", 0.000551,
        [["70530010", "LO", "Philips PET Private Group"], ["70531000", "DS", "0.000551"]])
    add("Philips' activity", {"Units": "CNTS"}, {}, "SUVbw", 1.25 * mass["SUVbw"] / left(start),
        [["70530011", "LO", "Philips PET Private Group"], ["70531109", "DS", "1.25"]])
    add("already SUV", {"Units": "GML"}, {}, "SUVbw", 1.0)
    add("SUV by weight to lean mass", {"Units": "GML", "SUVType": "BW"}, {}, "SUVlbm", mass["SUVlbm"] / mass["SUVbw"])
    return out


def main():
    native()
    encapsulated()
    newer()
    tables()
    payload = {"images": cases, "uptake": uptake()}
    text = json.dumps(payload, separators=(",", ":"))
    record = {
        "maker": "scripts/peers/dicom_made.py",
        "peer": f"pydicom {pydicom.__version__}, imagecodecs {imagecodecs.__version__}, numpy {np.__version__}",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "payload": payload,
    }
    ROOT.mkdir(parents=True, exist_ok=True)
    (ROOT / "made.json.gz").write_bytes(gzip.compress(json.dumps(record, separators=(",", ":")).encode(), 9, mtime=0))
    print(len(cases), "images")


if __name__ == "__main__":
    main()
