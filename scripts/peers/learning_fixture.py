"""How the peer scripts of learning write their fixtures: maker, peer and the payload's checksum, then the payload."""

import hashlib
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


def write(relative, maker, peer, payload):
    """The checksum is that of the bytes after `"cases":` up to the closing brace."""
    text = json.dumps(payload, separators=(",", ":"), allow_nan=False)
    head = json.dumps({"maker": f"scripts/peers/{maker}", "peer": peer,
                       "sha256": hashlib.sha256(text.encode()).hexdigest()})
    out = ROOT / "fixtures" / relative
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(head[:-1] + ', "cases":' + text + "}\n")
    print(out, out.stat().st_size, "bytes")
