"""Small volume files of every kind, and what nibabel, SimpleITK, pynrrd, VTK and scikit-image read from them or make of them.

Run: python scripts/peers/volume_files.py           writes fixtures/volume-files/{files.zip,expected.json,surface.json}
     python scripts/peers/volume_files.py real DATA writes fixtures/volume-files/real.json from the shared data
     python scripts/peers/volume_files.py hdf5      writes fixtures/volume-files/{hdf5.zip,hdf5.json}
     python scripts/peers/volume_files.py vtk       writes fixtures/volume-files/{vti.zip,vti.json}; needs vtk
     python scripts/peers/volume_files.py written FOLDER   prints what the peers read from each file in FOLDER, as JSON
     python scripts/peers/volume_files.py store-written FOLDER   the same into fixtures/volume-files/written.json; FOLDER is
         filled by HOUNSFIELD_WRITTEN=FOLDER npx vitest run src/imaging/formats/volume-round-trip.test.ts

Values are compared as the SHA-256 of float64, little endian, in the order [T, C, D, H, W]; affines lead to LPS, mm.
"""

import bz2
import gzip
import hashlib
import io
import json
import pathlib
import struct
import sys
import tempfile
import warnings
import zipfile

import numpy as np

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "volume-files"
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
WORK = pathlib.Path(tempfile.mkdtemp())


def write_json(name, peer, payload):
    text = json.dumps(payload, separators=(",", ":"))
    record = {
        "maker": "scripts/peers/volume_files.py",
        "peer": peer,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "payload": payload,
    }
    ROOT.mkdir(parents=True, exist_ok=True)
    (ROOT / name).write_text(json.dumps(record, separators=(",", ":")) + "\n")


def write_zip(name, files):
    with zipfile.ZipFile(ROOT / name, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for entry in sorted(files):
            archive.writestr(zipfile.ZipInfo(entry, (2000, 1, 1, 0, 0, 0)), files[entry], zipfile.ZIP_DEFLATED)


def described(array, affine, **more):
    """array in [T, C, D, H, W]"""
    values = np.ascontiguousarray(array).astype("<f8")
    entry = {"shape": list(values.shape), "sha256": hashlib.sha256(values.tobytes()).hexdigest()}
    entry["first"] = [float(v) if np.isfinite(v) else str(v) for v in values.ravel()[:3]]
    if affine is not None:
        entry["affine"] = [float(v) for v in np.asarray(affine)[:3].ravel()]
    entry.update({key: value for key, value in more.items() if value is not None})
    return entry


# ---------------------------------------------------------------- nibabel


def parts_last(array):
    """Colour and complex values as a last axis; else one of length 1."""
    if array.dtype.names:
        return np.stack([array[name] for name in array.dtype.names], -1)
    if np.iscomplexobj(array):
        return np.stack([array.real, array.imag], -1)
    return array[..., None]


VECTOR_INTENTS = (1006, 1007, 2003, 2004)


def from_nibabel(path):
    import nibabel

    image = nibabel.load(path)
    array = np.asanyarray(image.dataobj)
    rank = array.ndim
    array = parts_last(array)
    array = array.reshape(array.shape[:rank] + (1,) * (7 - rank) + array.shape[-1:])
    array = np.transpose(array, (3, 6, 5, 4, 7, 2, 1, 0))
    t, g, f, e, p, z, y, x = array.shape
    array = array.reshape(t, g * f * e * p, z, y, x)
    intent = int(image.header["intent_code"]) if "intent_code" in getattr(image.header, "keys", list)() else 0
    if intent in VECTOR_INTENTS and rank == 4:
        array = array.reshape(1, t, z, y, x)
    return described(array, FLIP @ image.affine)


def nifti_bytes(cls, dtype, shape, values, order, edit=None, extensions=b"", offset=None, single=True):
    import nibabel

    header = cls(endianness=order)
    header.set_data_shape(shape)
    header.set_data_dtype(dtype)
    header.set_zooms([1.5, 2.0, 2.5, 0.8, 1, 1, 1][: len(shape)])
    header.set_xyzt_units("mm", "sec")
    affine = np.array([[-1.5, 0.1, 0, 12], [0, 1.9, -0.3, -7], [0.2, 0, 2.5, 3], [0, 0, 0, 1]])
    header.set_sform(affine, 1)
    start = (header.sizeof_hdr + 4 + len(extensions) + 15) // 16 * 16 if offset is None else offset
    header["vox_offset"] = start if single else 0
    if edit:
        edit(header)
    head = header.binaryblock
    data = values.astype(values.dtype.newbyteorder(order), copy=False).tobytes(order="F")
    if not single:
        return head, data
    flag = b"\1\0\0\0" if extensions else b"\0\0\0\0"
    body = head + flag + extensions
    body += bytes(max(0, start - len(body)))
    return body[:max(start, header.sizeof_hdr)] + data


def sample(dtype, shape, rng):
    dtype = np.dtype(dtype)
    if dtype.names:
        out = np.zeros(shape, dtype)
        for name in dtype.names:
            out[name] = rng.integers(0, 256, shape)
        return out
    if dtype.kind == "c":
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)
    if dtype.kind == "f":
        return (rng.normal(size=shape) * 1000).astype(dtype)
    info = np.iinfo(dtype)
    low, high = (max(info.min, -(2**52)), min(info.max, 2**52))
    return rng.integers(low, high, shape, endpoint=True, dtype=np.int64).astype(dtype)


def rotation(rng):
    q = rng.normal(size=4)
    q /= np.linalg.norm(q)
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def nifti_cases():
    import nibabel
    from nibabel.nifti1 import Nifti1Header, Nifti1PairHeader
    from nibabel.nifti2 import Nifti2Header, Nifti2PairHeader

    rng = np.random.default_rng(11)
    cases = []

    def add(name, dtype="int16", shape=(5, 4, 3), order="<", cls=Nifti1Header, edit=None, pack=False, tail=b"", values=None, **more):
        values = sample(dtype, shape, rng) if values is None else values
        note = {key: more.pop(key) for key in ("unitMm", "timeStepS", "labels", "code", "reads") if key in more}
        data = nifti_bytes(cls, dtype, shape, values, order, edit, **more) + tail
        file = name + (".nii.gz" if pack else ".nii")
        cases.append((file, {file: gzip.compress(data, mtime=0) if pack else data}, note))

    rgb = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    rgba = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1"), ("A", "u1")])
    types = "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64 complex64 complex128".split()
    for dtype in [*types, rgb, rgba]:
        label = dtype if isinstance(dtype, str) else ("rgb" if len(dtype.names) == 3 else "rgba")
        for order, suffix in (("<", "le"), (">", "be")):
            add(f"n1-{label}-{suffix}", dtype, order=order)
            add(f"n2-{label}-{suffix}", dtype, order=order, cls=Nifti2Header, pack=order == ">")
    add("n1-rounded-int64", "int64", values=np.array([2**53 + 1, -(2**60) - 7, 5] * 20, "int64").reshape(5, 4, 3))
    add("n1-rounded-uint64", "uint64", values=np.array([2**64 - 1, 2**63 + 1025, 5] * 20, "uint64").reshape(5, 4, 3))

    def scale(slope, inter):
        def edit(header):
            header["scl_slope"], header["scl_inter"] = slope, inter

        return edit

    for label, slope, inter in (
        ("whole", 2, -1024),
        ("fraction", 0.1, 3.7),
        ("zero", 0, 9),
        ("nan", np.nan, np.nan),
        ("inf", np.inf, 0),
        ("one", 1, 0),
        ("shift", 1, -0.5),
        ("negative", -1, 0),
    ):
        for dtype in ("int16", "float32", "uint8", "complex64", "int64", "uint32"):
            add(f"n1-scale-{label}-{dtype}", dtype, edit=scale(slope, inter))
    add("n1-scale-nan-inter", edit=scale(2, np.nan))

    def placed(sform=0, qform=0, matrix=None, zooms=None, qfac=None, **fields):
        def edit(header):
            header["sform_code"] = 0
            if matrix is not None:
                affine = np.eye(4)
                affine[:3, :3] = matrix
                affine[:3, 3] = (3.25, -8.5, 11)
                header.set_qform(affine, 1)
            header["sform_code"], header["qform_code"] = sform, qform
            if zooms is not None:
                header["pixdim"][1:4] = zooms
            if qfac is not None:
                header["pixdim"][0] = qfac
            for key, value in fields.items():
                header[key] = value

        return edit

    for i in range(8):
        turned = rotation(rng) @ np.diag(rng.uniform(0.3, 4, 3) * (1, 1, -1 if i % 2 else 1))
        add(f"n1-qform-{i}", edit=placed(0, 1 + i % 4, turned))
        add(f"n2-qform-{i}", cls=Nifti2Header, edit=placed(0, 1, turned))
        add(f"n1-both-{i}", edit=placed(2, 1, turned))
    for i, axes in enumerate(((-1, -1, 1), (-1, 1, -1), (1, -1, -1), (-1, -1, -1), (1, 1, 1), (1, 1, -1))):
        add(f"n1-half-turn-{i}", edit=placed(0, 1, np.diag(np.array(axes) * (1.0, 2.0, 3.0))))
    add("n1-quaternion-nearly-one", edit=placed(0, 1, np.eye(3), quatern_b=np.float32(0.99999994), quatern_c=0, quatern_d=0))
    add("n1-quaternion-too-long", edit=placed(0, 1, np.eye(3), quatern_b=0.9, quatern_c=0.9, quatern_d=0))
    add("n1-qfac-zero", edit=placed(0, 1, np.eye(3), qfac=0))
    add("n1-qfac-two", edit=placed(0, 1, np.diag([1.0, 1, -2]), qfac=2))
    add("n1-no-form", edit=placed())
    add("n1-no-form-negative-zooms", edit=placed(zooms=(-1, 2, -3)))
    add("n1-no-form-zero-zooms", edit=placed(zooms=(0, 2, 0)))
    add("n1-qform-negative-zooms", edit=placed(0, 1, rotation(rng), zooms=(-1, 2, 3)))
    add("n1-code-9", edit=placed(9, 1, rotation(rng)))
    add("n1-code-5", edit=placed(5, 0, np.eye(3)))
    add("n1-code-negative", edit=placed(-1, 1, rotation(rng)))
    for label, code, unit in (("m", 1, 1000), ("um", 3, 0.001), ("none", 0, 1), ("odd", 7, 1)):
        add(f"n1-unit-{label}", edit=lambda header, code=code: header.__setitem__("xyzt_units", code), unitMm=unit)
    for label, code, factor in (("s", 8, 1), ("ms", 16, 1e-3), ("us", 24, 1e-6), ("none", 0, None), ("hz", 32, None)):
        step = None if factor is None else float(np.float32(0.8)) * factor
        add(f"n1-time-{label}", shape=(5, 4, 3, 6), edit=lambda header, code=code: header.__setitem__("xyzt_units", 2 + code), timeStepS=step)

    for shape in ((7,), (7, 5), (5, 4, 1), (1, 4, 3), (5, 4, 3, 1), (5, 4, 3, 2), (5, 4, 3, 1, 3), (5, 4, 3, 2, 3), (5, 4, 3, 2, 3, 2), (3, 2, 2, 2, 2, 2, 2), (1, 1, 1)):
        add(f"n1-shape-{'x'.join(map(str, shape))}", shape=shape)
    add("n1-shape-rgb-5d", rgb, shape=(5, 4, 3, 2, 3))
    add("n2-shape-5d", "float32", shape=(5, 4, 3, 2, 3), cls=Nifti2Header, order=">")
    add("n1-vector-4d", "float32", shape=(5, 4, 3, 3), edit=lambda header: header.set_intent("vector"))
    add("n1-label", "uint8", edit=lambda header: header.set_intent("label"), labels=True)
    add("n1-freesurfer-long", "float32", shape=(40, 1, 1), edit=lambda header: (header["dim"].__setitem__(1, -1), header.__setitem__("glmin", 40)))
    comment = struct.pack("<ii", 32, 6) + b"a comment of 24 bytes...\0"[:24]
    add("n1-extension", extensions=comment + struct.pack("<ii", 16, 2) + bytes(8))
    add("n1-extension-be", order=">", extensions=struct.pack(">ii", 16, 6) + b"comment\0")
    add("n1-extension-odd", extensions=struct.pack("<ii", 20, 6) + b"twelve bytes")
    add("n1-extension-forged", extensions=struct.pack("<ii", 2**30, 6) + bytes(24), reads=True)
    data = nifti_bytes(Nifti1Header, "int16", (5, 4, 3), sample("int16", (5, 4, 3), rng), "<", offset=352)
    cases.append(("n1-offset-352.nii", {"n1-offset-352.nii": data}, {}))
    # nibabel takes the header itself for data here
    cases.append(("n1-offset-0.nii", {"n1-offset-0.nii": data[:108] + bytes(4) + data[112:]}, {"same": "n1-offset-352.nii"}))
    add("n1-offset-inside", offset=352, edit=lambda header: header.__setitem__("vox_offset", 200))
    add("n1-offset-odd", offset=359)
    add("n1-offset-fraction", offset=352, edit=lambda header: header.__setitem__("vox_offset", 352.7))
    add("n1-offset-far", offset=4096)
    add("n2-offset-far", offset=4096, cls=Nifti2Header)
    add("n1-bitpix-wrong", edit=lambda header: header.__setitem__("bitpix", 99))
    add("n1-tail", tail=b"more bytes than the header says")
    add("n1-tail-gz", tail=b"more bytes than the header says", pack=True)
    for code in (0, 1, 255, 1536, 2048, 77):
        add(f"n1-datatype-{code}", edit=lambda header, code=code: header._structarr.__setitem__("datatype", code), **({"reads": True} if code == 1 else {"code": "VOLUME_TYPE"}))
    add("n1-dim-0", edit=lambda header: header["dim"].__setitem__(0, 0), code="VOLUME_HEADER")
    add("n1-dim-9", edit=lambda header: header["dim"].__setitem__(0, 9))
    add("n1-side-0", edit=lambda header: header["dim"].__setitem__(2, 0), code="VOLUME_HEADER")
    add("n1-time-points-0", shape=(5, 4, 3, 1), edit=lambda header: header["dim"].__setitem__(4, 0), reads=True)
    add("n1-side-negative", edit=lambda header: header["dim"].__setitem__(2, -4))
    add("n1-side-too-large", edit=lambda header: header["dim"].__setitem__(3, 30000))
    data = nifti_bytes(Nifti1Header, "int16", (5, 4, 3), sample("int16", (5, 4, 3), rng), "<")
    cases.append(("n1-members.nii.gz", {"n1-members.nii.gz": gzip.compress(data[:400], mtime=0) + gzip.compress(data[400:], mtime=0)}, {}))
    cases.append(("n1-cut.nii", {"n1-cut.nii": data[:-5]}, {}))
    cases.append(("n1-cut.nii.gz", {"n1-cut.nii.gz": gzip.compress(data, mtime=0)[:-40]}, {}))
    cases.append(("n1-no-magic.nii", {"n1-no-magic.nii": data[:344] + bytes(4) + data[348:]}, {}))
    cases.append(("n1-header-only.nii", {"n1-header-only.nii": data[:348]}, {}))
    for name, cls in (("p1", Nifti1PairHeader), ("p2", Nifti2PairHeader)):
        for order, suffix in (("<", "le"), (">", "be")):
            head, body = nifti_bytes(cls, "float32", (5, 4, 3), sample("float32", (5, 4, 3), rng), order, single=False)
            stem = f"{name}-{suffix}"
            cases.append((f"{stem}.hdr", {f"{stem}.hdr": head + bytes(4), f"{stem}.img": body}, {}))
        cases.append((f"{name}-gz.hdr.gz", {f"{name}-gz.hdr.gz": gzip.compress(head + bytes(4), mtime=0), f"{name}-gz.img.gz": gzip.compress(body, mtime=0)}, {}))
        cases.append((f"{name}-by-img.img", {f"{name}-by-img.img": body, f"{name}-by-img.hdr": head}, {}))
    return cases


def analyze_cases():
    from nibabel.spm2analyze import Spm2AnalyzeHeader

    rng = np.random.default_rng(12)
    cases = []

    def add(name, dtype="int16", shape=(5, 4, 3), order="<", edit=None, pack=False):
        header = Spm2AnalyzeHeader(endianness=order)
        header.set_data_shape(shape)
        header.set_data_dtype(dtype)
        header.set_zooms([1.5, 2.0, 2.5, 1, 1, 1, 1][: len(shape)])
        if edit:
            edit(header)
        data = sample(dtype, shape, rng).astype(np.dtype(dtype).newbyteorder(order)).tobytes(order="F")
        end = ".gz" if pack else ""
        files = {f"{name}.hdr{end}": header.binaryblock, f"{name}.img{end}": data}
        cases.append((f"{name}.hdr{end}", {k: gzip.compress(v, mtime=0) if pack else v for k, v in files.items()}, {}))

    add("a-by-img")
    cases[-1] = ("a-by-img.img", *cases[-1][1:])
    for dtype in "uint8 int16 int32 float32 float64 complex64".split():
        for order, suffix in (("<", "le"), (">", "be")):
            add(f"a-{dtype}-{suffix}", dtype, order=order, pack=order == ">")

    def fields(**values):
        def edit(header):
            for key, value in values.items():
                header[key] = value

        return edit

    add("a-origin", edit=fields(origin=[3, 2, 1, 0, 0]))
    add("a-origin-far", edit=fields(origin=[300, 2, 1, 0, 0]))
    add("a-origin-negative", edit=fields(origin=[-2, 2, 1, 0, 0]))
    add("a-origin-partly-0", edit=fields(origin=[0, 0, 2, 0, 0]))
    add("a-slope", edit=fields(scl_slope=0.25, scl_inter=3))
    add("a-slope-nan-inter", edit=fields(scl_slope=0.25, scl_inter=np.nan))
    add("a-calibrated", edit=fields(scl_slope=0, glmax=110, glmin=10, cal_max=0.8, cal_min=0.2))
    add("a-zooms-negative", edit=lambda header: header["pixdim"].__setitem__(slice(1, 4), [-1, 2, -3]))
    add("a-zooms-0", edit=lambda header: header["pixdim"].__setitem__(slice(1, 4), [0, 2, 0]))
    add("a-4d", shape=(5, 4, 3, 2))
    add("a-2d", shape=(5, 4))
    add("a-offset", edit=fields(vox_offset=16))
    return cases


def mgh_cases():
    import nibabel

    rng = np.random.default_rng(13)
    cases = []
    for dtype in ("uint8", "int16", "int32", "float32", "uint16"):
        for shape in ((5, 4, 3), (5, 4, 3, 2)):
            affine = np.eye(4)
            affine[:3, :3] = rotation(rng) @ np.diag(rng.uniform(0.3, 4, 3))
            affine[:3, 3] = rng.normal(size=3) * 50
            image = nibabel.MGHImage(sample(dtype, shape, rng), affine)
            step = None
            if len(shape) == 4:
                image.header["tr"] = 2300
                step = 2.3
            name = f"m-{dtype}-{len(shape)}d"
            data = image.to_bytes()
            cases.append((f"{name}.mgh", {f"{name}.mgh": data}, {"timeStepS": step} if step else {}))
            cases.append((f"{name}.mgz", {f"{name}.mgz": gzip.compress(data, mtime=0)}, {"timeStepS": step} if step else {}))
    cases.append(("m-no-ras.mgh", {"m-no-ras.mgh": data[:28] + b"\0\0" + data[30:]}, {"timeStepS": 2.3, "noAffine": True}))
    cases.append(("m-no-footer.mgh", {"m-no-footer.mgh": data[: 284 + 5 * 4 * 3 * 2 * 2]}, {}))
    cases.append(("m-cut.mgh", {"m-cut.mgh": data[:300]}, {}))
    cases.append(("m-type-7.mgh", {"m-type-7.mgh": data[:20] + struct.pack(">i", 7) + data[24:]}, {}))
    cases.append(("m-version-2.mgh", {"m-version-2.mgh": struct.pack(">i", 2) + data[4:]}, {"code": "VOLUME_HEADER"}))
    cases.append(("m-side-0.mgh", {"m-side-0.mgh": data[:4] + struct.pack(">i", 0) + data[8:]}, {}))
    return cases


# ---------------------------------------------------------------- SimpleITK and pynrrd


def from_simpleitk(path):
    import SimpleITK as sitk

    image = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(image)
    channels = image.GetNumberOfComponentsPerPixel()
    if channels == 1:
        array = array[..., None]
    rank = image.GetDimension()
    if rank == 2:
        array = array[None]
    if rank < 4:
        array = array[None]
    d = np.array(image.GetDirection()).reshape(rank, rank)
    affine = np.eye(4)
    n = min(3, rank)
    affine[:n, :n] = d[:n, :n] * np.array(image.GetSpacing())[:n]
    affine[:n, 3] = image.GetOrigin()[:n]
    return described(np.moveaxis(array, -1, 1), affine)


ITK_TYPES = "sitkInt8 sitkUInt8 sitkInt16 sitkUInt16 sitkInt32 sitkUInt32 sitkInt64 sitkUInt64 sitkFloat32 sitkFloat64".split()


def itk_cases():
    import SimpleITK as sitk

    rng = np.random.default_rng(14)
    cases = []

    def image(dtype, shape, vector=False):
        out = sitk.GetImageFromArray(sample(dtype, shape, rng), isVector=vector)
        rank = out.GetDimension()
        out.SetSpacing(rng.uniform(0.3, 4, rank).tolist())
        out.SetOrigin((rng.normal(size=rank) * 40).tolist())
        if rank == 3:
            out.SetDirection(rotation(rng).ravel().tolist())
        return out

    def add(name, picture, compress=False, extra=(), **note):
        sitk.WriteImage(picture, str(WORK / name), useCompression=compress)
        cases.append((name, {other: (WORK / other).read_bytes() for other in (name, *extra)}, note))

    types = "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64".split()
    for dtype in types:
        add(f"i-{dtype}.mha", image(dtype, (3, 4, 5)))
        add(f"i-{dtype}-z.mha", image(dtype, (3, 4, 5)), True)
        add(f"i-{dtype}.nrrd", image(dtype, (3, 4, 5)))
        add(f"i-{dtype}-z.nrrd", image(dtype, (3, 4, 5)), True)
    for dtype in ("uint8", "int16", "float32"):
        add(f"i-vector-{dtype}.mha", image(dtype, (3, 4, 5, 3), True))
        add(f"i-vector-{dtype}.nrrd", image(dtype, (3, 4, 5, 3), True))
        add(f"i-flat-{dtype}.mha", image(dtype, (4, 5)))
        add(f"i-flat-{dtype}.nrrd", image(dtype, (4, 5)), flat=True)
        add(f"i-4d-{dtype}.mha", image(dtype, (2, 3, 4, 5)))
        add(f"i-4d-{dtype}.nrrd", image(dtype, (2, 3, 4, 5)))
        add(f"i-detached-{dtype}.mhd", image(dtype, (3, 4, 5)), extra=(f"i-detached-{dtype}.raw",))
        add(f"i-detached-z-{dtype}.mhd", image(dtype, (3, 4, 5)), True, extra=(f"i-detached-z-{dtype}.zraw",))
        add(f"i-apart-{dtype}.nhdr", image(dtype, (3, 4, 5)), extra=(f"i-apart-{dtype}.raw",))
    for dtype in ("int8", "uint8", "int16", "uint16", "float32"):
        picture = image(dtype, (3, 4, 5))
        picture.SetDirection(np.eye(3).ravel().tolist())
        add(f"i-{dtype}.gipl", picture)
        add(f"i-{dtype}.gipl.gz", picture)
        add(f"i-{dtype}.vtk", picture)
    picture = image("float32", (3, 4, 5, 3), True)
    picture.SetDirection(np.eye(3).ravel().tolist())
    add("i-vector.vtk", picture)

    values = sample("int16", (3, 4, 5), rng)
    little, big = values.astype("<i2").tobytes(), values.astype(">i2").tobytes()
    head = "ObjectType = Image\nNDims = 3\nDimSize = 5 4 3\nElementSpacing = 1.5 2 2.5\nOffset = 1 -2 3\n"

    def text(name, lines, data=b"", others=None, **note):
        files = {name: (head + lines).encode() + data, **(others or {})}
        cases.append((name, files, note))

    text("h-big.mha", "ElementByteOrderMSB = True\nElementType = MET_SHORT\nElementDataFile = LOCAL\n", big)
    text("h-big-2.mha", "BinaryDataByteOrderMSB = True\nElementType = MET_SHORT\nElementDataFile = LOCAL\n", big)
    text("h-ascii.mha", "BinaryData = False\nElementType = MET_SHORT\nElementDataFile = LOCAL\n", " ".join(map(str, values.ravel())).encode(), same="h-big.mha")
    text("h-header-size.mhd", "HeaderSize = 7\nElementType = MET_SHORT\nElementDataFile = h-header-size.raw\n", others={"h-header-size.raw": b"7 bytes" + little})
    text("h-header-end.mhd", "HeaderSize = -1\nElementType = MET_SHORT\nElementDataFile = h-header-end.raw\n", others={"h-header-end.raw": b"whatever stands here" + little})
    text("h-turned.mha", "TransformMatrix = 0 1 0 -1 0 0 0 0 1\nCenterOfRotation = 9 9 9\nElementType = MET_SHORT\nElementDataFile = LOCAL\n", little)
    text("h-position.mha", "ElementSize = 9 9 9\nElementType = MET_SHORT\nElementDataFile = LOCAL\n", little)
    text("h-long.mha", "ElementType = MET_LONG\nElementDataFile = LOCAL\n", values.astype("<i4").tobytes())
    text("h-crlf.mha", "ElementType = MET_SHORT\nElementDataFile = LOCAL\n".replace("\n", "\r\n"), little)
    plane = 5 * 4 * 2
    slices = {f"h-slice-{i:03d}.raw": little[i * plane : (i + 1) * plane] for i in (1, 2, 3)}
    slices = {f"h-slice-{i:03d}.raw": little[(i - 1) * plane : i * plane] for i in (1, 2, 3)}
    text("h-list.mhd", "ElementType = MET_SHORT\nElementDataFile = LIST\n" + "\n".join(slices) + "\n", others=slices)
    text("h-pattern.mhd", "ElementType = MET_SHORT\nElementDataFile = h-slice-%03d.raw 1 3 1\n", others=slices)
    text("h-cut.mha", "ElementType = MET_SHORT\nElementDataFile = LOCAL\n", little[:-3])
    text("h-outside.mhd", "ElementType = MET_SHORT\nElementDataFile = ../../etc/passwd\n", code="COMPANION_OUTSIDE")
    text("h-absolute.mhd", "ElementType = MET_SHORT\nElementDataFile = /etc/passwd\n", code="COMPANION_OUTSIDE")
    text("h-singular.mha", "TransformMatrix = 1 0 0 1 0 0 0 0 1\nElementType = MET_SHORT\nElementDataFile = LOCAL\n", little, code="GEOMETRY_INVALID")
    return cases


def nrrd_cases():
    """Headers written by hand: data by pynrrd, place by the field's own meaning."""
    rng = np.random.default_rng(15)
    cases = []
    values = sample("int16", (3, 4, 5), rng)
    little, big = values.astype("<i2").tobytes(), values.astype(">i2").tobytes()
    base = {"type": "short", "dimension": "3", "sizes": "5 4 3", "endian": "little", "encoding": "raw"}
    placed = {"space": "left-posterior-superior", "space directions": "(1.5,0,0) (0,2,0) (0.25,0,2.5)", "space origin": "(1,-2,3)"}

    def add(name, fields, data, others=None, roles="xyz", flip=(1, 1, 1), lines="", **note):
        text = "NRRD0005\n# a comment\n" + "".join(f"{k}: {v}\n" for k, v in fields.items()) + lines
        attached = not any(key.startswith("data") for key in fields)
        files = {name: text.encode() + (b"\n" + data if attached else b""), **(others or {})}
        cases.append((name, files, {"roles": roles, "flip": flip, **note}))

    add("r-plain.nrrd", base, little)
    add("r-big.nrrd", {**base, "endian": "big"}, big)
    add("r-placed.nrrd", {**base, **placed}, little)
    for space, flip in (("right-anterior-superior", (-1, -1, 1)), ("RAS", (-1, -1, 1)), ("left-anterior-superior", (1, -1, 1)), ("LAS", (1, -1, 1)), ("LPS", (1, 1, 1)), ("scanner-xyz", (1, 1, 1)), ("3D-right-handed", (1, 1, 1))):
        add(f"r-space-{space}.nrrd", {**base, **placed, "space": space}, little, flip=flip)
    add("r-space-dimension.nrrd", {**{k: v for k, v in base.items()}, "space dimension": "3", **{k: v for k, v in placed.items() if k != "space"}}, little)
    add("r-units-cm.nrrd", {**base, **placed, "space units": '"cm" "cm" "cm"'}, little, unitMm=10)
    add("r-spacings.nrrd", {**base, "spacings": "1.5 2 2.5"}, little)
    add("r-spacings-nan.nrrd", {**base, "spacings": "1.5 2 nan"}, little)
    add("r-ascii.nrrd", {**base, "encoding": "ascii"}, " ".join(map(str, values.ravel())).encode())
    add("r-text-lines.nrrd", {**base, "encoding": "text"}, "\n".join(map(str, values.ravel())).encode())
    add("r-gzip.nrrd", {**base, "encoding": "gzip"}, gzip.compress(little, mtime=0))
    add("r-gz-big.nrrd", {**base, "encoding": "gz", "endian": "big"}, gzip.compress(big, mtime=0))
    add("r-bzip2.nrrd", {**base, "encoding": "bzip2"}, bz2.compress(little))
    noise = rng.integers(0, 255, 70000).astype("u1")
    noise[10000:40000] = 7
    long = {**base, "type": "uchar", "sizes": "70 100 10", "encoding": "bz2"}
    add("r-bzip2-long.nrrd", long, bz2.compress(noise.tobytes(), 1))
    add("r-byte-skip.nrrd", {**base, "byte skip": "6"}, b"6bytes" + little)
    add("r-byte-skip-end.nrrd", {**base, "byte skip": "-1"}, b"anything before" + little)
    add("r-byte-skip-gz.nrrd", {**base, "byte skip": "6", "encoding": "gzip"}, gzip.compress(b"6bytes" + little, mtime=0), same="r-plain.nrrd")
    add("r-line-skip.nrrd", {**base, "line skip": "2"}, b"first\nsecond\n" + little)
    add("r-both-skips.nrrd", {**base, "lineskip": "1", "byteskip": "3"}, b"first\nabc" + little)
    add("r-keys.nrrd", base, little, lines="a key:=a value\\nof two lines\nother:=x: y\n")
    add("r-detached.nhdr", {**base, "data file": "r-detached.raw"}, b"", {"r-detached.raw": little})
    add("r-detached-gz.nhdr", {**base, "encoding": "gzip", "datafile": "r-detached.raw.gz"}, b"", {"r-detached.raw.gz": gzip.compress(little, mtime=0)})
    plane = 40
    slices = {f"r-slice-{i:02d}.raw": little[i * plane : (i + 1) * plane] for i in range(3)}
    joined = {"r-joined.raw": little}
    add("r-list.nhdr", {**base, "data file": "LIST"}, b"", {**slices, **joined}, lines="\n".join(slices) + "\n", same="r-plain.nrrd")
    add("r-list-2.nhdr", {**base, "data file": "LIST 2"}, b"", slices, lines="\n".join(slices) + "\n", same="r-plain.nrrd")
    add("r-pattern.nhdr", {**base, "data file": "r-slice-%02d.raw 0 2 1"}, b"", slices, same="r-plain.nrrd")
    add("r-pattern-2.nhdr", {**base, "data file": "r-slice-%02d.raw 0 2 1 2"}, b"", slices, same="r-plain.nrrd")
    hexed = little.hex().encode()
    add("r-hex.nrrd", {**base, "encoding": "hex"}, b"\n".join(hexed[i : i + 60] for i in range(0, len(hexed), 60)), same="r-plain.nrrd")
    four = sample("int16", (2, 3, 4, 5), rng).astype("<i2").tobytes()
    add("r-4d-plain.nrrd", {**base, "dimension": "4", "sizes": "5 4 3 2"}, four, roles="xyzt")
    add("r-4d-list.nrrd", {**base, "dimension": "4", "sizes": "2 5 4 3", "kinds": "list domain domain domain"}, four, roles="cxyz")
    add("r-4d-time.nrrd", {**base, "dimension": "4", "sizes": "5 4 3 2", "kinds": "space space space time", "spacings": "1 1 2 0.5", "units": '"mm" "mm" "mm" "s"'}, four, roles="xyzt", timeStepS=0.5)
    add("r-4d-vector.nrrd", {**base, "dimension": "4", "sizes": "2 5 4 3", "kinds": "vector domain domain domain", "space": "LPS", "space directions": "none (1,0,0) (0,1,0) (0,0,2)", "space origin": "(0,0,0)"}, four, roles="cxyz")
    add("r-4d-last.nrrd", {**base, "dimension": "4", "sizes": "5 4 3 2", "space": "LPS", "space directions": "(1,0,0) (0,1,0) (0,0,2) none", "space origin": "(0,0,0)"}, four, roles="xyzc")
    colour = sample("uint8", (3, 4, 5, 3), rng).tobytes()
    add("r-colour.nrrd", {"type": "uchar", "dimension": "4", "sizes": "3 5 4 3", "kinds": "RGB-color domain domain domain", "encoding": "raw"}, colour, roles="cxyz")
    add("r-flat-colour.nrrd", {"type": "uchar", "dimension": "3", "sizes": "3 5 12", "kinds": "3-color domain domain", "encoding": "raw"}, colour, roles="cxy")
    add("r-1d.nrrd", {**base, "dimension": "1", "sizes": "60"}, little, roles="x")
    for kind, dtype in (("signed char", "i1"), ("uchar", "u1"), ("unsigned short", "<u2"), ("unsigned int", "<u4"), ("int64_t", "<i8"), ("ulonglong", "<u8"), ("float", "<f4"), ("double", "<f8")):
        data = sample(np.dtype(dtype), (3, 4, 5), rng).astype(dtype).tobytes()
        add(f"r-type-{kind.replace(' ', '-')}.nrrd", {**base, "type": kind}, data)
    add("r-no-endian.nrrd", {k: v for k, v in base.items() if k != "endian"}, little)
    add("r-block.nrrd", {**base, "type": "block", "block size": "2"}, little, code="VOLUME_TYPE")
    add("r-cut.nrrd", base, little[:-1])
    add("r-no-sizes.nrrd", {k: v for k, v in base.items() if k != "sizes"}, little)
    add("r-sizes-few.nrrd", {**base, "sizes": "5 12"}, little)
    add("r-twice.nrrd", base, little, lines="endian: little\n")
    add("r-outside.nhdr", {**base, "data file": "../secret.raw"}, b"", code="COMPANION_OUTSIDE")
    add("r-list-outside.nhdr", {**base, "data file": "LIST"}, b"", lines="/etc/passwd\n", code="COMPANION_OUTSIDE")
    add("r-pattern-endless.nhdr", {**base, "data file": "r-slice-%02d.raw 0 2000000000 1"}, b"", code="VOLUME_HEADER")
    add("r-bomb.nrrd", {**base, "encoding": "gzip"}, gzip.compress(bytes(3 << 20), mtime=0), code="COMPRESSED_TOO_LARGE")
    add("r-singular.nrrd", {**base, **placed, "space directions": "(1,0,0) (2,0,0) (0,0,1)"}, little, code="GEOMETRY_INVALID")
    add("r-nan.nrrd", {**base, **placed, "space origin": "(nan,0,0)"}, little, code="GEOMETRY_INVALID")
    return cases


def from_pynrrd(path, roles, flip, **_):
    import nrrd

    array, header = nrrd.read(str(path), index_order="C")
    letters = roles[::-1]
    for letter in "tczyx":
        if letter not in letters:
            array = array[None]
            letters = letter + letters
    array = np.transpose(array, [letters.index(letter) for letter in "tczyx"])
    affine = None
    if "space directions" in header:
        rows = [row for row in np.atleast_2d(header["space directions"]) if not np.isnan(row).any()]
        affine = np.eye(4)
        affine[:3, :3] = (np.array(rows).T.T * np.array(flip)).T if False else (np.array(rows) * np.array(flip)).T
        affine[:3, 3] = np.array(header["space origin"]) * np.array(flip)
    elif "spacings" in header:
        spacings = [s for s, role in zip(header["spacings"], roles) if role in "xyz"]
        affine = np.diag([*(1 if np.isnan(s) else s for s in spacings), 1.0])
    return described(array, affine)


# ---------------------------------------------------------------- all of them


def expectation(main, note):
    path = WORK / main
    note = dict(note)
    for key in ("code", "reads", "same"):
        if key in note:
            return None
    if main.startswith("r-"):
        return from_pynrrd(path, **note)
    if main.startswith(("i-", "h-")):
        return from_simpleitk(path)
    return from_nibabel(path)


def make():
    import nibabel
    import nrrd
    import SimpleITK as sitk

    files, cases = {}, []
    makers = (("nifti", nifti_cases), ("analyze", analyze_cases), ("mgh", mgh_cases), ("itk", itk_cases), ("nrrd", nrrd_cases))
    for group, maker in makers:
        for main, parts, note in maker():
            files.update(parts)
            for name, data in parts.items():
                (WORK / name).write_bytes(data)
            entry = {"group": group, "file": main}
            try:
                found = expectation(main, note)
                if found:
                    entry["expected"] = found
            except Exception as error:  # a refusal is an answer too
                entry["refused"] = type(error).__name__
            entry.update({key: value for key, value in note.items() if key not in ("roles", "flip") and value is not None})
            cases.append(entry)
    by_name = {case["file"]: case for case in cases}
    for case in cases:
        if "same" in case:
            case["expected"] = by_name[case.pop("same")]["expected"]
    write_zip("files.zip", files)
    peer = f"nibabel {nibabel.__version__}, SimpleITK {sitk.Version_VersionString()}, pynrrd {nrrd.__version__}"
    digest = hashlib.sha256((ROOT / "files.zip").read_bytes()).hexdigest()
    write_json("expected.json", peer, {"zipSha256": digest, "cases": cases})
    surface()
    print(len(cases), "cases,", sum("refused" in case for case in cases), "refused,", len(files), "files")


def shapes():
    z, y, x = np.mgrid[0:24, 0:28, 0:32].astype(float)
    ball = 9.3 - np.sqrt((x - 15.2) ** 2 + (y - 13.7) ** 2 + (z - 11.6) ** 2)
    ring = 3.1 - np.sqrt((np.sqrt((x - 16) ** 2 + (y - 14) ** 2) - 8) ** 2 + (z - 12) ** 2)
    noise = np.random.default_rng(16).integers(0, 2, (12, 12, 12)).astype(float)
    return {"ball": (ball.astype("f4"), 0.0), "ring": (ring.astype("f4"), 0.0), "ballMask": ((ball > 0).astype("f4"), 0.5), "noiseMask": (noise.astype("f4"), 0.5)}


def surface():
    import base64

    import skimage
    from skimage import measure

    out = {}
    spacing = (2.5, 0.8, 1.2)
    for name, (array, level) in shapes().items():
        padded = np.pad(array, 1, constant_values=array.min())
        entry = {"shape": list(array.shape), "spacing": spacing, "level": level}
        entry["values"] = base64.b64encode(gzip.compress(np.ascontiguousarray(array).astype("<f4").tobytes(), mtime=0)).decode()
        for method in ("lorensen", "lewiner"):
            vertices, faces, _, _ = measure.marching_cubes(padded, level, spacing=spacing, method=method)
            corners = vertices[faces].astype(float)
            volume = np.abs(np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6)
            entry[method] = {"area": float(measure.mesh_surface_area(vertices, faces)), "volume": float(volume), "faces": len(faces)}
        out[name] = entry
    write_json("surface.json", f"scikit-image {skimage.__version__}", out)


def real(data):
    import nibabel
    import SimpleITK as sitk

    data = pathlib.Path(data)
    entries = []
    folders = ("nifti_niivue", "voxelmorph_test_scan", "antspy_registration", "pyradiomics_baseline", "sts_sarcoma_3d", "ibsi_digital_phantom", "brainchop_meshnet", "torchio_ct_dicom_series")
    ends = (".nii", ".nii.gz", ".mgz", ".mgh", ".nrrd", ".mha", ".mhd", ".hdr", ".nhdr")
    for path in sorted(p for folder in folders for p in (data / folder).rglob("*") if p.name.endswith(ends)):
        entry = {"file": str(path.relative_to(data))}
        try:
            if path.name.endswith((".nrrd", ".mha", ".mhd", ".nhdr")):
                entry["expected"] = from_simpleitk(path)
            else:
                entry["expected"] = from_nibabel(path)
        except Exception as error:
            entry["refused"] = type(error).__name__
        entries.append(entry)
    write_json("real.json", f"nibabel {nibabel.__version__}, SimpleITK {sitk.Version_VersionString()}", entries)
    print(len(entries), "files,", sum("refused" in entry for entry in entries), "refused")


def written(folder):
    out = {}
    for path in sorted(pathlib.Path(folder).iterdir()):
        try:
            itk = path.name.endswith((".nrrd", ".mha", ".vtk"))
            out[path.name] = from_simpleitk(path) if itk else from_nibabel(path)
            out[path.name]["bytes"] = hashlib.sha256(path.read_bytes()).hexdigest()
        except Exception as error:
            out[path.name] = {"refused": f"{type(error).__name__}: {error}"}
    return out


def store_written(folder):
    import nibabel
    import SimpleITK as sitk

    peer = f"nibabel {nibabel.__version__}, SimpleITK {sitk.Version_VersionString()}"
    write_json("written.json", peer, written(folder))


def vtk_files():
    import vtk
    from vtk.util import numpy_support

    rng = np.random.default_rng(17)
    files, cases = {}, []
    types = "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64".split()

    def image(dtype, channels=1, extent=(0, 4, 0, 3, 0, 2), direction=None):
        out = vtk.vtkImageData()
        out.SetExtent(extent)
        out.SetSpacing(1.5, 2, 2.5)
        out.SetOrigin(1, -2, 3)
        if direction is not None:
            out.SetDirectionMatrix(direction.ravel().tolist())
        sides = [extent[2 * i + 1] - extent[2 * i] + 1 for i in range(3)]
        values = sample(dtype, (int(np.prod(sides)), channels), rng)
        array = numpy_support.numpy_to_vtk(values, deep=True)
        array.SetName("values")
        out.GetPointData().SetScalars(array)
        array = values.reshape(sides[2], sides[1], sides[0], channels)
        d = np.eye(3) if direction is None else direction
        affine = np.eye(4)
        affine[:3, :3] = d * np.array([1.5, 2, 2.5])
        first = np.array(extent[::2])
        affine[:3, 3] = np.array([1, -2, 3]) + affine[:3, :3] @ first
        return out, described(np.moveaxis(array, -1, 0)[None], affine)

    def add(name, made, writer, setup):
        picture, expected = made
        writer.SetFileName(str(WORK / name))
        writer.SetInputData(picture)
        setup(writer)
        writer.Write()
        files[name] = (WORK / name).read_bytes()
        if name.endswith("-ascii.vtk"):  # text holds fewer digits: what VTK itself reads back
            reader = vtk.vtkStructuredPointsReader()
            reader.SetFileName(str(WORK / name))
            reader.Update()
            back = numpy_support.vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(3, 4, 5, -1)
            expected = {**described(np.moveaxis(back, -1, 0)[None], None), "affine": expected["affine"]}
        cases.append({"group": "vtk", "file": name, "expected": expected})

    def xml(mode, packed=False, wide=False, big=False, encoded=False):
        def setup(writer):
            {"ascii": writer.SetDataModeToAscii, "binary": writer.SetDataModeToBinary, "appended": writer.SetDataModeToAppended}[mode]()
            writer.SetCompressorTypeToZLib() if packed else writer.SetCompressorTypeToNone()
            writer.SetHeaderTypeToUInt64() if wide else writer.SetHeaderTypeToUInt32()
            writer.SetByteOrderToBigEndian() if big else writer.SetByteOrderToLittleEndian()
            writer.SetEncodeAppendedData(encoded)
            writer.SetBlockSize(64)

        return setup

    for dtype in types:
        add(f"v-{dtype}-ascii.vti", image(dtype), vtk.vtkXMLImageDataWriter(), xml("ascii"))
        add(f"v-{dtype}-raw.vti", image(dtype), vtk.vtkXMLImageDataWriter(), xml("appended"))
    for packed in (False, True):
        for wide in (False, True):
            for big in (False, True):
                tag = f"{'z' if packed else 'p'}{'64' if wide else '32'}{'be' if big else 'le'}"
                add(f"v-binary-{tag}.vti", image("int16", 2), vtk.vtkXMLImageDataWriter(), xml("binary", packed, wide, big))
                add(f"v-appended-{tag}.vti", image("float32", 3), vtk.vtkXMLImageDataWriter(), xml("appended", packed, wide, big))
                add(f"v-encoded-{tag}.vti", image("uint8"), vtk.vtkXMLImageDataWriter(), xml("appended", packed, wide, big, True))
    add("v-extent.vti", image("int16", 1, (2, 6, -1, 2, 5, 7), rotation(rng)), vtk.vtkXMLImageDataWriter(), xml("binary", True))
    for dtype in types:
        for form in ("ascii", "binary"):
            setup = (lambda writer: writer.SetFileTypeToASCII()) if form == "ascii" else (lambda writer: writer.SetFileTypeToBinary())
            add(f"v-{dtype}-{form}.vtk", image(dtype, 3 if dtype == "int16" else 1), vtk.vtkStructuredPointsWriter(), setup)
    write_zip("vti.zip", files)
    digest = hashlib.sha256((ROOT / "vti.zip").read_bytes()).hexdigest()
    write_json("vti.json", f"vtk {vtk.VTK_VERSION}", {"zipSha256": digest, "cases": cases})
    print(len(cases), "cases")


def hdf5():
    import h5py

    rng = np.random.default_rng(18)
    path = WORK / "arrays.h5"
    cases = []
    with h5py.File(path, "w") as file:

        def add(name, values, **options):
            file.create_dataset(name, data=values, **options)
            kind = {"b": "b"}.get(values.dtype.kind, values.dtype.kind)
            order = ">" if values.dtype.byteorder == ">" else "<"
            entry = {"path": "/" + name, "type": f"{order}{kind}{values.dtype.itemsize}", "shape": list(values.shape)}
            entry["values"] = [float(v) for v in values.ravel()]
            cases.append(entry)

        for dtype in "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64".split():
            add(dtype, sample(dtype, (2, 3, 4), rng))
        for dtype in (">i2", ">f4", ">f8", ">u4"):
            add("big" + dtype[1:], sample(dtype[1:], (3, 4), rng).astype(dtype))
        add("half", np.ones((2, 2), "f2"))
        add("truth", np.array([[True, False], [False, True]]))
        add("line", np.arange(5.0))
        add("group/packed", sample("int16", (2, 3, 4, 5), rng), compression="gzip", chunks=(1, 3, 2, 5), shuffle=True, fletcher32=True)
        file["soft"] = h5py.SoftLink("/group/packed")
        file["nowhere"] = h5py.SoftLink("/nothing")
        file["outside"] = h5py.ExternalLink("/etc/other.h5", "/x")
        file["group/loop"] = file["group"]
        file["text"] = "words"
        file["table"] = np.zeros(3, [("a", "f4"), ("b", "i2")])
        file.create_dataset("endless", (2**20, 2**20, 64), "f8", chunks=(64, 64, 1))
    cases.append({"path": "/endless", "type": "<f8", "shape": [2**20, 2**20, 64], "values": []})
    cases.sort(key=lambda case: case["path"])
    write_zip("hdf5.zip", {"arrays.h5": path.read_bytes()})
    write_json("hdf5.json", f"h5py {h5py.__version__}", cases)


if __name__ == "__main__":
    command = sys.argv[1] if len(sys.argv) > 1 else "make"
    {"make": make, "real": lambda: real(sys.argv[2]), "vtk": vtk_files, "hdf5": hdf5, "written": lambda: json.dump(written(sys.argv[2]), sys.stdout), "store-written": lambda: store_written(sys.argv[2])}[command]()
