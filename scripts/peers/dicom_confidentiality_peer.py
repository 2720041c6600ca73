"""What dicom-anonymizer leaves of a data set that holds every attribute of PS3.15 table E.1-1.

Run: pip install --no-deps --target DIR dicom-anonymizer==2.1.0
     PYTHONPATH=DIR python scripts/peers/dicom_confidentiality_peer.py   (writes fixtures/deidentification/peer.json)
"""

import copy
import hashlib
import importlib.metadata
import io
import json

import pydicom
from dicom_confidentiality_canaries import ROOT, to_bytes, whole_table
from dicomanonymizer import anonymize_dataset


def state(before, after):
    if after is None:
        return "absent"
    if after.is_empty or (after.VR == "SQ" and len(after.value) == 0):
        return "empty"
    return "same" if after == before else "changed"


if __name__ == "__main__":
    data = to_bytes(whole_table("SOMEBODY^ELSE"))
    dataset = pydicom.dcmread(io.BytesIO(data))
    before = {element.tag: copy.deepcopy(element) for element in dataset}
    anonymize_dataset(dataset)
    states = {f"{tag:08x}": state(element, dataset.get(tag)) for tag, element in before.items()}
    payload = {"of": hashlib.sha256(data).hexdigest(), "states": states}
    text = json.dumps(payload, separators=(",", ":"))
    record = {
        "maker": "scripts/peers/dicom_confidentiality_peer.py",
        "peer": f"dicom-anonymizer {importlib.metadata.version('dicom-anonymizer')}, pydicom {pydicom.__version__}",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "payload": payload,
    }
    (ROOT / "peer.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(len(states), "attributes")
