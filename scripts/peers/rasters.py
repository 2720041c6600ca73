"""What tifffile, imagecodecs and Pillow give for pictures, for the tests of src/imaging/formats.

Run: python scripts/peers/rasters.py [lerc|tiff|slide|bmp|pictures ...]   (writes fixtures/rasters/)
"""

import base64
import hashlib
import io
import json
import pathlib
import struct
import sys
import uuid

import imagecodecs
import numpy as np
import PIL
import tifffile
from PIL import Image, ImageOps

# the same files each time: OME files carry an identifier
uuid.uuid1 = lambda: uuid.UUID(int=1)

ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "rasters"


def write(name, peer, payload):
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    record = {
        "maker": "scripts/peers/rasters.py",
        "peer": peer,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "payload": payload,
    }
    ROOT.mkdir(parents=True, exist_ok=True)
    (ROOT / name).write_text(json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n")


def b64(data):
    return base64.b64encode(bytes(data)).decode()


def values(array, dtype=None):
    """sha256 of the array's bytes, little endian, in the type named."""
    array = np.ascontiguousarray(array if dtype is None else np.asarray(array).astype(dtype))
    return {
        "type": array.dtype.name,
        "sha256": hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest(),
        "first": [float(v) for v in array.ravel()[:4]],
    }


def smooth(height, width, low, high, dtype, samples=1, seed=1):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    planes = []
    for s in range(samples):
        wave = 0.5 + 0.4 * np.sin(x / 7 + s) * np.cos(y / 5 - s) + 0.1 * rng.random((height, width))
        planes.append(low + (high - low) * wave.clip(0, 1))
    array = np.stack(planes, -1)
    array = np.round(array) if np.dtype(dtype).kind in "iu" else array
    array = array.astype(dtype)
    return array[..., 0] if samples == 1 else array


def tiff():
    cases = []

    def case(name, data, array, shape, spacing=None, tolerance=0, **more):
        """`array` in the order time, channel, depth, height, width."""
        assert np.size(array) == np.prod(shape), (np.shape(array), shape)
        entry = {"name": name, "file": b64(data), "shape": list(shape), "spacing": spacing, "tolerance": tolerance, **more}
        if tolerance:
            entry["pixels"] = b64(np.asarray(array, "uint8").tobytes())
        else:
            entry.update(values(array))
        cases.append(entry)

    def saved(array, **options):
        buffer = io.BytesIO()
        with tifffile.TiffWriter(buffer, bigtiff=options.pop("bigtiff", False), byteorder=options.pop("byteorder", "<"),
                                 ome=options.pop("ome", False), imagej=options.pop("imagej", False)) as writer:
            writer.write(array, metadata=options.pop("metadata", None), **options)
        return buffer.getvalue()

    ranges = {"uint8": (0, 255), "uint16": (0, 65535), "uint32": (0, 4294967295), "int8": (-128, 127), "int16": (-32768, 32767),
              "int32": (-2147483648, 2147483647), "float16": (-100, 100), "float32": (-1000, 1000), "float64": (-1e9, 1e9)}
    for dtype, (low, high) in ranges.items():
        grey = smooth(21, 34, low, high, dtype)
        wide = grey.astype("float32") if dtype == "float16" else grey
        for byteorder in "<>":
            case(f"{dtype} {byteorder}", saved(grey, byteorder=byteorder), wide, (1, 1, 1, 21, 34))
        kind = np.dtype(dtype).kind
        predictors = [1, 3] if kind == "f" else [1, 2]
        for compression in ("lzw", "zlib", "packbits", "zstd"):
            for predictor in predictors if compression not in ("packbits",) else [1]:
                if dtype == "float16" and predictor == 3:
                    continue
                case(f"{dtype} {compression}, predictor {predictor}", saved(grey, compression=compression, predictor=predictor, rowsperstrip=8),
                     wide, (1, 1, 1, 21, 34))
        case(f"{dtype} tiled, lzw, big endian", saved(grey, tile=(16, 16), compression="lzw", byteorder=">"), wide, (1, 1, 1, 21, 34))
    for dtype in ("uint8", "uint16", "float32"):
        low, high = ranges[dtype]
        colour = smooth(19, 23, low, high, dtype, 3)
        planes = np.moveaxis(colour, -1, 0)
        for planar in ("contig", "separate"):
            for options in ({}, {"tile": (16, 16), "compression": "zlib"}, {"compression": "lzw", "predictor": 2 if dtype != "float32" else 3}):
                array = colour if planar == "contig" else planes
                case(f"{dtype} colour, {planar}, {options}", saved(array, photometric="rgb", planarconfig=planar, **options),
                     planes, (1, 3, 1, 19, 23))
    grey = smooth(21, 34, 0, 255, "uint8")
    case("MinIsWhite", saved(grey, photometric="miniswhite"), 255 - grey, (1, 1, 1, 21, 34))
    case("MinIsWhite 16 bit", saved(grey.astype("uint16") * 250, photometric="miniswhite"), 65535 - grey.astype("uint16") * 250, (1, 1, 1, 21, 34))
    bits = grey > 127
    for compression in (None, "packbits", "lzw"):
        case(f"1 bit, {compression}", saved(bits, photometric="minisblack", compression=compression), bits.astype("uint8") * 255, (1, 1, 1, 21, 34))
    case("1 bit, white is 0", saved(bits, photometric="miniswhite"), (~bits).astype("uint8") * 255, (1, 1, 1, 21, 34))
    for count in (2, 4, 10, 12, 14):
        array = smooth(9, 13, 0, 2**count - 1, "uint8" if count <= 8 else "uint16")
        case(f"{count} bits", packed_bits(array, count), array, (1, 1, 1, 9, 13), bits=count)
    case("bits in the other order", reversed_bits(grey), grey, (1, 1, 1, 21, 34))
    palette = np.random.default_rng(2).integers(0, 65536, (3, 256)).astype("uint16")
    case("palette", saved(grey, photometric="palette", colormap=palette), (palette[:, grey] >> 8).astype("uint8"), (1, 3, 1, 21, 34))
    alpha = smooth(11, 12, 0, 255, "uint8", 4)
    over = np.round(alpha[..., :3] * (alpha[..., 3:] / 255.0)).astype("uint8")
    case("colour with alpha over black", saved(alpha, photometric="rgb", extrasamples=["unassalpha"]), np.moveaxis(over, -1, 0), (1, 3, 1, 11, 12))
    case("colour with premultiplied alpha", saved(alpha, photometric="rgb", extrasamples=["assocalpha"]), np.moveaxis(alpha[..., :3], -1, 0), (1, 3, 1, 11, 12))
    case("grey of four samples", saved(alpha, photometric="minisblack", planarconfig="contig"), np.moveaxis(alpha, -1, 0), (1, 4, 1, 11, 12))
    inks = saved(alpha, photometric="separated", planarconfig="contig")
    ink = (255 - alpha.astype(float))
    case("inks", inks, np.moveaxis(np.floor(ink[..., :3] * ink[..., 3:] / 255 + 0.5).astype("uint8"), -1, 0), (1, 3, 1, 11, 12))
    stack = np.stack([smooth(8, 9, 0, 4000, "uint16", seed=s) for s in range(5)])
    case("five pages", saved(stack, photometric="minisblack"), stack, (1, 1, 5, 8, 9))
    case("five pages, BigTIFF", saved(stack, photometric="minisblack", bigtiff=True), stack, (1, 1, 5, 8, 9))
    case("spacing per centimetre", saved(grey, resolution=(100, 50), resolutionunit="CENTIMETER"), grey, (1, 1, 1, 21, 34), [0.1, 0.2, 1])
    case("spacing per inch", saved(grey, resolution=(254, 127), resolutionunit="INCH"), grey, (1, 1, 1, 21, 34), [0.1, 0.2, 1])
    case("resolution without a unit", saved(grey, resolution=(254, 127), resolutionunit="NONE"), grey, (1, 1, 1, 21, 34))
    hyper = np.stack([smooth(8, 9, 0, 4000, "uint16", seed=s) for s in range(12)]).reshape(2, 3, 2, 8, 9)  # T Z C
    case("ImageJ hyperstack", saved(hyper, imagej=True, resolution=(2, 2), metadata={"axes": "TZCYX", "spacing": 3.0, "unit": "um", "finterval": 0.5}),
         np.transpose(hyper, (0, 2, 1, 3, 4)), (2, 2, 3, 8, 9), [0.0005, 0.0005, 0.003], timeStep=0.5)
    case("OME, order CTZ", saved(hyper, ome=True, metadata={"axes": "TZCYX", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2,
         "TimeIncrement": 1.5}), np.transpose(hyper, (0, 2, 1, 3, 4)), (2, 2, 3, 8, 9), [0.00025, 0.0005, 0.002], timeStep=1.5)
    for orientation in range(1, 9):
        buffer = io.BytesIO()
        Image.fromarray(grey).save(buffer, "TIFF", tiffinfo={274: orientation})
        raw = buffer.getvalue()
        upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(raw))))
        case(f"orientation {orientation}", raw, upright, (1, 1, 1, *upright.shape))
    colour = smooth(40, 48, 0, 255, "uint8", 3)
    for name, options in (("YCbCr 4:4:4", {"subsampling": (1, 1)}), ("YCbCr 4:2:0", {"subsampling": (2, 2)})):
        for place in ({"tile": (16, 16)}, {"rowsperstrip": 16}):
            data = saved(colour, photometric="ycbcr", compression="jpeg", compressionargs={"level": 90}, **options, **place)
            case(f"JPEG {name} {place}", data, np.moveaxis(tifffile.imread(io.BytesIO(data)), -1, 0), (1, 3, 1, 40, 48),
                 tolerance=2 if "4:4:4" in name else 6)
    data = saved(colour, photometric="rgb", compression="jpeg", tile=(32, 32), compressionargs={"level": 95, "outcolorspace": "rgb"})
    case("JPEG of red, green, blue", data, np.moveaxis(tifffile.imread(io.BytesIO(data)), -1, 0), (1, 3, 1, 40, 48), tolerance=2)
    grey48 = smooth(40, 48, 0, 255, "uint8")
    data = saved(grey48, compression="jpeg", compressionargs={"level": 90})
    case("JPEG grey", data, tifffile.imread(io.BytesIO(data)), (1, 1, 1, 40, 48), tolerance=1)
    data = saved(grey48.astype("uint16") * 200, compression="jpeg2000", tile=(16, 16), compressionargs={"level": 0})
    case("JPEG 2000, 16 bit", data, tifffile.imread(io.BytesIO(data)), (1, 1, 1, 40, 48))
    data = saved(colour, photometric="rgb", compression="jpeg2000", tile=(32, 32), compressionargs={"level": 0})
    case("JPEG 2000, colour", data, np.moveaxis(tifffile.imread(io.BytesIO(data)), -1, 0), (1, 3, 1, 40, 48))
    for dtype in ("uint8", "float32"):
        array = smooth(40, 48, 0, 255, dtype)
        data = saved(array, compression="lerc", rowsperstrip=40)
        case(f"LERC {dtype}", data, tifffile.imread(io.BytesIO(data)), (1, 1, 1, 40, 48))
    for kind, picture in (("colour", colour), ("colour with alpha", np.dstack([colour, np.full((40, 48), 255, "uint8")]))):
        data = saved(picture, photometric="rgb", compression="webp", tile=(32, 32), compressionargs={"lossless": True},
                     **({"extrasamples": ["unassalpha"]} if picture.shape[2] == 4 else {}))
        case(f"WebP, {kind}", data, np.moveaxis(colour, -1, 0), (1, 3, 1, 40, 48))
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "raw"):
        buffer = io.BytesIO()
        Image.fromarray(colour).save(buffer, "TIFF", compression=None if compression == "raw" else compression, dpi=(300, 300))
        case(f"Pillow {compression}", buffer.getvalue(), np.moveaxis(colour, -1, 0), (1, 3, 1, 40, 48), [25.4 / 300, 25.4 / 300, 1])
    thumbnail = io.BytesIO()
    with tifffile.TiffWriter(thumbnail) as writer:
        writer.write(grey, metadata=None)
        writer.write(grey[::2, ::2].copy(), subfiletype=1, metadata=None)
    case("a thumbnail after the page", thumbnail.getvalue(), grey, (1, 1, 1, 21, 34), warnings=1)
    write("tiff.json", f"tifffile {tifffile.__version__}, imagecodecs {imagecodecs.__version__}, Pillow {PIL.__version__}", cases)


def ifd(fields, data, little=True):
    """A classic TIFF of one strip from (tag, type, values)."""
    order = "<" if little else ">"
    codes = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II"}
    fields = sorted(fields + [(273, 4, [0]), (279, 4, [len(data)])])
    count = len(fields)
    tail = 8 + 2 + 12 * count + 4
    head = (b"II*\0" if little else b"MM\0*") + struct.pack(order + "I", 8) + struct.pack(order + "H", count)
    extra = b""
    place = tail + sum((len(v) * {1: 1, 3: 2, 4: 4, 5: 8}[t] + 1) // 2 * 2 for _, t, v in fields if len(v) * {1: 1, 3: 2, 4: 4, 5: 8}[t] > 4)
    body = b""
    for tag, kind, vals in fields:
        vals = [place] if tag == 273 else vals
        packed = b"".join(struct.pack(order + codes[kind], *(v if isinstance(v, tuple) else (v,))) for v in vals)
        if len(packed) > 4:
            body += struct.pack(order + "HHII", tag, kind, len(vals), tail + len(extra))
            extra += packed + b"\0" * (len(packed) % 2)
        else:
            body += struct.pack(order + "HHI", tag, kind, len(vals)) + packed.ljust(4, b"\0")
    return head + body + struct.pack(order + "I", 0) + extra + data


def page(array, bits, more=()):
    height, width = array.shape
    return [(256, 3, [width]), (257, 3, [height]), (258, 3, [bits]), (259, 3, [1]), (262, 3, [1]), (277, 3, [1]), (278, 3, [height]), *more]


def packed_bits(array, bits):
    rows = b""
    for row in array:
        word = 0
        for value in row:
            word = word << bits | int(value)
        total = len(row) * bits
        pad = -total % 8
        rows += (word << pad).to_bytes((total + pad) // 8, "big")
    return ifd(page(array, bits), rows)


def reversed_bits(array):
    table = np.array([int(f"{b:08b}"[::-1], 2) for b in range(256)], "uint8")
    return ifd(page(array, 8, [(266, 3, [2])]), table[array].tobytes())


def slide():
    cases = []
    base = smooth(200, 280, 0, 255, "uint8", 3) // 24 * 24
    half = base[::2, ::2].copy()
    quarter = base[::4, ::4].copy()

    def case(name, data, vendor, mpp, levels, magnification=None):
        regions = []
        for level, array in enumerate(levels):
            height, width = array.shape[:2]
            for x, y, w, h in ((0, 0, 1, 1), (0, 0, width, height), (width // 3, height // 4, width // 2, height // 2), (width - 5, height - 7, 5, 7)):
                part = array[y:y + h, x:x + w]
                regions.append({"level": level, "region": [x, y, w, h], **values(np.moveaxis(part, -1, 0) if part.ndim == 3 else part)})
        cases.append({"name": name, "file": b64(data), "vendor": vendor, "mpp": mpp, "magnification": magnification,
                      "levels": [[a.shape[1], a.shape[0]] for a in levels], "regions": regions})

    options = dict(photometric="rgb", compression="zlib")
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        about = "Aperio Image Library v12.0.5\r\n280x200 (64x64) |AppMag = 20|MPP = 0.4990|User = Canary"
        writer.write(base, tile=(64, 64), description=about, metadata=None, **options)
        writer.write(base[::6, ::6].copy(), metadata=None, **options)  # thumbnail
        writer.write(half, tile=(64, 64), metadata=None, **options)
        writer.write(quarter, tile=(64, 64), metadata=None, **options)
        writer.write(smooth(40, 30, 0, 255, "uint8", 3), description="label 280x200", subfiletype=1, metadata=None, **options)
        writer.write(smooth(40, 90, 0, 255, "uint8", 3), description="macro 280x200", subfiletype=9, metadata=None, **options)
    case("Aperio", buffer.getvalue(), "Aperio", [0.499, 0.499], [base, half, quarter], 20)
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, ome=True, bigtiff=True) as writer:
        writer.write(base, tile=(64, 64), subifds=2, metadata={"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.3}, **options)
        writer.write(half, tile=(64, 64), subfiletype=1, **options)
        writer.write(quarter, tile=(64, 64), subfiletype=1, **options)
    case("OME, levels below the page, BigTIFF", buffer.getvalue(), "OME", [0.25, 0.3], [base, half, quarter])
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        grey = smooth(200, 280, 0, 65535, "uint16") // 4096 * 4096
        writer.write(grey, tile=(128, 128), resolution=(20000, 40000), resolutionunit="CENTIMETER", metadata=None, compression="lzw")
        writer.write(grey[::2, ::2].copy(), tile=(128, 128), subfiletype=1, metadata=None, compression="lzw")
    case("16 bit grey with resolution tags", buffer.getvalue(), "TIFF", [0.5, 0.25], [grey, grey[::2, ::2].copy()])
    write("slide.json", f"tifffile {tifffile.__version__}", cases)


def bmp():
    cases = []

    def case(name, data, expected=None, spacing=None):
        if expected is None:
            image = Image.open(io.BytesIO(data))
            if image.mode in ("P", "RGBA"):
                image = image.convert("RGB") if image.mode == "P" else image
            expected = np.asarray(image.convert("L") if image.mode == "1" else image)
        expected = np.asarray(expected)
        planes = expected[None] if expected.ndim == 2 else np.moveaxis(expected, -1, 0)
        cases.append({"name": name, "file": b64(data), "shape": list(planes.shape), "spacing": spacing, **values(planes)})

    def saved(image, **options):
        buffer = io.BytesIO()
        image.save(buffer, "BMP", **options)
        return buffer.getvalue()

    rng = np.random.default_rng(4)
    colour = smooth(7, 13, 0, 255, "uint8", 3)
    grey = smooth(7, 13, 0, 255, "uint8")
    case("24 bit", saved(Image.fromarray(colour)), spacing=[1000 / 3780, 1000 / 3780])
    case("24 bit, 300 dpi", saved(Image.fromarray(colour), dpi=(300, 150)), spacing=[1000 / 11811, 1000 / 5906])
    case("8 bit grey", saved(Image.fromarray(grey)), spacing=[1000 / 3780] * 2)
    case("8 bit palette", saved(Image.fromarray(colour).quantize(20)), spacing=[1000 / 3780] * 2)
    case("1 bit", saved(Image.fromarray(grey > 127)), spacing=[1000 / 3780] * 2)

    def file(header_size, width, height, bits, compression, pixels, palette=b"", extra=b"", masks=None, ppm=(0, 0), colours=0):
        head = struct.pack("<IiiHHIIiiII", header_size, width, height, 1, bits, compression, len(pixels), *ppm, colours, 0)
        body = b"" if masks is None else struct.pack(f"<{len(masks)}I", *masks)
        rest = (body + b"\0" * 200)[: header_size - 40] if header_size > 40 else body
        start = 14 + 40 + len(rest) + len(palette) + len(extra)
        return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + head + rest + palette + extra + pixels

    def rows(array, top_down=False):
        data = b""
        for row in array if top_down else array[::-1]:
            line = row.tobytes()
            data += line + b"\0" * (-len(line) % 4)
        return data

    case("top-down", file(40, 13, -7, 24, 0, rows(colour[..., ::-1].copy(), True)))
    four = np.dstack([colour[..., ::-1], rng.integers(0, 256, (7, 13)).astype("uint8")])
    case("32 bit", file(40, 13, 7, 32, 0, rows(four.copy())), colour)
    shown = np.round(colour.astype(float) * four[..., 3:] / 255)
    shown = np.floor(colour.astype(float) * four[..., 3:] / 255 + 0.5).astype("uint8")
    for size in (56, 108, 124):
        case(f"32 bit with alpha, header of {size}", file(size, 13, 7, 32, 3, rows(four.copy()), masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000)), shown)
    case("32 bit, masks the other way round", file(40, 13, 7, 32, 3, rows(four[..., [2, 1, 0, 3]].copy()), masks=(0xFF, 0xFF00, 0xFF0000)), colour)
    case("32 bit, alpha never filled in", file(124, 13, 7, 32, 3, rows(np.dstack([colour[..., ::-1], np.zeros((7, 13), "uint8")]).copy()),
         masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000)), colour)
    words = rng.integers(0, 65536, (7, 13)).astype("<u2")
    case("16 bit, 5-5-5", file(40, 13, 7, 16, 0, rows(words & 0x7FFF)))
    case("16 bit, 5-6-5", file(40, 13, 7, 16, 3, rows(words), masks=(0xF800, 0x7E0, 0x1F)))
    table = rng.integers(0, 256, (16, 4)).astype("uint8")
    table[:, 3] = 0
    nibbles = rng.integers(0, 16, (7, 13)).astype("uint8")
    packed = np.concatenate([nibbles, np.zeros((7, 1), "uint8")], 1)
    case("4 bit", file(40, 13, 7, 4, 0, rows(packed[:, ::2] << 4 | packed[:, 1::2]), palette=table.tobytes(), colours=16))
    case("4 bit, ten colours", file(40, 13, 7, 4, 0, rows(packed[:, ::2] % 10 << 4 | packed[:, 1::2] % 10), palette=table[:10].tobytes(), colours=10))
    core = table[:, :3]
    start = 14 + 12 + core.size
    pixels = rows(packed[:, ::2] << 4 | packed[:, 1::2])
    case("OS/2 header", b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + struct.pack("<IHHHH", 12, 13, 7, 1, 4) + core.tobytes() + pixels)
    big = rng.integers(0, 256, (256, 4)).astype("uint8")
    indices = np.zeros((5, 12), "uint8")
    indices[4] = [9] * 12
    indices[3, :7] = [1, 2, 3, 4, 5, 6, 7]
    indices[1, 4:8] = 200
    rle = bytes([12, 9, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 2, 4, 1, 4, 200, 0, 1])
    case("RLE8 with runs, values and a move", file(40, 12, 5, 8, 1, rle, palette=big.tobytes()), big[indices][..., 2::-1])
    small = np.zeros((3, 9), "uint8")
    small[2] = [1, 2, 1, 2, 1, 2, 1, 0, 0]
    small[1, :5] = [3, 4, 5, 6, 7]
    rle = bytes([7, 0x12, 0, 0, 0, 5, 0x34, 0x56, 0x70, 0, 0, 0, 0, 1])
    case("RLE4", file(40, 9, 3, 4, 2, rle, palette=table.tobytes()), table[small][..., 2::-1])
    write("bmp.json", f"Pillow {PIL.__version__}", cases)


def pictures():
    """PNG and JPEG with resolution tags, and PNGs of the rarer kinds."""
    cases = []
    grey = smooth(12, 17, 0, 255, "uint8")
    colour = smooth(12, 17, 0, 255, "uint8", 3)
    deep = smooth(12, 17, 0, 65535, "uint16")

    def case(name, kind, data, planes=None, spacing=None, bits=8):
        entry = {"name": name, "kind": kind, "file": b64(data), "spacing": spacing, "bits": bits}
        if planes is not None:
            planes = np.asarray(planes)
            planes = planes[None] if planes.ndim == 2 else np.moveaxis(planes, -1, 0)
            entry.update(shape=list(planes.shape), **values(planes))
        cases.append(entry)

    def saved(image, kind, **options):
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    image = Image.fromarray(grey)
    case("PNG without", "png", saved(image, "PNG"), grey)
    case("PNG 300 dpi", "png", saved(image, "PNG", dpi=(300, 150)), grey, [1000 / 11811, 1000 / 5906])
    no_unit = saved(image, "PNG", dpi=(300, 150))
    place = no_unit.index(b"pHYs")
    chunk = no_unit[place:place + 12] + b"\0"
    case("PNG with an aspect ratio alone", "png", no_unit[:place] + chunk + struct.pack(">I", __import__("zlib").crc32(chunk)) + no_unit[place + 17:], grey)
    case("PNG 16 bit", "png", saved(Image.fromarray(deep), "PNG", dpi=(254, 254)), deep, [0.1, 0.1], 16)
    case("PNG palette with one transparent colour", "png", saved(Image.fromarray(colour).quantize(8), "PNG", transparency=0),
         keyed(Image.fromarray(colour).quantize(8), 0))
    for colours in (2, 4, 16):
        p = Image.fromarray(colour).quantize(colours)
        case(f"PNG palette of {colours}", "png", saved(p, "PNG"), np.asarray(p.convert("RGB")))
    case("PNG interlaced, 16 bit colour", "png", interlaced(smooth(13, 11, 0, 65535, "uint16", 3), 16, 2), smooth(13, 11, 0, 65535, "uint16", 3), bits=16)
    case("PNG interlaced, 8 bit grey", "png", interlaced(smooth(13, 11, 0, 255, "uint8"), 8, 0), smooth(13, 11, 0, 255, "uint8"))
    for bits in (10, 12, 16):
        array = smooth(12, 17, 0, 2**bits - 1, "uint16")
        case(f"lossless JPEG of {bits} bits", "jpeg", imagecodecs.ljpeg_encode(array, bitspersample=bits), array, bits=bits)
    array = smooth(12, 17, 0, 4095, "uint16")
    data = imagecodecs.jpeg8_encode(array, level=100, bitspersample=12)
    case("lossy JPEG of 12 bits", "jpeg", data, imagecodecs.jpeg_decode(data), bits=12)
    data = imagecodecs.jpeg8_encode(grey, lossless=True)
    case("lossless JPEG of 8 bits", "jpeg", data, grey)
    data = imagecodecs.jpeg8_encode(colour, lossless=True, colorspace="rgb", outcolorspace="rgb")
    case("lossless JPEG of three colours", "jpeg", data, imagecodecs.jpeg_decode(data))
    case("JPEG without", "jpeg", saved(image, "JPEG"))
    case("JPEG 300 by 150 dpi", "jpeg", saved(image, "JPEG", dpi=(300, 150)), None, [25.4 / 300, 25.4 / 150])
    per_cm = bytearray(saved(image, "JPEG", dpi=(100, 50)))
    per_cm[13] = 2
    case("JPEG per centimetre", "jpeg", bytes(per_cm), None, [0.1, 0.2])
    for unit, x, spacing in ((2, 254, [0.1, 0.2]), (3, 100, [0.1, 0.2]), (2, 72, None), (1, 254, None)):
        for orientation in (1, 6):
            exif = Image.Exif()
            exif[0x112], exif[0x11A], exif[0x11B], exif[0x128] = orientation, float(x), float(x if x == 72 else x / 2), unit
            turned = None if spacing is None else spacing[::-1] if orientation == 6 else spacing
            case(f"JPEG EXIF {x} in unit {unit}, orientation {orientation}", "jpeg", saved(image, "JPEG", exif=exif), None, turned)
    write("pictures.json", f"Pillow {PIL.__version__}", cases)


def keyed(image, index):
    """A palette picture over black where one colour is transparent."""
    colours = np.asarray(image.convert("RGB")).copy()
    colours[np.asarray(image) == index] = 0
    return colours


def interlaced(array, bits, kind):
    """A PNG in Adam7 order."""
    import zlib

    height, width = array.shape[:2]
    data = b""
    for y0, x0, dy, dx in ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)):
        part = array[y0::dy, x0::dx]
        if part.size:
            for row in part:
                data += b"\0" + row.astype(">u2" if bits == 16 else "u1").tobytes()

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def lerc():
    """LERC blobs of every type and version that is read, and imagecodecs' values; 0 where a mask leaves pixels out."""
    height, width = 19, 37
    y, x = np.mgrid[:height, :width]
    rng = np.random.default_rng(3)
    disc = (x - 15) ** 2 + (y - 9) ** 2 < 120
    pictures = {
        "smooth": 20 * np.sin(x / 7) + 30 * np.cos(y / 9) + 60,
        "noise": rng.integers(0, 120, (height, width)) + 0.25,
        "few": rng.choice([0.0, 5, 99], (height, width)),
        "constant": np.full((height, width), 7.0),
        "three": np.stack([20 * np.sin(x / 7 + i) + 60 for i in range(3)], -1),
    }
    cases = []
    for dtype in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"):
        for version in (3, 4, 5):
            for level in (None, 0.5, 3):
                for kind, picture in pictures.items():
                    for mask in (None, disc):
                        if (version == 3 and kind == "three") or (mask is not None and kind == "constant"):
                            continue
                        if (level == 3 and kind != "smooth") or (version == 4 and kind in ("constant", "noise")):
                            continue
                        array = picture.astype(dtype)
                        blob = imagecodecs.lerc_encode(array, level=level, version=version, masks=mask)
                        read = np.array(imagecodecs.lerc_decode(blob))
                        if mask is not None:
                            read[~mask] = 0
                        name = f"{dtype}, {kind}, error {level}, version {version}{'' if mask is None else ', masked'}"
                        cases.append({"name": name, "blob": b64(blob), **values(read)})
    write("lerc.json", f"imagecodecs {imagecodecs.__version__}", cases)


PARTS = {"lerc": lerc, "tiff": tiff, "pictures": pictures, "bmp": bmp, "slide": slide}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
