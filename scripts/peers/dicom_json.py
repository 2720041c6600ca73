"""DICOM's JSON model of some files of the shared data as pydicom makes it (Dataset.to_json_dict).

Run: python scripts/peers/dicom_json.py   (writes fixtures/dicom/json-model.json.gz)

Bulk values of more than 64 KiB are left out (a URI stands for them), as the reader leaves them in the file. Where
pydicom departs from PS3.18 F.2 its model is made the standard's: group lengths are left out, an empty attribute has no
Value, an empty value among several is null, and inline words are little endian.
"""

import base64
import gzip
import hashlib
import json
import os
import pathlib
import warnings

import numpy as np
import pydicom

warnings.filterwarnings("ignore")
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("HOUNSFIELD_DATA", REPOSITORY.parent / "shared" / "data"))
FILES = [
    "charset_files/chrH31.dcm", "charset_files/chrSQEncoding.dcm", "test_files/CT_small.dcm", "test_files/rtplan.dcm",
    "test_files/test-SR.dcm", "test_files/priv_SQ.dcm", "test_files/MR_small_bigendian.dcm", "test_files/image_dfl.dcm",
    "test_files/nested_priv_SQ.dcm", "test_files/UN_sequence.dcm", "test_files/reportsi.dcm", "test_files/rtdose_1frame.dcm",
    "test_files/dicomdirtests/DICOMDIR", "test_files/liver_1frame.dcm", "test_files/JPEG2000.dcm",
]


def standard(model):
    out = {}
    for tag, attribute in model.items():
        if tag.endswith("0000"):
            continue
        if attribute["vr"] == "SQ" and "Value" in attribute:
            attribute = {**attribute, "Value": [standard(item) for item in attribute["Value"]]}
        if "Value" in attribute and attribute["vr"] != "SQ":
            attribute = {**attribute, "Value": [None if value == "" else value for value in attribute["Value"]]}
        if attribute.get("Value") == []:
            attribute = {"vr": attribute["vr"]}
        out[tag] = attribute
    return out


cases = []
for name in FILES:
    path = DATA / "pydicom_dicom" / name
    dataset = pydicom.dcmread(path)
    encapsulated = dataset.file_meta.TransferSyntaxUID.is_compressed
    model = dataset.to_json_dict(bulk_data_threshold=64 * 1024 + 1, bulk_data_element_handler=lambda element: "bulk")
    if encapsulated and "7FE00010" in model:
        model["7FE00010"] = {"vr": model["7FE00010"]["vr"], "BulkDataURI": "bulk"}
    model = standard(model)
    if not dataset.original_encoding[1]:
        for attribute in model.values():
            if attribute["vr"] == "OW" and "InlineBinary" in attribute:
                words = np.frombuffer(base64.b64decode(attribute["InlineBinary"]), ">u2").astype("<u2").tobytes()
                attribute["InlineBinary"] = base64.b64encode(words).decode()
    for attribute in model.values():  # kept short: what is inline stands here by its checksum
        if len(attribute.get("InlineBinary", "")) > 200:
            attribute["InlineBinary"] = hashlib.sha256(attribute["InlineBinary"].encode()).hexdigest()
    cases.append({"file": str(path.relative_to(DATA)), "model": model})
payload = json.dumps(cases, separators=(",", ":"), ensure_ascii=False)
record = '{"maker":"scripts/peers/dicom_json.py","peer":"pydicom %s","sha256":"%s","cases":%s}' % (
    pydicom.__version__, hashlib.sha256(payload.encode()).hexdigest(), payload)
target = REPOSITORY / "fixtures" / "dicom" / "json-model.json.gz"
target.write_bytes(gzip.compress(record.encode(), mtime=0))
print(target.stat().st_size, "bytes")
