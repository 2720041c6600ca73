"""What wfdb, soundfile, pyedflib and scipy give for recordings, for the tests of src/imaging.

Run: python scripts/peers/signals.py [part ...]   (writes fixtures/signals/; parts: shared wfdb annotations flac edf csv resample written)
The part 'written' reads what `node dist/test/peers/write-signals.js FOLDER` wrote: HOUNSFIELD_WRITTEN names the folder.
The part 'shared' needs the real recordings: HOUNSFIELD_DATA, or ../shared/data beside the repository.
"""

import base64
import datetime
import hashlib
import io
import json
import os
import pathlib
import shutil
import sys
import tempfile

import numpy as np

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ROOT = REPOSITORY / "fixtures" / "signals"
DATA = pathlib.Path(os.environ.get("HOUNSFIELD_DATA", REPOSITORY.parent / "shared" / "data")) / "wfdb_signals" / "sample-data"


def write(name, peer, payload):
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    record = {
        "maker": "scripts/peers/signals.py",
        "peer": peer,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "payload": payload,
    }
    ROOT.mkdir(parents=True, exist_ok=True)
    (ROOT / name).write_text(json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n")


def b64(data):
    return base64.b64encode(bytes(data)).decode()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def integers(array):
    """sha256 of little-endian int32."""
    return sha(np.ascontiguousarray(array, dtype="<i4").tobytes())


def floats(array):
    """sha256 of little-endian float64, every NaN the same one."""
    array = np.array(array, dtype="<f8")
    array[np.isnan(array)] = np.nan
    return sha(np.ascontiguousarray(array).tobytes())


def wfdb_version():
    import wfdb

    return f"wfdb {wfdb.__version__}"


def wfdb_channels(path):
    import wfdb

    physical = wfdb.rdrecord(str(path), smooth_frames=False)
    try:
        digital = wfdb.rdrecord(str(path), physical=False, smooth_frames=False)
        stored = digital.e_d_signal
    except ValueError:  # wfdb cannot give big-endian integers frame by frame
        stored = list(wfdb.rdrecord(str(path), physical=False).d_signal.T)
    except Exception:  # segments that are scaled differently have no common integers
        stored = [None] * physical.n_sig
    spf = physical.samps_per_frame or [1] * physical.n_sig
    gains = getattr(physical, "adc_gain", None) or [None] * physical.n_sig
    baselines = getattr(physical, "baseline", None) or [None] * physical.n_sig
    units = getattr(physical, "units", None) or [None] * physical.n_sig
    channels = [
        {
            "name": physical.sig_name[c],
            "unit": units[c],
            "rate": float(physical.fs * (spf[c] or 1)),
            "count": len(physical.e_p_signal[c]),
            "gain": None if gains[c] is None else float(gains[c]),
            "baseline": None if baselines[c] is None else int(baselines[c]),
            "stored": None if stored[c] is None else integers(stored[c]),
            "physical": floats(physical.e_p_signal[c]),
        }
        for c in range(physical.n_sig)
    ]
    return {"rate": float(physical.fs), "frames": int(physical.sig_len), "channels": channels}


def wfdb_annotation_file(path, extension):
    import wfdb

    one = wfdb.rdann(str(path), extension)
    labels = None
    if one.custom_labels is not None:
        rows = getattr(one.custom_labels, "values", one.custom_labels)
        labels = [[int(row[0]), row[1], row[-1]] for row in rows]
    return {
        "count": len(one.sample),
        "rate": None if one.fs is None else float(one.fs),
        "sample": integers(one.sample),
        "subtype": integers(one.subtype),
        "channel": integers(one.chan),
        "number": integers(one.num),
        "symbols": sha("\n".join("" if s is None else str(s) for s in one.symbol).encode()),
        "notes": sha("\n".join(one.aux_note).encode("utf-8")),
        "first": [int(v) for v in one.sample[:5]],
        "custom": labels,
    }


def shared():
    records = sorted(DATA.rglob("*.hea"))
    payload = {"records": {}, "annotations": {}}
    for path in records:
        name = str(path.relative_to(DATA))
        payload["records"][name] = wfdb_channels(path.with_suffix(""))
    for path in sorted(DATA.rglob("*")):
        if path.suffix in (".atr", ".qrs", ".gqrsh", ".gqrsl", ".sqrs"):
            payload["annotations"][path.name] = wfdb_annotation_file(path.with_suffix(""), path.suffix[1:])
    write("wfdb-shared.json", wfdb_version(), payload)


def folder_files(folder):
    return {path.name: b64(path.read_bytes()) for path in sorted(folder.iterdir())}


BITS = {"8": 8, "16": 16, "24": 24, "32": 32, "61": 16, "80": 8, "160": 16, "212": 12, "310": 10, "311": 10,
        "508": 8, "516": 16, "524": 24}


def walk(rng, count, bits, step):
    """A random walk that stays within `bits` bits without the lowest value, which stands for a missing sample."""
    top = 2 ** (bits - 1) - 1
    values = np.cumsum(rng.integers(-step, step + 1, count))
    return np.clip(values, -top, top).astype("int64")


def pack(fmt, flat):
    """Bytes of the formats that wfdb reads but does not write, by WFDB's signal(5); `flat` is in file order."""
    flat = np.asarray(flat, dtype="int64")
    if fmt == "61":
        return flat.astype(">i2").tobytes()
    if fmt == "160":
        return (flat + 32768).astype("<u2").tobytes()
    out = bytearray()
    if fmt == "212":
        for i in range(0, len(flat), 2):
            a = int(flat[i]) & 0xFFF
            b = int(flat[i + 1]) & 0xFFF if i + 1 < len(flat) else None
            out += bytes([a & 0xFF, a >> 8 | (0 if b is None else b >> 8 << 4)]) + (b"" if b is None else bytes([b & 0xFF]))
        return bytes(out)
    for i in range(0, len(flat), 3):
        held = min(3, len(flat) - i)
        a, b, c = [int(v) & 0x3FF for v in list(flat[i : i + 3]) + [0] * (3 - held)]
        if fmt == "310":
            four = [a << 1 & 0xFE, (c & 0x1F) << 3 | a >> 7, b << 1 & 0xFE, (c >> 5) << 3 | b >> 7]
            out += bytes(four[: {1: 2, 2: 4, 3: 4}[held]])
        else:
            word = a | b << 10 | c << 20
            out += word.to_bytes(4, "little")[: {1: 2, 2: 3, 3: 4}[held]]
    return bytes(out)


WRITTEN_HERE = ("61", "160", "212", "310", "311")


def wfdb_records():
    import wfdb

    rng = np.random.default_rng(11)
    cases = []

    def case(name, folder, record):
        cases.append({"name": name, "record": record, "files": folder_files(folder), **wfdb_channels(folder / record)})

    def made(name, record, change=None, **options):
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            formats = options["fmt"]
            options["fmt"] = ["16" if fmt in WRITTEN_HERE + ("8",) else fmt for fmt in formats]
            files = options.pop("file_name", None)
            wfdb.wrsamp(record, write_dir=place, **options)
            if options["fmt"] != formats:
                repack(folder, record, formats, files, options)
            if change:
                change(folder)
            case(name, folder, record)

    def repack(folder, record, formats, files, options):
        """The record just written in format 16, in the formats wanted."""
        spf = options.get("samps_per_frame") or [1] * len(formats)
        if "e_d_signal" in options:
            frames = [np.asarray(s).reshape(-1, n) for s, n in zip(options["e_d_signal"], spf)]
        else:
            frames = [options["d_signal"][:, [c]] for c in range(len(formats))]
        files = files or [f"{record}.dat"] * len(formats)
        (folder / f"{record}.dat").unlink()
        for file in dict.fromkeys(files):
            members = [c for c in range(len(formats)) if files[c] == file]
            if formats[members[0]] == "8":
                parts = [np.diff(frames[c], axis=0, prepend=frames[c][:1]) for c in members]
                data = np.concatenate(parts, 1).ravel().astype("i1").tobytes()
            else:
                data = pack(formats[members[0]], np.concatenate([frames[c] for c in members], 1).ravel())
            (folder / file).write_bytes(data)
        path = folder / f"{record}.hea"
        lines = path.read_text().split("\n")
        for c, fmt in enumerate(formats):
            assert lines[1 + c].startswith(f"{record}.dat 16"), lines
            lines[1 + c] = f"{files[c]} {fmt}" + lines[1 + c][len(f"{record}.dat 16"):]
        path.write_text("\n".join(lines))

    for fmt, bits in BITS.items():
        for count in (1, 2, 3, 4, 5, 37, 100):
            for channels in (1, 2, 3):
                if count in (2, 4, 5, 100) and channels != 2:
                    continue
                d = np.stack([walk(rng, count, bits, min(2 ** (bits - 3), 60)) for _ in range(channels)], 1)
                if fmt != "8" and count > 4:
                    d[3, 0] = -(2 ** (bits - 1))  # missing
                made(f"format {fmt}, {channels} channels of {count}", "r", fs=128, units=["mV"] * channels,
                     sig_name=[f"lead {c}" for c in range(channels)], d_signal=d, fmt=[fmt] * channels,
                     adc_gain=[200.0 + c for c in range(channels)], baseline=[c * 7 - 3 for c in range(channels)])

    def edit(record, *changes):
        def change(folder):
            path = folder / f"{record}.hea"
            text = path.read_text()
            for old, new in changes:
                assert old in text, (old, text)
                text = text.replace(old, new)
            path.write_text(text)
        return change

    def pad(file, count):
        return lambda folder: (folder / file).write_bytes(bytes(range(count)) + (folder / file).read_bytes())

    base = np.stack([walk(rng, 50, 12, 60), walk(rng, 50, 12, 60)], 1)
    two = dict(fs=250, units=["mV", "mmHg"], sig_name=["II", "ABP"], d_signal=base, adc_gain=[200.0, 12.5],
               baseline=[0, -1605])
    for fmt in ("16", "212", "310"):
        d = base if fmt != "310" else base // 4
        made(f"format {fmt} skewed", "s", edit("s", (f"s.dat {fmt} 12.5", f"s.dat {fmt}:3 12.5")),
             **{**two, "d_signal": d}, fmt=[fmt, fmt])

        def with_offset(folder, fmt=fmt):
            pad("o.dat", 13)(folder)
            edit("o", (f"o.dat {fmt} ", f"o.dat {fmt}+13 "))(folder)

        made(f"format {fmt} after 13 bytes", "o", with_offset, **{**two, "d_signal": d}, fmt=[fmt, fmt])
    made("no length in the header", "n", edit("n", ("n 2 250 50", "n 2 250")), **two, fmt=["212", "212"])
    made("no rate in the header", "d", edit("d", ("d 2 250 50", "d 2")), **two, fmt=["16", "16"])
    made("fields with tabs, comments between, CRLF", "t",
         edit("t", (" ", "\t"), ("\n", "\r\n# a remark\r\n")), **two, fmt=["16", "16"])
    made("counter frequency, base time and date", "b", edit("b", ("b 2 250 50", "b 2 250/62.5(-4.5) 50 9:05:07.25 03/11/1999")),
         **two, fmt=["16", "16"])
    made("uncalibrated", "u", edit("u", ("200.0(0)/mV", "0")), **two, fmt=["16", "16"])

    def minimal(folder):
        (folder / "m.hea").write_text("m 2 250 50\nm.dat 16\nm.dat 16 100/uV 12 5\n")

    made("signal lines with almost nothing", "m", minimal, **two, fmt=["16", "16"])
    expanded = [walk(rng, 40, 12, 60), walk(rng, 160, 12, 60), walk(rng, 80, 12, 60)]
    for fmt in ("16", "212", "311", "80"):
        shrink = {"311": 4, "80": 16}.get(fmt, 1)
        made(f"format {fmt}, 1, 4 and 2 samples a frame", "e", fs=31.25, units=["mV", "mV", "NU"],
             sig_name=["a", "b", "c"], e_d_signal=[s // shrink for s in expanded], fmt=[fmt] * 3,
             adc_gain=[100.0, 50.0, 25.0], baseline=[0, 3, -2], samps_per_frame=[1, 4, 2])
    made("FLAC files of different rates", "f", fs=31.25, units=["mV", "mV", "NU"], sig_name=["a", "b", "c"],
         e_d_signal=expanded, fmt=["516", "516", "524"], adc_gain=[100.0, 50.0, 25.0], baseline=[0, 3, -2],
         samps_per_frame=[1, 4, 2])
    made("formats in several files", "v", fs=100, units=["mV"] * 3, sig_name=["x", "y", "z"],
         d_signal=np.stack([walk(rng, 33, 10, 40) for _ in range(3)], 1), fmt=["212", "310", "311"],
         adc_gain=[200.0] * 3, baseline=[0] * 3, file_name=["v_a.dat", "v_b.dat", "v_c.dat"])
    wfdb_segments(case, rng)
    write("wfdb-records.json", wfdb_version(), cases)


def wfdb_segments(case, rng):
    import wfdb

    def segment(folder, name, names, count, gains, units=None):
        wfdb.wrsamp(name, fs=125, units=units or ["mV"] * len(names), sig_name=names, fmt=["16"] * len(names),
                    d_signal=np.stack([walk(rng, count, 12, 50) for _ in names], 1), adc_gain=gains,
                    baseline=[0] * len(names), write_dir=str(folder))

    layout = "lay 3 125 0\n~ 0 200 12 0 0 0 0 I\n~ 0 200 12 0 0 0 0 II\n~ 0 100/mmHg 12 0 0 0 0 ABP\n"
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        segment(folder, "m_1", ["II", "ABP"], 20, [200.0, 100.0], ["mV", "mmHg"])
        segment(folder, "m_2", ["I"], 15, [200.0])
        segment(folder, "m_3", ["I", "II"], 10, [200.0, 200.0])
        (folder / "lay.hea").write_text(layout)
        (folder / "m.hea").write_text("m/6 3 125 65\nlay 0\nm_1 20\n~ 12\nm_2 15\n~ 8\nm_3 10\n")
        case("variable layout with pauses", folder, "m")
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        segment(folder, "m_1", ["I", "II"], 20, [200.0, 150.0])
        segment(folder, "m_2", ["II", "I"], 15, [100.0, 200.0])
        (folder / "lay.hea").write_text("lay 2 125 0\n~ 0 200 12 0 0 0 0 I\n~ 0 200 12 0 0 0 0 II\n")
        (folder / "m.hea").write_text("m/3 2 125 35\nlay 0\nm_1 20\nm_2 15\n")
        case("variable layout, other order and other gain", folder, "m")
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        segment(folder, "p_1", ["I", "II"], 20, [200.0, 150.0])
        segment(folder, "p_2", ["I", "II"], 31, [200.0, 150.0])
        (folder / "p.hea").write_text("p/2 2 125 51\np_1 20\np_2 31\n")
        case("fixed layout", folder, "p")


def annotations():
    import wfdb

    cases = []

    def case(name, extension="atr", **options):
        with tempfile.TemporaryDirectory() as place:
            wfdb.wrann("r", extension, write_dir=place, **options)
            path = pathlib.Path(place) / f"r.{extension}"
            one = wfdb.rdann(str(path.with_suffix("")), extension)
            cases.append({
                "name": name, "file": b64(path.read_bytes()), **wfdb_annotation_file(path.with_suffix(""), extension),
                "symbol": one.symbol, "note": one.aux_note,
            })

    rng = np.random.default_rng(5)
    codes = [label.symbol for label in wfdb.io.annotation.ann_labels if label.label_store > 0]
    samples = np.cumsum(rng.integers(1, 900, len(codes)))
    case("every code", sample=samples, symbol=codes)
    case("long intervals", sample=np.array([1, 1023, 2046, 3070, 70000, 5000000, 2000000000]), symbol=["N"] * 7)
    case("sub-types, channels, numbers, notes of even and odd length", sample=np.arange(1, 9) * 400,
         symbol=["N", "+", "V", '"', "~", "N", "s", "N"], subtype=np.array([0, 0, -3, 1, 5, 0, 127, -128]),
         chan=np.array([0, 0, 1, 1, 0, 255, 3, 3]), num=np.array([0, 0, 0, 7, 7, 127, 0, 0]),
         aux_note=["", "(AFIB", "", "a note", "x", "", "", "(N\x00"])
    case("a time resolution of its own", sample=np.arange(1, 6) * 33, symbol=["N"] * 5, fs=1000)
    case("its own codes", sample=np.array([10, 20, 30, 40]), symbol=["N", "z", "y", "z"], fs=360,
         custom_labels=[(42, "z", "first of our own"), (43, "y", "second")])
    case("machine detections", extension="qrs", sample=np.arange(1, 40) * 251, symbol=["N"] * 39)
    write("wfdb-annotations.json", wfdb_version(), cases)


def flac():
    import soundfile

    rng = np.random.default_rng(3)
    cases = []
    t = np.arange(6000)

    def case(name, array, subtype, rate=8000):
        bits = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}[subtype]
        array = np.asarray(array, dtype="int64")
        assert np.abs(array).max() <= 2 ** (bits - 1)
        buffer = io.BytesIO()
        wide = (array << (16 - bits)).astype("int16") if bits <= 16 else (array << 8).astype("int32")
        soundfile.write(buffer, wide, rate, format="FLAC", subtype=subtype)
        array = array if array.ndim == 2 else array[:, None]
        cases.append({
            "name": name, "file": b64(buffer.getvalue()), "bits": bits, "rate": rate,
            "channels": [integers(array[:, c]) for c in range(array.shape[1])], "count": len(array),
            "first": array[:4].ravel().tolist(),
        })

    for subtype, top in (("PCM_S8", 127), ("PCM_16", 32767), ("PCM_24", 8388607)):
        case(f"{subtype} silence", np.zeros(5000), subtype)
        case(f"{subtype} noise", rng.integers(-top, top + 1, 1500), subtype)
        case(f"{subtype} tone", np.round(top * 0.8 * np.sin(t / 17)), subtype)
        case(f"{subtype} stereo, alike", np.stack([np.round(top * 0.5 * np.sin(t / 23)),
             np.round(top * 0.5 * np.sin(t / 23) + top * 0.01 * np.sin(t / 7))], 1), subtype)
        case(f"{subtype} stereo, full scale against itself", np.stack([np.where(t % 50 < 25, top, -top - 1),
             np.where(t % 50 < 25, -top - 1, top)], 1)[:800], subtype)
        case(f"{subtype} three channels", np.stack([walk(rng, 700, 8, 9), np.full(700, 5), walk(rng, 700, 8, 3) * 4], 1)
             .clip(-top, top), subtype)
    case("eight channels", np.stack([walk(rng, 300, 16, 99 * (c + 1)) for c in range(8)], 1), "PCM_16", 192000)
    case("wasted bits", walk(rng, 900, 10, 30) * 64, "PCM_16", 44100)
    case("one sample", np.array([[-7]]), "PCM_16", 11025)
    write("flac.json", f"soundfile {soundfile.__version__}, {soundfile.__libsndfile_version__}", cases)


def edf_bytes(signals, records, duration, reserved="", patient="X X X X", recording="Startdate X X X X", date="01.02.03",
              time="04.05.06", count=None, version="0", header_bytes=None):
    """An EDF or BDF file from its fields; `records` has for each record one integer array or bytes per signal."""
    bdf = version == "BIOSEMI"
    width = 3 if bdf else 2

    def field(value, length):
        data = value if isinstance(value, bytes) else str(value).encode("latin-1")
        assert len(data) <= length, (value, length)
        return data.ljust(length)

    head = (b"\xffBIOSEMI" if bdf else field(version, 8)) + field(patient, 80) + field(recording, 80)
    head += field(date, 8) + field(time, 8) + field(header_bytes or 256 * (len(signals) + 1), 8) + field(reserved, 44)
    head += field(len(records) if count is None else count, 8) + field(duration, 8) + field(len(signals), 4)
    for key, length in (("label", 16), ("transducer", 80), ("unit", 8), ("pmin", 8), ("pmax", 8), ("dmin", 8),
                        ("dmax", 8), ("filter", 80), ("samples", 8), ("reserved", 32)):
        for one in signals:
            head += field(one.get(key, ""), length)
    body = b""
    for record in records:
        for one, part in zip(signals, record):
            if isinstance(part, bytes):
                body += part.ljust(one["samples"] * width, b"\0")
            elif bdf:
                body += np.asarray(part, "<i4").view("u1").reshape(-1, 4)[:, :3].tobytes()
            else:
                body += np.asarray(part, "<i2").tobytes()
    return head + body


def edf_read(path):
    """What pyedflib makes of a file."""
    import pyedflib

    reader = pyedflib.EdfReader(str(path))
    try:
        onsets, durations, texts = reader.readAnnotations()
        return {
            "duration": float(reader.getFileDuration()),
            "start": reader.getStartdatetime().strftime("%Y-%m-%d %H:%M:%S"),
            "channels": [
                {
                    "name": reader.getLabel(c), "unit": reader.getPhysicalDimension(c),
                    "rate": float(reader.getSampleFrequency(c)), "transducer": reader.getTransducer(c).strip(),
                    "filter": reader.getPrefilter(c).strip(), "count": int(reader.getNSamples()[c]),
                    "stored": integers(reader.readSignal(c, digital=True)), "physical": floats(reader.readSignal(c)),
                }
                for c in range(reader.signals_in_file)
            ],
            "annotations": [
                [round(float(o), 7), max(-1.0, float(d)), str(t)] for o, d, t in zip(onsets, durations, texts)
            ],
        }
    finally:
        reader.close()


def edf():
    import pyedflib

    rng = np.random.default_rng(21)
    cases = []

    def case(name, data, kind):
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / "x.edf"
            path.write_bytes(data)
            cases.append({"name": name, "kind": kind, "file": b64(data), **edf_read(path)})

    kinds = {
        "EDF": pyedflib.FILETYPE_EDF, "EDF+C": pyedflib.FILETYPE_EDFPLUS,
        "BDF": pyedflib.FILETYPE_BDF, "BDF+C": pyedflib.FILETYPE_BDFPLUS,
    }
    for kind, code in kinds.items():
        wide = kind.startswith("BDF")
        top = 2 ** 23 - 1 if wide else 32767
        for rates, seconds in (((8,), 3), ((16, 4, 1), 4), ((10, 30), 2)):
            with tempfile.TemporaryDirectory() as place:
                path = pathlib.Path(place) / "w.edf"
                writer = pyedflib.EdfWriter(str(path), len(rates), file_type=code)
                for c, rate in enumerate(rates):
                    writer.setSignalHeader(c, {
                        "label": f"lead {c}", "dimension": ["uV", "mV", "degC"][c], "sample_frequency": rate,
                        "physical_min": [-3276.8, -5.0, 10.0][c], "physical_max": [3276.7, 7.25, 45.5][c],
                        "digital_min": [-top - 1, -2048, -top][c], "digital_max": [top, 2047, top][c],
                        "transducer": ["AgAgCl electrode", "", "thermistor"][c], "prefilter": ["HP:0.1Hz LP:75Hz", "", ""][c],
                    })
                writer.setStartdatetime(datetime.datetime(1999, 12, 31, 23, 59, 58))
                if kind.endswith("+C"):
                    writer.setPatientName("Canary")
                    for onset, length, text in ((0, -1, "start"), (0.25, 0.5, "event of half a second"), (1.5, -1, "Herzschlag \u00fc \u5fc3\u62cd")):
                        writer.writeAnnotation(onset, length, text)
                writer.writeSamples([
                    rng.integers([-top - 1, -2048, -top][c], [top, 2047, top][c], rate * seconds).astype("int32")
                    for c, rate in enumerate(rates)
                ], digital=True)
                writer.close()
                case(f"{kind}, {len(rates)} signals of {rates} Hz", path.read_bytes(), kind)

    ecg = {"label": "ECG", "unit": "mV", "pmin": -5, "pmax": 5, "dmin": -2048, "dmax": 2047, "samples": 10}
    notes = {"label": "EDF Annotations", "pmin": -1, "pmax": 1, "dmin": -32768, "dmax": 32767, "samples": 30}

    def made(count=3):
        return [rng.integers(-2048, 2048, 10) for _ in range(count)]

    case("physical range upside down", edf_bytes([{**ecg, "pmin": 5, "pmax": -5}], [[a] for a in made()], 1), "EDF")
    case("records of 0.4 s", edf_bytes([ecg], [[a] for a in made()], "0.4"), "EDF")
    case("starts between two seconds", edf_bytes([ecg, notes], [
        [a, f"+{r + 0.125}\x14\x14\0+{r + 0.625}\x14at half\x14\0".encode()] for r, a in enumerate(made())], 1, "EDF+C"), "EDF+C")
    case("two annotation signals, several texts at one onset", edf_bytes([notes, ecg, notes], [
        [f"+{r}\x14\x14\0+{r}.5\x150.2\x14one\x14two\x14\0".encode(), a, f"+{r}.7\x14other\x14\0".encode()]
        for r, a in enumerate(made())], 1, "EDF+C"), "EDF+C")
    write("edf.json", f"pyedflib {pyedflib.__version__}", cases)
    edf_unread(ecg, notes, rng)


def edf_unread(ecg, notes, rng):
    """Files that pyedflib refuses; what their samples are is what was put in."""
    cases = []

    def case(name, data, samples, options=None, warnings=None, **more):
        cases.append({"name": name, "file": b64(data), "options": options or {}, "warnings": warnings,
                      "physical": [floats(s) for s in samples], **more})

    def scaled(stored, one):
        step = (one["pmax"] - one["pmin"]) / (one["dmax"] - one["dmin"])
        return step * (one["pmax"] / step - one["dmax"] + np.asarray(stored, "f8"))

    parts = [rng.integers(-2048, 2048, 10) for _ in range(4)]
    whole = scaled(np.concatenate(parts), ecg)
    gap = np.full(60, np.nan)
    for part, onset in zip(parts, (0, 1, 2.5, 5)):
        gap[round(onset * 10):round(onset * 10) + 10] = scaled(part, ecg)
    clock = [f"+{t}\x14\x14\0+{t}\x14at {t}\x14\0".encode() for t in (7, 8, 9.5, 12)]
    case("EDF+D with two pauses", edf_bytes([ecg, notes], [[a, c] for a, c in zip(parts, clock)], 1, "EDF+D"), [gap],
         pieces=[[0, 2], [2.5, 3.5], [5, 6]], times=[0, 1, 2.5, 5])
    case("BDF+D", edf_bytes([ecg, {**notes, "label": "BDF Annotations"}], [[a, c] for a, c in zip(parts, clock)], 1, "BDF+D",
         version="BIOSEMI"), [gap], pieces=[[0, 2], [2.5, 3.5], [5, 6]], times=[0, 1, 2.5, 5])
    case("number of records unknown", edf_bytes([ecg], [[a] for a in parts], 1, count=-1), [whole], warnings=1)
    case("number of records unknown, last one cut", edf_bytes([ecg], [[a] for a in parts], 1, count=-1)[:-3], [whole[:30]], warnings=2)
    case("fewer records stated than present", edf_bytes([ecg], [[a] for a in parts], 1, count=2), [whole[:20]], warnings=1)
    case("more records stated than present, filled", edf_bytes([ecg], [[a] for a in parts], 1, count=6),
         [np.concatenate([whole, np.full(20, np.nan)])], {"truncated": "fill"}, 1)
    case("decimal commas", edf_bytes([{**ecg, "pmin": "-5,0", "pmax": "5,0"}], [[a] for a in parts], "1,0"), [whole], warnings=3)
    case("spaces inside numbers", edf_bytes([{**ecg, "dmin": "- 2048"}], [[a] for a in parts], 1), [whole], warnings=1)
    case("fields ended by NUL", edf_bytes([{**ecg, "pmax": b"5\0\0junk", "label": b"ECG\0junk"}], [[a] for a in parts], 1), [whole])
    case("letters beyond ASCII", edf_bytes([{**ecg, "unit": "\u00b5V", "label": "T\u00e9te"}], [[a] for a in parts], 1,
         patient="Zo\u00eb"), [whole], names=["T\u00e9te"], units=["\u00b5V"])
    case("digital range empty", edf_bytes([{**ecg, "dmin": 0, "dmax": 0}], [[a] for a in parts], 1), [np.concatenate(parts)], warnings=1)
    case("physical range empty", edf_bytes([{**ecg, "pmin": 0, "pmax": 0}], [[a] for a in parts], 1), [np.concatenate(parts)], warnings=1)
    case("header size wrong", edf_bytes([ecg], [[a] for a in parts], 1, header_bytes=1), [whole], warnings=1)
    case("annotations alone, records of no duration", edf_bytes([notes], [[c] for c in clock], 0, "EDF+C"), [], times=[0, 1, 2.5, 5])
    case("a broken annotation among others", edf_bytes([ecg, notes], [
        [a, f"+{r}\x14\x14\0nonsense\0+{r}.5\x14ok\x14\0".encode()] for r, a in enumerate(parts)], 1, "EDF+C"), [whole],
        warnings=1, times=[0.5, 1.5, 2.5, 3.5])
    write("edf-unread.json", "numpy " + np.__version__, cases)


def resample():
    import scipy.signal

    rng = np.random.default_rng(9)
    cases = []
    for count, before, after in ((200, 360, 250), (150, 250, 500), (300, 1000, 100), (64, 125, 128), (90, 62.5, 250), (40, 1, 1),
                                 (3, 100, 250), (2, 100, 250), (7, 500, 200), (120, 257, 128)):
        x = rng.normal(3, 1, count).cumsum()
        up, down = (int(v) for v in (after * 2, before * 2))
        y = scipy.signal.resample_poly(x, up, down, padtype="line")
        cases.append({"before": before, "after": after, "x": x.tolist(), "y": y.tolist()})
    write("resample.json", f"scipy {scipy.__version__}", cases)


def tables():
    import pandas

    cases = []

    def case(name, text, rate, units, options=None, encoding="utf-8", drop_time=True, **reading):
        frame = pandas.read_csv(io.StringIO(text), **{"sep": ",", "comment": "#", "skip_blank_lines": True, **reading})
        columns = [frame.iloc[:, c].astype("float64") for c in range(1 if drop_time else 0, frame.shape[1])]
        cases.append({
            "name": name, "text": b64(text.encode(encoding)), "rate": rate, "units": units, "options": options or {},
            "columns": [[None if np.isnan(v) else float(v) for v in column] for column in columns],
        })

    case("header with units, a column of times", "time (s),ECG (mV),ABP [mmHg]\n0.000,0.12,90\n0.004,-0.5,91.5\n0.008,1e-3,-.25\n",
         250, ["mV", "mmHg"])
    case("rate given, no header", "1,2\n3,4\n5.5,6\n", 100, ["", ""], {"samplingRateHz": 100}, drop_time=False, header=None)
    case("semicolons and decimal commas", "Zeit;I (mV);II (mV)\n0;0,5;1,25\n1;-0,5;2\n", 500, ["mV", "mV"],
         {"time": "Zeit", "samplingRateHz": 500, "timeUnit": "samples"}, sep=";", decimal=",")
    case("tabs, CRLF, times in ms", "time (ms)\ta\tb\r\n0\t1\t2\r\n2\t3\t4\r\n4\t5\t6\r\n", 500, ["", ""], sep="\t")
    case("missing values of all kinds", "t,a,b,c\n0,,nan,NA\n1,1,NaN,null\n2,N/A,2,3\n", 1, ["", "", ""])
    case("a row of units", "time,a,b\ns,mV,uV\n0,1,2\n0.5,3,4\n", 2, ["mV", "uV"], skiprows=[1])
    case("remarks and blank lines", "# made by hand\ntime,a\n\n0,1\n# half way\n0.1,2\n\n0.2,3\n", 10, [""])
    case("quoted names and fields", 'time,"a, quoted","b ""x"""\n0,"1","2"\n1,"3","4"\n', 1, ["", ""])
    case("columns set apart by spaces", "   0.00   1.5  -2\n   0.01   2.5  -3\n   0.02   3.5  -4\n", 100, ["", ""],
         {"time": 0}, sep=r"\s+", header=None)
    case("clock times and quotes as PhysioNet writes them", "'Elapsed time','MLII','V5'\n'hh:mm:ss.mmm','mV','mV'\n"
         "'0:00.000',-0.145,-0.065\n'0:00.250',-0.145,-0.06\n'0:00.500',-0.2,1\n", 4, ["mV", "mV"], skiprows=[1])
    case("dates and times", "timestamp,a\n2020-02-28T23:59:59.500,1\n2020-02-29T00:00:00.000,2\n2020-02-29T00:00:00.500,3\n", 2, [""])
    case("a byte order mark", "\ufefftime,a\n0,1\n0.002,2\n", 500, [""], encoding="utf-8")
    write("csv.json", f"pandas {pandas.__version__}", cases)


def written():
    """What wfdb and pyedflib read from the files that test/peers/write-signals.ts wrote into $HOUNSFIELD_WRITTEN."""
    import pyedflib

    folder = pathlib.Path(os.environ["HOUNSFIELD_WRITTEN"])
    payload = {"wfdb": {}, "edf": {}}
    for path in sorted(folder.rglob("*.hea")):
        name = str(path.relative_to(folder))
        marks = path.with_suffix(".atr")
        payload["wfdb"][name] = {
            "files": {str(p.relative_to(folder)): sha(p.read_bytes()) for p in sorted(path.parent.iterdir())},
            **wfdb_channels(path.with_suffix("")),
        }
        if marks.exists():
            import wfdb

            one = wfdb.rdann(str(path.with_suffix("")), "atr")
            payload["wfdb"][name]["marks"] = [
                [int(a), b, int(c), int(d), int(e), f]
                for a, b, c, d, e, f in zip(one.sample, one.symbol, one.subtype, one.chan, one.num, one.aux_note)
            ]
    for path in sorted(folder.rglob("*.edf")):
        payload["edf"][str(path.relative_to(folder))] = {"file": sha(path.read_bytes()), **edf_read(path)}
    write("written.json", f"{wfdb_version()}, pyedflib {pyedflib.__version__}", payload)


PARTS = {"shared": shared, "wfdb": wfdb_records, "annotations": annotations, "flac": flac,
         "edf": edf, "csv": tables, "resample": resample, "written": written}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        if part != "written" or "HOUNSFIELD_WRITTEN" in os.environ:
            PARTS[part]()
