"""What scikit-image, mahotas and MIRP make of pictures, for src/imaging/features/picture."""

import hashlib
import itertools

import mahotas
import numpy as np
import skimage
from mahotas.features import zernike_moments
from mirp._imagefilters.local_binary_patterns import LocalBinaryPatternFilter
from mirp._imagefilters.utilities import FilterSet2D
from skimage.feature import graycomatrix, graycoprops, hog, local_binary_pattern, multiblock_lbp
from skimage.filters import gabor
from skimage.measure import centroid, moments, moments_central, moments_hu, moments_normalized
from skimage.transform import integral_image

import learning_fixture


def picture(height, width, seed, channels=None):
    """Blobs, edges, flat places and noise: whole numbers from 0 to 255."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    planes = []
    for c in range(channels or 1):
        values = 120 + 70 * np.sin(x / 3 + c) * np.cos(y / 4 - c) + random.normal(0, 12, (height, width))
        values[height // 4:height // 2, width // 3:width // 2] = 200
        values[-height // 5:, :width // 4] = 30
        planes.append(np.clip(values, 0, 255).astype(np.uint8))
    return planes[0] if channels is None else np.stack(planes)


def numbers(values):
    """NaN as null."""
    return [None if np.isnan(v) else float(v) for v in np.asarray(values, float).ravel()]


PICTURES = {"small": picture(28, 28, 1), "odd": picture(37, 45, 2), "colour": picture(33, 40, 3, 3)}
SMALL, ODD, COLOUR = (PICTURES[name].astype(float) for name in PICTURES)


def hogs():
    settings = [
        ("small", dict(orientations=9, pixels_per_cell=(4, 4), cells_per_block=(2, 2), block_norm="L2-Hys")),
        ("small", dict(orientations=8, pixels_per_cell=(7, 7), cells_per_block=(4, 4), block_norm="L1")),
        ("odd", dict(orientations=7, pixels_per_cell=(9, 6), cells_per_block=(1, 2), block_norm="L1-sqrt")),
        ("odd", dict(orientations=12, pixels_per_cell=(8, 8), cells_per_block=(3, 3), block_norm="L2", transform_sqrt=True)),
        ("colour", dict(orientations=9, pixels_per_cell=(11, 13), cells_per_block=(2, 2), block_norm="L2-Hys", channel_axis=0)),
    ]
    for name, setting in settings:
        values, image = hog(PICTURES[name].astype(float), visualize=True, feature_vector=True, **setting)
        yield {"picture": name, "settings": setting, "values": numbers(values), "image": numbers(image)}


def patterns():
    for name, (points, radius), method in itertools.product(
            ["small", "odd"], [(8, 1.0), (8, 1.6), (16, 2.0), (5, 2.7)], ["default", "ror", "uniform", "nri_uniform", "var"]):
        codes = local_binary_pattern(PICTURES[name].astype(float), points, radius, method)
        entry = {"picture": name, "points": points, "radius": radius, "method": method}
        if method == "var":
            yield {**entry, "values": numbers(codes[:4])}
        else:
            yield {**entry, "sha256": hashlib.sha256(codes.astype("<i4").tobytes()).hexdigest(), "values": numbers(codes[:2])}
    for points, radius, method in [(24, 3.0, "uniform"), (24, 3.0, "ror"), (40, 4.5, "uniform"), (40, 4.5, "nri_uniform")]:
        codes = local_binary_pattern(ODD, points, radius, method)
        yield {"picture": "odd", "points": points, "radius": radius, "method": method,
               "sha256": hashlib.sha256(codes.astype("<i4").tobytes()).hexdigest(), "values": numbers(codes[:2])}


def volume():
    return np.random.default_rng(7).integers(0, 9, (9, 11, 13)).astype(float)


def orthogonal(points, radii, method, bins):
    """Zhao and Pietikainen's three histograms, of scikit-image's codes plane by plane."""
    v = volume()
    rx, ry, rz = (int(np.ceil(r)) for r in radii)
    assert len(set(radii)) == 1
    out = []
    for axes, (rows, columns, across), count in [((0, 1, 2), (ry, rx, rz), points[0]), ((1, 0, 2), (rz, rx, ry), points[1]),
                                                 ((2, 0, 1), (rz, ry, rx), points[2])]:
        turned = v.transpose(axes)  # across, rows, columns
        histogram = np.zeros(bins(count))
        for plane in turned[across:turned.shape[0] - across]:
            codes = local_binary_pattern(plane, count, radii[0], method)[rows:plane.shape[0] - rows, columns:plane.shape[1] - columns]
            histogram += np.bincount(codes.astype(int).ravel(), minlength=bins(count))
        out.append(histogram / histogram.sum())
    return numbers(np.concatenate(out))


def volumes():
    v = volume()
    v[0, 0, 0] = -1  # MIRP takes the very first voxel for one outside
    answers = []
    for distance, method, theirs in [(1, "default", "default"), (1, "ror", "rotation_invariant"), (2, "var", "variance"), (2, "default", "default")]:
        filter_ = LocalBinaryPatternFilter.__new__(LocalBinaryPatternFilter)
        filter_.d, filter_.separate_slices, filter_.lbp_method = float(distance), False, theirs
        answers.append({"distance": distance, "method": method, "values": numbers(filter_.transform_grid(v)[:3])})
    return {
        "volume": numbers(v),
        "top": [{"points": p, "radii": [r] * 3, "method": m, "values": orthogonal(p, [r] * 3, m, bins)}
                for p, r, m, bins in [((8, 8, 8), 1.0, "uniform", lambda n: n + 2), ((8, 4, 6), 1.0, "default", lambda n: 2 ** n),
                                      ((8, 8, 8), 2.0, "nri_uniform", lambda n: n * (n - 1) + 3)]],
        "topVolume": numbers(volume()),
        "shells": answers,
    }


def cooccurrences():
    for name, levels, distances, angles, symmetric in [
            ("small", 256, [1, 2, 5], [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4], True),
            ("odd", 16, [1, 3.4], [0, 0.3, 2, 4, -1], False), ("odd", 8, [7], [0, np.pi], True)]:
        plane = (PICTURES[name].astype(int) * levels // 256).astype(np.uint8)
        matrix = graycomatrix(plane, distances, angles, levels=levels, symmetric=symmetric)
        yield {"picture": name, "levels": levels, "distances": distances, "angles": angles, "symmetric": symmetric,
               "sha256": hashlib.sha256(np.ascontiguousarray(matrix.transpose(2, 3, 0, 1)).astype("<f8").tobytes()).hexdigest(),
               "properties": {p: numbers(graycoprops(matrix, p)) for p in
                              ["contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation", "mean", "variance",
                               "std", "entropy"]}}


def gabors():
    for name, setting, mode in [
            ("small", dict(frequency=0.1, theta=0), "reflect"), ("small", dict(frequency=0.25, theta=0.7, offset=0.4), "mirror"),
            ("odd", dict(frequency=0.2, theta=1.1, bandwidth=2), "nearest"), ("odd", dict(frequency=0.3, theta=2.2, sigma_x=2, sigma_y=4), "wrap"),
            ("odd", dict(frequency=0.15, theta=0.5, sigma_x=3, sigma_y=1.5, n_stds=2), "constant"),
            ("small", dict(frequency=0.05, theta=0.3), "reflect")]:
        real, imaginary = gabor(PICTURES[name].astype(float), mode=mode, **setting)
        yield {"picture": name, "settings": setting, "border": mode, "real": numbers(real[::3, ::4]), "imaginary": numbers(imaginary[::3, ::4])}


def gabors_mm():
    from mirp._imagefilters.gabor import GaborFilter
    v = np.random.default_rng(5).normal(100, 20, (6, 24, 21))
    answers = []
    for sigma, wave, gamma, theta, spacing, axis, mode in [(3.0, 4.0, 1.5, 30.0, 2.0, 0, "symmetric"), (2.0, 3.0, 0.5, 135.0, 1.0, 0, "reflect"),
                                                       (1.2, 2.0, 1.0, 60.0, 1.0, 2, "nearest"), (1.2, 2.0, 1.0, 60.0, 1.0, 1, "wrap")]:
        f = GaborFilter.__new__(GaborFilter)
        f.sigma, f.lambda_parameter, f.gamma, f.theta, f.stack_axis, f.mode = sigma, wave, gamma, theta, axis, mode
        f.riesz_order, f.riesz_steered, f.riesz_sigma, f.response_type = None, False, None, "modulus"
        response = f.transform_grid(voxel_grid=v.copy(), spacing=np.array([spacing] * 3))
        answers.append({"sigmaMm": sigma, "wavelengthMm": wave, "aspect": gamma, "thetaDegrees": theta, "spacingMm": spacing,
                        "axis": axis, "border": {"symmetric": "mirror"}.get(mode, mode),
                        "values": numbers(response[::2, ::3, ::3])})
    return {"volume": numbers(v), "answers": answers}


def moment_answers():
    for name in ["small", "odd"]:
        plane = PICTURES[name].astype(float)
        central = moments_central(plane, centroid(plane), order=4)
        normalized = moments_normalized(central, order=4)
        yield {"picture": name, "raw": numbers(moments(plane, order=4)), "central": numbers(central), "normalized": numbers(normalized),
               "hu": numbers(moments_hu(moments_normalized(moments_central(plane)))),
               "zernike": [{"radius": r, "degree": d, **({"centre": cm} if cm else {}),
                            "values": numbers(zernike_moments(plane, r, d, cm) if cm else zernike_moments(plane, r, d))}
                           for r, d, cm in [(10, 8, None), (13, 14, None), (14, 12, None), (21.5, 5, [12.5, 9.0])]]}


def blocks():
    table = integral_image(PICTURES["odd"].astype(float))
    return [{"at": [r, c], "block": [h, w], "code": int(multiblock_lbp(table, r, c, w, h))}
            for r, c, h, w in [(0, 0, 3, 3), (5, 7, 4, 2), (20, 30, 5, 5), (10, 3, 9, 11)]]


learning_fixture.write(
    "picture-features/peers.json", "picture_features.py",
    f"scikit-image {skimage.__version__}, mahotas {mahotas.__version__}, mirp 2.7.0",
    {"pictures": {name: {"shape": list(p.shape), "values": p.ravel().tolist()} for name, p in PICTURES.items()},
     "hog": list(hogs()), "lbp": list(patterns()), "volumes": volumes(), "glcm": list(cooccurrences()), "gabor": list(gabors()),
     "gaborMm": gabors_mm(), "moments": list(moment_answers()), "multiblock": blocks()})
