"""Keyed pseudonyms and moved dates as Python's hmac, uuid and datetime give them, for the tests of de-identification.

Run: python scripts/peers/dicom_confidentiality_keyed.py   (writes fixtures/deidentification/keyed.json)
"""

import datetime
import hashlib
import hmac
import json
import pathlib
import platform
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "deidentification"
KEY = bytes(range(1, 33))
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def digest(purpose, value):
    return hmac.new(KEY, f"{purpose}\0{value}".encode(), hashlib.sha256).digest()


def uid(value):
    return f"2.25.{uuid.UUID(bytes=digest('uid', value)[:16], version=4).int}"


def text(purpose, value, prefix):
    return prefix + "".join(ALPHABET[byte % 32] for byte in digest(purpose, value)[:12])


def days(patient):
    return 1 + int.from_bytes(digest("days", patient)[:4], "big") % 3652


def moved(value, count):
    date = datetime.datetime.strptime(value[:8], "%Y%m%d") - datetime.timedelta(days=count)
    return date.strftime("%Y%m%d").zfill(8) + value[8:]


if __name__ == "__main__":
    values = ["1.2.840.1", "1.2.3", "é Ω 山田", ""]
    dates = ["20200301", "20000229", "19000301", "21000301", "19700101", "20191231", "00991231", "99991231",
             "20200301112233.123456+0100", "2020030111", "20200301-0500"]  # fmt: skip
    payload = {
        "key": KEY.hex(),
        "uids": [[value, uid(value)] for value in values],
        "texts": [["patient", value, "P", text("patient", value, "P")] for value in values],
        "days": [[value, days(value)] for value in values],
        "dates": [[value, count, moved(value, count)] for value in dates for count in (1, 59, 366, 3652)],
    }
    written = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    record = {
        "maker": "scripts/peers/dicom_confidentiality_keyed.py",
        "peer": f"Python {platform.python_version()}",
        "sha256": hashlib.sha256(written.encode()).hexdigest(),
        "payload": payload,
    }
    (ROOT / "keyed.json").write_text(json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n")
