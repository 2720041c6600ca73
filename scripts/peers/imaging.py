"""Values that Pillow, numpy, scipy and torchvision give for small images, for the tests of src/imaging.

Run: python scripts/peers/imaging.py   (writes fixtures/imaging/)
"""

import base64
import hashlib
import io
import json
import pathlib

import numpy as np
import PIL
import scipy
import scipy.fft
import scipy.ndimage
import sklearn
import torch
import torchvision
from PIL import Image, ImageOps
from sklearn.utils.class_weight import compute_class_weight
from torchvision.transforms.v2 import functional as tv

ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "imaging"


def write(name, peer, payload):
    text = json.dumps(payload, separators=(",", ":"))
    record = {
        "maker": "scripts/peers/imaging.py",
        "peer": peer,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "payload": payload,
    }
    ROOT.mkdir(parents=True, exist_ok=True)
    (ROOT / name).write_text(json.dumps(record, separators=(",", ":")) + "\n")


def b64(data):
    return base64.b64encode(data).decode()


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def planar(array):
    array = np.asarray(array)
    return array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)


def over_black(image):
    rgba = np.asarray(image.convert("RGBA")).astype(np.float64)
    return np.floor(rgba[..., :3] * rgba[..., 3:] / 255 + 0.5).astype(np.uint8)


def formats():
    rng = np.random.default_rng(7)
    grey = rng.integers(0, 256, (9, 13), dtype=np.uint8)
    colour = rng.integers(0, 256, (9, 13, 3), dtype=np.uint8)
    deep = rng.integers(0, 65536, (9, 13)).astype(np.uint16)
    alpha = rng.integers(0, 256, (9, 13, 4), dtype=np.uint8)
    x, y = np.meshgrid(np.arange(40), np.arange(24))
    smooth = (60 + 50 * np.sin(x / 5) + 40 * np.cos(y / 4)).astype(np.uint8)
    picture = np.stack([smooth, 255 - smooth, smooth[::-1]], -1)
    cases = []

    def case(name, data, expected, bits=8, tolerance=0):
        pixels = planar(expected)
        cases.append({
            "name": name, "file": b64(data), "shape": list(pixels.shape), "bitDepth": bits,
            "tolerance": tolerance, "pixels": pixels.ravel().tolist(),
        })

    def png(name, image, expected=None, bits=8, **options):
        data = saved(image, "PNG", **options)
        back = Image.open(io.BytesIO(data))
        case(name, data, np.asarray(back) if expected is None else expected(back), bits)

    png("png grey 8 bit", Image.fromarray(grey))
    png("png grey 16 bit", Image.fromarray(deep), bits=16)
    png("png colour 8 bit", Image.fromarray(colour))
    png("png palette", Image.fromarray(colour).quantize(16), lambda i: np.asarray(i.convert("RGB")))
    png("png 1 bit", Image.fromarray(grey > 127), lambda i: np.asarray(i.convert("L")))
    png("png colour with alpha over black", Image.fromarray(alpha), over_black)
    opaque = alpha.copy()
    opaque[..., 3] = 255
    png("png opaque alpha", Image.fromarray(opaque), lambda i: np.asarray(i.convert("RGB")))
    png("png grey with alpha over black", Image.fromarray(alpha[..., :2], "LA"), lambda i: over_black(i)[..., 0])

    def jpeg(name, image, expected=np.asarray, tolerance=1, **options):
        data = saved(image, "JPEG", **options)
        case(name, data, expected(Image.open(io.BytesIO(data))), 8, tolerance)

    jpeg("jpeg grey", Image.fromarray(smooth), quality=90)
    jpeg("jpeg grey progressive", Image.fromarray(smooth), quality=90, progressive=True)
    jpeg("jpeg colour 4:4:4", Image.fromarray(picture), quality=90, subsampling=0)
    jpeg("jpeg colour 4:2:0", Image.fromarray(picture), tolerance=3, quality=90, subsampling=2)
    jpeg("jpeg cmyk", Image.fromarray(picture).convert("CMYK"), lambda i: np.asarray(i.convert("RGB")), 2, quality=95)
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        jpeg(f"jpeg exif orientation {orientation}", Image.fromarray(smooth),
             lambda i: np.asarray(ImageOps.exif_transpose(i)), quality=90, exif=exif)
    write("formats.json", f"Pillow {PIL.__version__}", cases)


def npy():
    cases = []
    values = np.array([[0, 1, 2], [3, 100, 127]])
    for code in ["?", "u1", "i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4", ">i4", "<u8", ">u8", "<i8", ">i8",
                 "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:
        for order in "CF":
            array = np.array(values * (-1 if np.dtype(code).kind in "if" else 1), dtype=code, order=order)
            if np.dtype(code).kind == "f":
                array = np.array(array / 8, dtype=code, order=order)
            for version in [(1, 0), (2, 0), (3, 0)] if code == "<f4" else [(1, 0)]:
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, array, version=version)
                cases.append({"name": f"{code} {order} version {version[0]}", "file": b64(buffer.getvalue()),
                              "shape": list(array.shape), "values": [float(v) for v in array.ravel(order="C")]})
    cube = np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4))
    buffer = io.BytesIO()
    np.save(buffer, cube)
    cases.append({"name": "three axes F", "file": b64(buffer.getvalue()), "shape": [2, 3, 4],
                  "values": [float(v) for v in cube.ravel(order="C")]})
    buffer = io.BytesIO()
    np.savez_compressed(buffer, train_images=np.arange(6, dtype=np.uint8).reshape(1, 2, 3), train_labels=np.array([[1]]))
    write("npy.json", f"numpy {np.__version__}", {"arrays": cases, "npz": b64(buffer.getvalue())})


def floats(array):
    return [float(f"{v:.7g}") for v in np.asarray(array, dtype=np.float64).ravel()]


def transforms():
    rng = np.random.default_rng(11)
    image = rng.normal(100, 40, (2, 11, 14)).astype(np.float32)
    payload = {"image": {"channels": 2, "height": 11, "width": 14, "pixels": floats(image)}}
    image = np.array(payload["image"]["pixels"], dtype=np.float32).reshape(2, 11, 14)
    payload["resize"] = []
    for height, width in [(22, 28), (5, 7), (3, 20), (11, 4), (1, 1), (17, 14)]:
        pillow = np.stack([np.asarray(Image.fromarray(c).resize((width, height), Image.Resampling.BILINEAR)) for c in image])
        vision = tv.resize(torch.from_numpy(image), [height, width], antialias=True).numpy()
        payload["resize"].append({"height": height, "width": width, "pillow": floats(pillow), "torchvision": floats(vision)})

    payload["warp"] = []
    yy, xx = np.mgrid[0:11, 0:14].astype(np.float64)
    matrices = [[1, 0, 2.5, 0, 1, -1.25], [0.9, 0.2, -1, -0.15, 1.1, 0.5], [2, 0.5, -9, -0.7, 1.8, 1], [-1, 0, 13, 0, 1, 0]]
    for a, b, tx, c, d, ty in matrices:
        at = [c * xx + d * yy + ty, a * xx + b * yy + tx]
        result = {"matrix": [a, b, tx, c, d, ty]}
        mirrored = np.pad(image, ((0, 0), (60, 60), (60, 60)), mode="symmetric").astype(np.float64)  # d c b a | a b c d
        shifted = [at[0] + 60, at[1] + 60]
        result["reflect"] = floats(np.stack([scipy.ndimage.map_coordinates(m, shifted, order=1) for m in mirrored]))
        result["constant"] = floats(np.stack([
            scipy.ndimage.map_coordinates(plane.astype(np.float64), at, order=1, mode="grid-constant", cval=7) for plane in image]))
        payload["warp"].append(result)

    payload["blur"] = [{"sigma": s, "pixels": floats(np.stack([
        scipy.ndimage.gaussian_filter(plane.astype(np.float64), s, mode="reflect", truncate=4) for plane in image]))}
        for s in [0.5, 1, 2.3]]

    rows, columns = 5, 4
    control = np.array(floats(rng.normal(0, 1.5, (2, rows, columns)))).reshape(2, rows, columns)
    grid = [np.linspace(0, rows - 1, 11)[:, None] * np.ones((1, 14)), np.linspace(0, columns - 1, 14)[None] * np.ones((11, 1))]
    field = np.stack([scipy.ndimage.map_coordinates(c, grid, order=3, prefilter=False, mode="nearest") for c in control])
    payload["elastic"] = {"grid": {"rows": rows, "columns": columns, "displacements": floats(control)}, "field": floats(field)}

    unit = rng.uniform(0.2, 0.7, (1, 6, 7)).astype(np.float32)
    unit[0, 0, 0], unit[0, 0, 1] = 0, 1
    unit = np.array(floats(unit), dtype=np.float32).reshape(1, 6, 7)
    mid = unit.copy()
    mid[0, 0, 1] = 0.5
    t = torch.from_numpy(mid)
    payload["intensity"] = {
        "image": floats(mid), "gammaImage": floats(unit), "height": 6, "width": 7,
        "brightness": floats(tv.adjust_brightness(t, 1.2)),
        "contrast": floats(tv.adjust_contrast(t, 0.8)),
        "gamma": floats(tv.adjust_gamma(torch.from_numpy(unit), 1.7)),
    }
    write("transforms.json", f"Pillow {PIL.__version__}, scipy {scipy.__version__}, torchvision {torchvision.__version__}", payload)


def perceptual_hash():
    rng = np.random.default_rng(5)
    cases = []
    for _ in range(6):
        base = scipy.ndimage.gaussian_filter(rng.normal(0, 1, (40, 52)), 3)
        image = np.round(255 * (base - base.min()) / (base.max() - base.min())).astype(np.float32)
        small = np.asarray(Image.fromarray(image).resize((32, 32), Image.Resampling.BILINEAR)).astype(np.float64)
        # DCT-II, frequencies 1..8 each way
        low = scipy.fft.dctn(small, type=2)[1:9, 1:9].ravel()
        bits = low > np.sort(low)[32]
        cases.append({"pixels": image.ravel().astype(int).tolist(), "height": 40, "width": 52,
                      "bits": [int(b) for b in bits]})
    write("perceptual-hash.json", f"scipy {scipy.__version__}, Pillow {PIL.__version__}", cases)


def class_weights():
    cases = []
    for counts in [[5, 5], [1214, 3494], [1, 10, 100, 7]]:
        labels = np.repeat(np.arange(len(counts)), counts)
        weights = compute_class_weight("balanced", classes=np.arange(len(counts)), y=labels)
        cases.append({"counts": counts, "weights": floats(weights)})
    write("class-weights.json", f"scikit-learn {sklearn.__version__}", cases)


formats()
npy()
transforms()
perceptual_hash()
class_weights()
