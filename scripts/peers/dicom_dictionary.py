"""DICOM's data dictionary and the private dictionary that pydicom carries, in the compact form that
src/imaging/formats/dicom reads.

Run: python scripts/peers/dicom_dictionary.py   (writes dictionary.generated.ts and private-dictionary.generated.ts)
"""

import pathlib

import pydicom
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom._private_dict import private_dictionaries
from pydicom._version import __dicom_version__

TARGET = pathlib.Path(__file__).resolve().parents[2] / "src" / "imaging" / "formats" / "dicom"
AMBIGUOUS = {"US or SS": "us", "US or OW": "uw", "US or SS or OW": "sw", "OB or OW": "ow", "OB_OW": "ow", "NONE": "UN"}


def code(vr):
    """Two letters: the VR, or small letters where the standard leaves a choice."""
    return AMBIGUOUS.get(vr, vr)


def write(name, lines):
    (TARGET / name).write_text("\n".join(lines) + "\n")


def packed(rows, per_line):
    """Several rows to a line, parted by tabs."""
    assert not any("\t" in row for row in rows)
    return ["\t".join(rows[at:at + per_line]) for at in range(0, len(rows), per_line)]


def header(what):
    return [
        f"// {what} of pydicom {pydicom.__version__}, which follows the standard's edition {__dicom_version__}.",
        "// Written by scripts/peers/dicom_dictionary.py: change the script, not this file.",
        "",
    ]


def standard():
    rows = [f"{tag:08X}{code(row[0])}{row[1]} {row[4]}" for tag, row in sorted(DicomDictionary.items()) if row[4]]
    repeated = [
        f"{mask.upper().replace('X', 'x')}{code(row[0])}{row[1]} {row[4]}"
        for mask, row in sorted(RepeatersDictionary.items())
    ]
    lines = header("PS3.6's data elements, the dictionary")
    lines += ["/** A row: tag, VR (small letters where the standard leaves a choice), VM, keyword. */"]
    lines += ["export const dictionaryRows = `", *packed(rows, 16), "`;", ""]
    lines += ["/** Repeating groups: x stands for any hexadecimal digit. */"]
    lines += ["export const repeatedRows = `", *packed(repeated, 16), "`;"]
    write("dictionary.generated.ts", lines)


def private():
    lines = header("Private data elements, the private dictionary")
    lines += ["/** A row: private creator, then tag and VR of each element; x stands for any digit of the block. */"]
    lines += ["export const privateRows = `"]
    rows = []
    for creator, entries in sorted(private_dictionaries.items()):
        assert "`" not in creator and "\\" not in creator and "|" not in creator, creator
        tags = " ".join(f"{mask.replace('X', 'x')}{code(row[0])}" for mask, row in sorted(entries.items()))
        rows.append(f"{creator.replace('${', '')}|{tags}")
    lines += packed(rows, 2)
    write("private-dictionary.generated.ts", [*lines, "`;"])


standard()
private()
