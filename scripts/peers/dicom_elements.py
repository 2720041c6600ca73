"""What pydicom reads in the DICOM files of the shared data: every element's value as a short checksum.

Run: python scripts/peers/dicom_elements.py          (writes fixtures/dicom/elements.json.gz)
     python scripts/peers/dicom_elements.py FILE     (prints one file's elements, to find a difference)

A file is read as it is; where pydicom refuses it for its missing prefix it is read again with force=True, and the
refusal is kept. Text is trimmed as PS3.5 table 6.2-1 says, which pydicom does in part only; everything else is
pydicom's own: VRs after its corrections, numbers as doubles, bytes as their SHA-256.
"""

import gzip
import hashlib
import json
import os
import pathlib
import struct
import sys
import warnings

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue

warnings.filterwarnings("ignore")
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("HOUNSFIELD_DATA", REPOSITORY.parent / "shared" / "data"))
SETS = ["pydicom_dicom", "dicom_malformed", "dicom_codecs_wg04", "highdicom_dicom", "torchio_ct_dicom_series"]
AMONG_OTHERS = ["sts_sarcoma_3d", "nifti_niivue"]
OTHER = {".md", ".txt", ".json", ".py", ".dump", ".csv", ".png", ".nii", ".gz", ".jpeg", ".jpg", ".npy", ".xml", ".zip"}

BOTH_ENDS = {"AE", "AS", "CS", "LO", "SH"}
SINGLE = {"LT", "ST", "UR", "UT"}
NUMBERS = {"DS", "IS", "FD", "FL", "SL", "SS", "UL", "US"}
LONG = {"SV", "UV"}


def listed(value):
    if value is None or (isinstance(value, str) and value == ""):
        return []
    return list(value) if isinstance(value, (MultiValue, list, tuple)) else [value]


def double(value):
    if isinstance(value, str):  # empty, or text that is no number
        return value.strip(" \0") or None
    value = float(value)
    return "nan" if value != value else struct.pack(">d", value).hex()


def name_groups(name):
    groups = str(name).split("=")
    while groups and groups[-1] == "":
        groups.pop()
    return [group.rstrip(" \0") for group in groups]


def value_of(element):
    vr = str(element.VR)
    value = element.value
    if vr == "SQ":
        return [elements_of(item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return hashlib.sha256(value).hexdigest() if value else []
    values = listed(value)
    if vr in NUMBERS:
        return [double(item) for item in values]
    if vr in LONG:
        return [str(item) for item in values]
    if vr == "AT":
        return [f"{int(item):08X}" for item in values]
    if vr == "PN":
        values = [name_groups(item) for item in values]
        return [] if values == [[]] else values
    if not values:
        return []
    if vr in SINGLE:
        text = "\\".join(str(item) for item in values).rstrip(" \0")
        return [text] if text else []
    texts = [str(item).strip(" \0") if vr in BOTH_ENDS else str(item).rstrip(" \0") for item in values]
    return [] if texts == [""] else texts


def elements_of(dataset):
    out = []
    for tag in sorted(dataset.keys()):
        try:
            element = dataset[tag]
            out.append([f"{int(tag):08X}", str(element.VR), value_of(element)])
        except Exception as error:  # whatever pydicom raises is its refusal of this element
            out.append([f"{int(tag):08X}", "error", type(error).__name__])
    return out


def read(path):
    """Elements of a file, by its path or opened, and what pydicom refused."""
    refusal = ""
    try:
        try:
            dataset = pydicom.dcmread(path)
        except InvalidDicomError as error:
            refusal = type(error).__name__
            dataset = pydicom.dcmread(path, force=True)
    except Exception as error:
        return {"refused": type(error).__name__, "elements": []}
    return {"refused": refusal, "elements": elements_of(dataset.file_meta) + elements_of(dataset)}


def text_of(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def checksum(element):
    tag, vr, value = element
    if vr == "error":
        return f"{tag}error"
    return f"{tag}{vr}:{hashlib.sha256(text_of(value).encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def files():
    for name in SETS:
        for path in sorted((DATA / name).rglob("*")):
            if path.is_file() and path.suffix.lower() not in OTHER and path.name != "LICENSE":
                yield path
    for name in AMONG_OTHERS:
        yield from sorted((DATA / name).rglob("*.dcm"))


def main():
    cases = []
    for path in files():
        got = read(path)
        cases.append({
            "file": str(path.relative_to(DATA)),
            "refused": got["refused"],
            "elements": [checksum(element) for element in got["elements"]],
        })
    payload = text_of(cases)
    record = {
        "maker": "scripts/peers/dicom_elements.py",
        "peer": f"pydicom {pydicom.__version__}",
        "sha256": hashlib.sha256(payload.encode()).hexdigest(),
        "cases": cases,
    }
    target = REPOSITORY / "fixtures" / "dicom" / "elements.json.gz"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(text_of(record).encode(), mtime=0))
    print(len(cases), "files", sum(len(case["elements"]) for case in cases), "elements", target.stat().st_size, "bytes")


def show(path):
    result = read(path)
    print(result["refused"] or "read")
    for row in result["elements"]:
        print(text_of(row))


if __name__ == "__main__":
    show(sys.argv[1]) if len(sys.argv) > 1 else main()
