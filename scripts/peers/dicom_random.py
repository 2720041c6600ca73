"""What pydicom reads in files that Hounsfield wrote: random data sets of every VR in every plain transfer syntax.

Run: npx tsc -p . && node dist/test/peers/write-random-dicom.js | python scripts/peers/dicom_random.py
(writes fixtures/dicom/random.json)
"""

import base64
import hashlib
import io
import json
import sys

import pydicom
from dicom_elements import REPOSITORY, checksum, elements_of, text_of

cases = []
for line in sys.stdin:
    row = json.loads(line)
    data = base64.b64decode(row["file"])
    dataset = pydicom.dcmread(io.BytesIO(data))
    elements = elements_of(dataset.file_meta) + elements_of(dataset)
    cases.append({
        "name": row["name"],
        "sha256": hashlib.sha256(data).hexdigest(),
        "elements": [checksum(element) for element in elements],
    })
payload = text_of(cases)
record = {
    "maker": "scripts/peers/dicom_random.py",
    "peer": f"pydicom {pydicom.__version__}",
    "sha256": hashlib.sha256(payload.encode()).hexdigest(),
    "cases": cases,
}
target = REPOSITORY / "fixtures" / "dicom" / "random.json"
target.write_text(text_of(record) + "\n")
print(len(cases), "files", target.stat().st_size, "bytes")
