"""Text in every character set of DICOM as pydicom and Python's codecs decode it.

Run: python scripts/peers/dicom_characters.py   (writes fixtures/dicom/characters.json.gz)

names: every person's name in pydicom's character-set files, by file, its groups decoded.
cases: bytes with their Specific Character Set and the text that pydicom makes of them: all bytes of the sets of one
byte, all characters of the sets of two bytes with their escape sequences, and mixtures with delimiters.
"""

import gzip
import hashlib
import json
import os
import pathlib
import warnings

import pydicom
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.valuerep import TEXT_VR_DELIMS

warnings.filterwarnings("ignore")
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("HOUNSFIELD_DATA", REPOSITORY.parent / "shared" / "data"))

SINGLE = ["100", "101", "109", "110", "126", "127", "138", "144", "148", "166", "13"]


def names():
    out = []
    for path in sorted((DATA / "pydicom_dicom" / "charset_files").glob("*.dcm")):
        dataset = pydicom.dcmread(path)
        found = []

        def note(_, element):
            if element.VR == "PN":
                values = element.value if element.VM > 1 else [element.value]
                found.extend(
                    [f"{int(element.tag):08X}", value.alphabetic, value.ideographic, value.phonetic]
                    for value in values
                    if value
                )

        dataset.walk(note)
        out.append({"file": str(path.relative_to(DATA)), "names": found})
    return out


def text(data, sets):
    return decode_bytes(data, convert_encodings(sets), TEXT_VR_DELIMS)


def case(what, sets, data):
    return {"what": what, "sets": sets, "bytes": data.hex(), "text": text(data, sets)}


def valid(codec, pairs):
    """The pairs that the codec knows."""
    out = []
    for pair in pairs:
        try:
            pair.decode(codec)
        except UnicodeDecodeError:
            continue
        out.append(pair)
    return out


def grid():
    return [bytes([row, cell]) for row in range(0x21, 0x7F) for cell in range(0x21, 0x7F)]


def high(pair):
    return bytes([pair[0] | 0x80, pair[1] | 0x80])


def cases():
    out = []
    low = bytes(byte for byte in range(0x20, 0x7F))
    for number in SINGLE:
        label = f"ISO_IR {number}"
        codec = convert_encodings([label])[0]
        upper = range(0xA1, 0xE0) if number == "13" else range(0xA0, 0x100)
        known = b"".join(valid(codec, [bytes([byte]) for byte in upper]))
        out.append(case(f"all bytes of {label}", [label], low + known))
        if number != "13":
            final = {"100": "A", "101": "B", "109": "C", "110": "D", "126": "F", "127": "G", "138": "H", "144": "L",
                     "148": "M", "166": "T"}[number]
            data = b"plain \x1b-" + final.encode() + known + b"\r\nplain"
            out.append(case(f"ISO 2022 IR {number} by escape", ["", f"ISO 2022 IR {number}"], data))
    kanji = [pair for pair in grid() if valid("iso2022_jp", [b"\x1b$B" + pair + b"\x1b(B"])]
    out.append(case("JIS X 0208", ["", "ISO 2022 IR 87"], b"\x1b$B" + b"".join(kanji) + b"\x1b(B"))
    extra = [pair for pair in grid() if valid("iso2022_jp_2", [b"\x1b$(D" + pair + b"\x1b(B"])]
    out.append(case("JIS X 0212", ["", "ISO 2022 IR 159"], b"\x1b$(D" + b"".join(extra) + b"\x1b(B"))
    hangul = valid("euc_kr", [high(pair) for pair in grid()])
    out.append(case("KS X 1001", ["", "ISO 2022 IR 149"], b"\x1b$)C" + b"".join(hangul)))
    hanzi = valid("gb2312", [high(pair) for pair in grid()])
    # pydicom hands the escape sequence to a codec that does not know it: the codec alone is the peer here
    out.append({**case("GB 2312", ["", "ISO 2022 IR 58"], b"\x1b$)A" + b"".join(hanzi)),
                "text": b"".join(hanzi).decode("gb2312")})
    gbk = valid("gbk", [bytes([a, b]) for a in range(0x81, 0xFF) for b in [*range(0x40, 0x7F), *range(0x80, 0xFF)]])
    out.append(case("GBK", ["GBK"], b"".join(gbk)))
    out.append(case("GB18030", ["GB18030"], "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0xD7FF, 7)])).encode("gb18030")))
    out.append(case("UTF-8", ["ISO_IR 192"], "Ä \u738b\u5c0f\u6771 \U0001F600 \uAE40".encode()))
    out.append(case("Latin, Greek, Cyrillic in turn", ["ISO 2022 IR 6", "ISO 2022 IR 100", "ISO 2022 IR 126", "ISO 2022 IR 144"],
                    b"\x1b-A\xe4\xf6\xfc\r\n\x1b-F\xc1\xe2\r\n\x1b-L\xbb\xee"))
    out.append(case("Kanji and half-width katakana", ["ISO 2022 IR 13", "ISO 2022 IR 87"],
                    b"\xd4\xcf\xc0\xde=\x1b$B;3ED\x1b(J=\x1b$B$d$^$@\x1b(J"))
    return out


payload = json.dumps({"names": names(), "cases": cases()}, separators=(",", ":"), ensure_ascii=False)
record = (
    '{"maker":"scripts/peers/dicom_characters.py","peer":"pydicom %s","sha256":"%s","cases":%s}'
    % (pydicom.__version__, hashlib.sha256(payload.encode()).hexdigest(), payload)
)
target = REPOSITORY / "fixtures" / "dicom" / "characters.json.gz"
target.write_bytes(gzip.compress(record.encode(), mtime=0))
print(target.stat().st_size, "bytes")
