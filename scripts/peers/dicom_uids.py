"""Writes src/imaging/formats/dicom/uid-names.generated.ts: names of SOP classes and transfer syntaxes, from pydicom's table.

Run: python scripts/peers/dicom_uids.py
"""

from pathlib import Path

import pydicom
from pydicom._uid_dict import UID_dictionary

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "src/imaging/formats/dicom/uid-names.generated.ts"
KEPT = ("SOP Class", "Transfer Syntax")
ORG = "1.2.840.10008."

# Of the standard's 2024 editions, which pydicom's table does not have yet.
LATER = {
    "1.2.840.10008.5.1.4.1.1.66.7": ("Label Map Segmentation Storage", "SOP Class"),
    "1.2.840.10008.5.1.4.1.1.66.8": ("Height Map Segmentation Storage", "SOP Class"),
}

rows = sorted(
    (uid[len(ORG):], name.replace(" (Retired)", ""))
    for uid, (name, kind, *_) in (LATER | UID_dictionary).items()
    if kind in KEPT and uid.startswith(ORG)
)
lines = [f"{uid} {name}" for uid, name in rows]
assert not any("`" in line or "\\" in line for line in lines)
OUT.write_text(
    f"// Written by scripts/peers/dicom_uids.py from pydicom {pydicom.__version__} (DICOM PS3.6 table A-1).\n"
    "/** SOP classes and transfer syntaxes, a line each: the UID after 1.2.840.10008. and the name. */\n"
    "export const UID_LINES = `" + "\n".join(lines) + "`;\n",
    encoding="utf-8",
)
print(f"{len(rows)} names in {OUT.relative_to(ROOT)}")
