"""Volumes resampled, smoothed, padded, turned and labelled by SimpleITK, scipy, numpy and nibabel.

Run: python scripts/peers/volume_transforms.py   (writes fixtures/volume-transforms/)
"""

import base64
import hashlib
import itertools
import json
import pathlib

import nibabel
import nibabel.orientations as orientations
import numpy as np
import scipy
import scipy.ndimage as ndimage
import SimpleITK as sitk

ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "volume-transforms"
ITK = f"SimpleITK {sitk.Version_VersionString()}"

INTERPOLATORS = {
    "nearest": sitk.sitkNearestNeighbor,
    "linear": sitk.sitkLinear,
    "bspline": sitk.sitkBSpline3,
    "sinc-lanczos": sitk.sitkLanczosWindowedSinc,
    "sinc-hamming": sitk.sitkHammingWindowedSinc,
    "sinc-cosine": sitk.sitkCosineWindowedSinc,
    "sinc-welch": sitk.sitkWelchWindowedSinc,
    "sinc-blackman": sitk.sitkBlackmanWindowedSinc,
}


def write(name, peer, payload):
    text = json.dumps(payload, separators=(",", ":"))
    record = {
        "maker": "scripts/peers/volume_transforms.py",
        "peer": peer,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "payload": payload,
    }
    ROOT.mkdir(parents=True, exist_ok=True)
    (ROOT / name).write_text(json.dumps(record, separators=(",", ":")) + "\n")


def packed(array, dtype):
    """An array [D, H, W] as its little-endian bytes."""
    array = np.ascontiguousarray(array, dtype=np.dtype(dtype).newbyteorder("<"))
    return {"shape": list(array.shape), "dtype": dtype, "data": base64.b64encode(array.tobytes()).decode()}


def rotation(degrees):
    x, y, z = np.radians(degrees)
    rx = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    ry = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    rz = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return rz @ ry @ rx


def placed(array, spacing, direction, origin, kind=sitk.sitkFloat64):
    image = sitk.Cast(sitk.GetImageFromArray(array), kind)
    image.SetSpacing([float(v) for v in spacing])
    image.SetDirection(np.asarray(direction, dtype=float).ravel().tolist())
    image.SetOrigin([float(v) for v in origin])
    return image


def affine_of(spacing, direction, origin):
    matrix = np.asarray(direction, dtype=float).reshape(3, 3) * np.asarray(spacing, dtype=float)
    return np.column_stack([matrix, np.asarray(origin, dtype=float)]).ravel().tolist()


def grid(name, size, spacing, direction, origin):
    return {"name": name, "size": size, "spacing": spacing, "direction": direction, "origin": origin}


def grids(source_direction, centre):
    """Target grids around a place: along the source's axes, turned round, oblique, and reaching far outside. They lie
    a little beside the centre, or places halfway between two voxels would be decided by the last bit."""
    centre = centre + np.array([0.131, -0.217, 0.373])

    def about(name, size, spacing, direction):
        direction = np.asarray(direction, dtype=float)
        origin = centre - direction @ (np.asarray(spacing) * (np.asarray(size) - 1) / 2)
        return grid(name, size, list(spacing), direction, origin.tolist())

    return [
        about("along the axes, finer", [14, 12, 9], (1.1, 0.9, 1.3), source_direction),
        about("along the axes, coarser", [7, 6, 5], (2.3, 2.1, 3.1), source_direction),
        about("axes turned round", [11, 10, 8], (1.3, 1.2, 1.6), source_direction @ np.diag([-1, 1, -1])),
        about("axes swapped", [9, 11, 8], (1.5, 1.4, 1.7), source_direction @ np.eye(3)[[2, 0, 1]]),
        about("oblique", [12, 11, 9], (1.2, 1.1, 1.4), rotation((14, -23, 35))),
        about("oblique and far outside", [10, 9, 8], (4.5, 5.1, 4.2), rotation((-40, 15, 70))),
    ]


def resampling():
    rng = np.random.default_rng(21)
    spacing, origin = (1.4, 1.2, 1.9), (-12.5, 31.0, 7.25)
    direction = rotation((9, -6, 17))
    size = (13, 12, 10)
    volume = rng.normal(50, 30, size[::-1]).astype(np.float32)
    long = rng.normal(-10, 60, (5, 6, 45)).astype(np.float32)
    centre = np.asarray(origin) + direction @ (np.asarray(spacing) * (np.asarray(size) - 1) / 2)
    cases = []

    def case(name, image, target, interpolation, dtype="float32"):
        result = sitk.Resample(image, target["size"], sitk.Transform(), INTERPOLATORS[interpolation],
                               target["origin"], target["spacing"], target["direction"].ravel().tolist(), -77.0)
        cases.append({
            "name": name, "interpolation": interpolation, "size": target["size"],
            "affine": affine_of(target["spacing"], target["direction"], target["origin"]),
            "expected": packed(sitk.GetArrayFromImage(result), dtype),
        })

    image = placed(volume, spacing, direction, origin)
    for target in grids(direction, centre):
        for interpolation in INTERPOLATORS:
            case(target["name"], image, target, interpolation)
    payload = {"source": {"volume": packed(volume, "float32"), "affine": affine_of(spacing, direction, origin)},
               "outside": -77, "cases": cases}
    write("resample.json", ITK, payload)

    cases = []
    flat = placed(long, (1, 1, 1), np.eye(3), (0, 0, 0))
    for interpolation in ["bspline", "linear"]:
        case("long rows", flat, grid("long", [40, 7, 6], [1.1, 0.83, 0.77], np.eye(3), [0.3, 0.1, 0.2]), interpolation)
    one = placed(volume[:1], (1, 1, 1), np.eye(3), (0, 0, 0))
    for interpolation in INTERPOLATORS:
        case("one slice", one, grid("flat", [17, 15, 1], [0.75, 0.8, 1], np.eye(3), [0.2, 0.1, 0]), interpolation)
    sheared = affine_of((1.1, 0.9, 1.2), np.eye(3), (0.4, 0.9, 0.6))
    transform = sitk.AffineTransform(3)
    matrix = np.array([[1, 0.3, -0.1], [0.05, 1, 0.2], [0, -0.15, 1]])
    transform.SetMatrix(matrix.ravel().tolist())
    source = placed(volume, (1, 1, 1), np.eye(3), (0, 0, 0))
    for interpolation in ["nearest", "linear", "bspline", "sinc-lanczos"]:
        result = sitk.Resample(source, [11, 12, 7], transform, INTERPOLATORS[interpolation], [0.4, 0.9, 0.6],
                               [1.1, 0.9, 1.2], np.eye(3).ravel().tolist(), -77.0)
        world = np.asarray(sheared).reshape(3, 4)
        cases.append({
            "name": "sheared", "interpolation": interpolation, "size": [11, 12, 7],
            "affine": np.column_stack([matrix @ world[:, :3], matrix @ world[:, 3]]).ravel().tolist(),
            "expected": packed(sitk.GetArrayFromImage(result), "float32"),
        })
    identity = affine_of((1, 1, 1), np.eye(3), (0, 0, 0))
    write("resample-more.json", ITK, {
        "sources": {"long rows": packed(long, "float32"), "one slice": packed(volume[:1], "float32"),
                    "sheared": packed(volume, "float32")},
        "affine": identity, "outside": -77, "cases": cases})


def labels():
    rng = np.random.default_rng(5)
    smooth = ndimage.gaussian_filter(rng.normal(size=(10, 12, 13)), 1.6)
    ranks = np.digitize(smooth, np.quantile(smooth, [0.5, 0.7, 0.9]))
    volume = np.array([0, 3, 7, 200])[ranks].astype(np.uint8)
    spacing, origin, direction = (1.4, 1.2, 1.9), (-12.5, 31.0, 7.25), rotation((9, -6, 17))
    image = placed(volume, spacing, direction, origin, sitk.sitkUInt8)
    centre = np.asarray(origin) + direction @ (np.asarray(spacing) * (np.asarray([13, 12, 10]) - 1) / 2)
    cases = []
    for target in grids(direction, centre):
        for kind, interpolator in [("nearest", sitk.sitkNearestNeighbor), ("gaussian", sitk.sitkLabelGaussian)]:
            result = sitk.Resample(image, target["size"], sitk.Transform(), interpolator, target["origin"],
                                   target["spacing"], target["direction"].ravel().tolist(), 0)
            cases.append({
                "name": target["name"], "labels": kind, "size": target["size"],
                "affine": affine_of(target["spacing"], target["direction"], target["origin"]),
                "expected": packed(sitk.GetArrayFromImage(result), "uint8"),
            })
    write("labels.json", ITK, {"source": packed(volume, "uint8"), "affine": affine_of(spacing, direction, origin),
                               "cases": cases})


def components():
    rng = np.random.default_rng(8)
    cases = []
    shapes = [((9, 11, 13), 0.32), ((8, 9, 10), 0.55), ((1, 14, 17), 0.5), ((12, 1, 9), 0.6), ((6, 7, 1), 0.5),
              ((14, 15, 16), 0.12)]
    for shape, density in shapes:
        mask = rng.random(shape) < density
        for rank, connectivity in [(1, 6), (2, 18), (3, 26)]:
            found, count = ndimage.label(mask, ndimage.generate_binary_structure(3, rank))
            cases.append({"mask": packed(mask, "uint8"), "connectivity": connectivity, "count": int(count),
                          "labels": packed(found, "uint16")})
    holes = []
    for shape, density in [((9, 11, 13), 0.62), ((8, 12, 10), 0.75), ((7, 20, 19), 0.5)]:
        mask = ndimage.binary_closing(rng.random(shape) < density) if density == 0.5 else rng.random(shape) < density
        filled = {"volume": ndimage.binary_fill_holes(mask)}
        for name, axis in [("z", 0), ("y", 1), ("x", 2)]:
            filled[name] = np.stack([ndimage.binary_fill_holes(s) for s in np.moveaxis(mask, axis, 0)], axis)
        holes.append({"mask": packed(mask, "uint8"), "filled": {k: packed(v, "uint8") for k, v in filled.items()}})
    write("components.json", f"scipy {scipy.__version__}", {"components": cases, "holes": holes})


def smoothing_and_padding():
    rng = np.random.default_rng(13)
    volume = rng.normal(100, 40, (9, 11, 12)).astype(np.float32)
    smooth = [{"sigma": list(sigma), "expected": packed(
        ndimage.gaussian_filter(volume.astype(np.float64), sigma[::-1], mode="reflect", truncate=4), "float32")}
        for sigma in [(0.7, 1.1, 0.5), (0, 2.5, 0), (1.3, 0, 2.2)]]
    whole = rng.integers(-1000, 1000, (4, 5, 6)).astype(np.int16)
    names = {"constant": "constant", "edge": "edge", "reflect": "symmetric", "mirror": "reflect", "wrap": "wrap"}
    below, above = [7, 2, 5], [9, 0, 6]
    pads = []
    for ours, theirs in names.items():
        more = {"constant_values": -5} if ours == "constant" else {}
        widths = [(below[2], above[2]), (below[1], above[1]), (below[0], above[0])]
        pads.append({"mode": ours, "below": below, "above": above, "value": -5,
                     "expected": packed(np.pad(whole, widths, mode=theirs, **more), "int16")})
    factor = [2.0, 1.6, 3.0]
    sigma = [float(np.sqrt((k * k - 1) / (8 * np.log(2)))) for k in factor]
    blurred = ndimage.gaussian_filter(volume.astype(np.float64), sigma[::-1], mode="reflect", truncate=4)
    image = placed(blurred, (1, 1, 1), np.eye(3), (0, 0, 0))
    size = [6, 7, 3]
    first = [(n - 1) / 2 - k * (m - 1) / 2 for n, m, k in zip((12, 11, 9), size, factor)]
    shrunk = sitk.Resample(image, size, sitk.Transform(), sitk.sitkLinear, first, factor, np.eye(3).ravel().tolist(), 0.0)
    write("smooth-and-pad.json", f"scipy {scipy.__version__}, numpy {np.__version__}, {ITK}", {
        "volume": packed(volume, "float32"), "smooth": smooth, "whole": packed(whole, "int16"), "pads": pads,
        "shrunk": {"spacingMm": factor, "size": size, "sigma": sigma,
                   "expected": packed(sitk.GetArrayFromImage(shrunk), "float32")}})


def orientation():
    rng = np.random.default_rng(3)
    cases = []
    array = rng.integers(0, 1000, (5, 4, 3)).astype(np.int16)  # nibabel's x, y, z
    affine = np.eye(4)
    affine[:3, :3] = np.diag([-1, -1, 1]) @ rotation((7, -11, 13)) @ np.diag([1.5, 0.8, 2.2])  # RAS world
    affine[:3, 3] = [11, -20, 33]
    flip = np.diag([-1, -1, 1, 1])
    image = nibabel.Nifti1Image(array, affine)
    letters = [p for p in itertools.product("LRPASI", repeat=3)
               if len({"LRPASI".index(c) // 2 for c in p}) == 3]
    own = orientations.io_orientation(affine)
    for code in letters:
        turn = orientations.ornt_transform(own, orientations.axcodes2ornt(code))
        turned = image.as_reoriented(turn)
        data = np.ascontiguousarray(np.asarray(turned.dataobj).transpose(2, 1, 0)).astype("<i2")
        cases.append({"code": "".join(code), "shape": list(data.shape),
                      "affine": (flip @ turned.affine)[:3].ravel().tolist(),
                      "sha256": hashlib.sha256(data.tobytes()).hexdigest()})
    codes = []
    for _ in range(60):
        matrix = rotation(rng.uniform(-180, 180, 3)) @ np.diag(rng.uniform(0.5, 3, 3) * rng.choice([-1, 1], 3))
        world = np.eye(4)
        world[:3, :3] = matrix
        codes.append({"affine": (flip @ world)[:3].ravel().tolist(), "code": "".join(nibabel.aff2axcodes(world))})
    write("orientation.json", f"nibabel {nibabel.__version__}", {
        "volume": packed(array.transpose(2, 1, 0), "int16"), "affine": (flip @ affine)[:3].ravel().tolist(),
        "code": "".join(nibabel.aff2axcodes(affine)), "cases": cases, "codes": codes})


resampling()
labels()
components()
smoothing_and_padding()
orientation()
