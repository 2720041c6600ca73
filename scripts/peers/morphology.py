"""Morphology and classical segmentation by scikit-image, scipy and SimpleITK.

Run: python scripts/peers/morphology.py   (writes fixtures/morphology/)

Answers of whole numbers are stored as the SHA-256 of their bytes in C order, those of real numbers as float64. With
MORPHOLOGY_DUMP=FOLDER the answers themselves are written there too, for whoever looks for a difference.
"""

import hashlib
import io
import json
import os
import pathlib

import numpy as np
import scipy
import scipy.ndimage as ndimage
import SimpleITK as sitk
import skimage
from skimage import measure, morphology, segmentation
from skimage.feature import peak_local_max
from skimage.segmentation import morphsnakes

ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "morphology"
DUMP = os.environ.get("MORPHOLOGY_DUMP")
rng = np.random.default_rng(20261120)

hashes, arrays, cases = {}, {}, {}


def whole(name, array, dtype):
    """The hash of an answer of whole numbers."""
    array = np.ascontiguousarray(array, dtype=np.dtype(dtype).newbyteorder("<"))
    hashes[name] = {"sha256": hashlib.sha256(array.tobytes()).hexdigest(), "sum": int(array.astype(np.int64).sum())}
    if DUMP:
        np.save(pathlib.Path(DUMP) / f"{name.replace(' ', '_')}.npy", array)


def real(name, array):
    arrays[name.replace(" ", "_")] = np.ascontiguousarray(array, dtype="<f8")


def smooth_noise(shape, sigma):
    values = ndimage.gaussian_filter(rng.standard_normal(shape), sigma)
    return (values - values.min()) / (values.max() - values.min())


shapes = {"picture": (44, 52), "volume": (14, 17, 20)}
inputs = {}
for place, shape in shapes.items():
    smooth = smooth_noise(shape, 2.5 if len(shape) == 2 else 1.6)
    noisy = np.clip(255 * (0.8 * smooth + 0.2 * rng.random(shape)), 0, 255).astype(np.uint8)
    mask = (smooth_noise(shape, 1.7 if len(shape) == 2 else 1.1) > 0.45).astype(np.uint8)
    speckles = (rng.random(shape) > 0.62).astype(np.uint8)
    inputs[place] = {"grey": noisy, "mask": mask, "speckles": speckles}
    for name, array in inputs[place].items():
        arrays[f"{place}_{name}"] = array
    inputs[place]["int16"] = noisy.astype(np.int16) * 7 - 900
    inputs[place]["float32"] = (noisy.astype(np.float32) - 100) / np.float32(64)
    inputs[place]["float64"] = noisy.astype(np.float64) / 3 - 20

irregular = {"picture": np.array([[1, 0, 1, 1, 0], [0, 1, 0, 0, 1], [1, 1, 0, 1, 0]]),
             "volume": (rng.random((3, 5, 3)) > 0.5).astype(int)}
cases["irregular"] = {place: footprint.tolist() for place, footprint in irregular.items()}

ball = {"picture": morphology.disk, "volume": morphology.ball}
octahedron = {"picture": morphology.diamond, "volume": morphology.octahedron}
grey_operations = {
    "erosion": morphology.erosion, "opening": morphology.opening, "white-top-hat": morphology.white_tophat,
    # scikit-image's dilation and what begins with it look at image[i + o]; ours puts the footprint at each voxel
    "dilation": lambda image, footprint, **more: morphology.dilation(
        image, morphology.mirror_footprint(footprint), **more),
    "closing": lambda image, footprint, **more: morphology.closing(
        image, morphology.mirror_footprint(footprint), **more),
    "black-top-hat": lambda image, footprint, **more: morphology.black_tophat(
        image, morphology.mirror_footprint(footprint), **more),
}


def mm_ball(radius, spacing):
    half = [int(radius / s + 1e-9) for s in spacing]
    grids = np.meshgrid(*[np.arange(-h, h + 1) * s for h, s in zip(half, spacing)], indexing="ij")
    return (sum(g**2 for g in grids) <= radius**2 + 1e-9).astype(np.uint8)


def footprints(place):
    n = len(shapes[place])
    cross = np.zeros((5,) * n, np.uint8)
    for axis in range(n):
        cross[tuple(slice(None) if a == axis else 2 for a in range(n))] = 1
    spacing = (2.5, 0.8, 1.1)[-n:]
    return {"box 1": np.ones((3,) * n), "box 2": np.ones((5,) * n), "ball 3": ball[place](3),
            "octahedron 2": octahedron[place](2), "cross 2": cross, "ball 2.6 mm": mm_ball(2.6, spacing),
            "irregular": irregular[place]}


def grey():
    for place in shapes:
        image = inputs[place]["grey"]
        for form, footprint in footprints(place).items():
            for operation, function in grey_operations.items():
                whole(f"{place} {operation} {form}", function(image, footprint), "u1")
        for border in ("mirror", "nearest", "wrap", "constant", "ignore"):
            for operation, function in grey_operations.items():
                found = function(image, footprints(place)["ball 3"], mode=border, cval=77)
                whole(f"{place} {operation} beyond {border}", found, "u1")
        for kind in ("int16", "float32", "float64"):
            for operation in ("closing", "white-top-hat"):
                found = grey_operations[operation](inputs[place][kind], footprints(place)["octahedron 2"])
                scaled = found if kind == "int16" else np.floor(found.astype(np.float64) * 3000 + 0.5)
                whole(f"{place} {operation} of {kind}", scaled, "i4")


def binary():
    for place in shapes:
        mask = inputs[place]["mask"].astype(bool)
        for form, footprint in footprints(place).items():
            structure = np.asarray(footprint).astype(bool)
            # erosion by scipy looks at image[i + o], its dilation puts the structure at each voxel
            eroded = ndimage.binary_erosion(mask, structure, border_value=1)
            dilated = ndimage.binary_dilation(mask, structure)
            whole(f"{place} binary erosion {form}", eroded, "u1")
            whole(f"{place} binary dilation {form}", dilated, "u1")
            whole(f"{place} binary opening {form}", ndimage.binary_dilation(eroded, structure), "u1")
            whole(f"{place} binary closing {form}", ndimage.binary_erosion(dilated, structure, border_value=1), "u1")
        whole(f"{place} binary erosion outside unset", ndimage.binary_erosion(mask, ball[place](3)), "u1")
        grey_twin = morphology.closing(mask, ball[place](3), mode="reflect")
        whole(f"{place} binary closing reflect", grey_twin, "u1")
        whole(f"{place} fill holes", ndimage.binary_fill_holes(inputs[place]["speckles"]), "u1")
        whole(f"{place} skeleton", morphology.skeletonize(mask), "u1")
        whole(f"{place} skeleton of speckles", morphology.skeletonize(inputs[place]["speckles"] > 0), "u1")
        whole(f"{place} skeleton lee", morphology.skeletonize(mask, method="lee") > 0, "u1")
        small = morphology.remove_small_objects(inputs[place]["speckles"] > 0, max_size=4)
        whole(f"{place} without small objects", small, "u1")
        holes = morphology.remove_small_holes(inputs[place]["speckles"] > 0, max_size=4)
        whole(f"{place} without small holes", holes, "u1")
    wide = rng.random((3, 70)) > 0.3  # rows of more than two words of 32
    arrays["wide"] = wide.astype(np.uint8)
    whole("wide closing", ndimage.binary_erosion(ndimage.binary_dilation(wide, np.ones((1, 41))), np.ones((1, 41)),
                                                 border_value=1), "u1")
    solid = np.zeros((20, 24, 28), bool)
    grid = np.mgrid[:20, :24, :28]
    solid |= ((grid[0] - 9.5) / 7) ** 2 + ((grid[1] - 11) / 9) ** 2 + ((grid[2] - 13) / 11) ** 2 < 1
    solid[6:13, 8:15, :] = False
    arrays["solid"] = solid.astype(np.uint8)
    whole("solid skeleton", morphology.skeletonize(solid), "u1")


def reconstruction():
    for place in shapes:
        image = inputs[place]["grey"].astype(np.int16)
        n = image.ndim
        for faces, footprint in ((True, ndimage.generate_binary_structure(n, 1)), (False, np.ones((3,) * n))):
            name = "faces" if faces else "corners"
            seed = np.maximum(image - 40, 0)
            whole(f"{place} reconstruction dilation {name}",
                  morphology.reconstruction(seed, image, footprint=footprint), "i2")
            border = np.full_like(image, image.max())
            border[(slice(1, -1),) * n] = image[(slice(1, -1),) * n].max()
            seed = np.minimum(image + 55, image.max())
            whole(f"{place} reconstruction erosion {name}",
                  morphology.reconstruction(seed, image, "erosion", footprint=footprint), "i2")
        wave = inputs[place]["float64"]
        found = morphology.reconstruction(wave - 11.1, wave, footprint=np.ones((3,) * n))
        real(f"{place} reconstruction float64", found)


def distances():
    for place in shapes:
        mask = inputs[place]["mask"]
        spacing = (2.5, 0.7, 1.3)[-mask.ndim:]
        real(f"{place} distance", ndimage.distance_transform_edt(mask))
        real(f"{place} distance mm", ndimage.distance_transform_edt(mask, sampling=spacing))
        inside = ndimage.distance_transform_edt(mask, sampling=spacing)
        outside = ndimage.distance_transform_edt(1 - mask, sampling=spacing)
        real(f"{place} signed distance mm", outside - inside)
        whole(f"{place} taxicab", ndimage.distance_transform_cdt(mask, "taxicab"), "i4")
        whole(f"{place} chessboard", ndimage.distance_transform_cdt(mask, "chessboard"), "i4")


def components():
    for place in shapes:
        labels = measure.label(inputs[place]["speckles"], connectivity=1)
        cases[f"{place} regions"] = [
            {"label": int(r.label), "area": int(r.area), "box": [int(v) for v in r.bbox],
             "centroid": [float(v) for v in r.centroid]}
            for r in measure.regionprops(labels)]
        whole(f"{place} components", labels, "i4")


def basins():
    for place in shapes:
        image = inputs[place]["grey"]
        n = image.ndim
        markers = np.zeros(image.shape, np.int32)
        spots = rng.choice(image.size, 9, replace=False)
        markers.ravel()[spots] = np.arange(1, 10)
        markers[(slice(2, 5),) * n] = 11  # a marker of several voxels, all alike to the queue
        arrays[f"{place}_markers"] = markers
        mask = inputs[place]["mask"] > 0
        rough = image // 24  # many voxels of one height
        arguments = {
            "plain": {}, "corners": {"connectivity": n}, "mask": {"mask": mask}, "line": {"watershed_line": True},
            "line corners mask": {"watershed_line": True, "connectivity": n, "mask": mask},
            "compact": {"compactness": 3.5}, "compact mask corners": {"compactness": 20, "mask": mask, "connectivity": n}}
        for name, more in arguments.items():
            whole(f"{place} watershed {name}", segmentation.watershed(image, markers, **more), "i4")
            whole(f"{place} watershed rough {name}", segmentation.watershed(rough, markers, **more), "i4")
        float_image = inputs[place]["float32"]
        whole(f"{place} watershed float32", segmentation.watershed(float_image, markers), "i4")
    edges = ndimage.generate_binary_structure(3, 2)
    whole("volume watershed edges", segmentation.watershed(inputs["volume"]["grey"], arrays["volume_markers"],
                                                           connectivity=edges), "i4")


def peaks():
    for place in shapes:
        image = inputs[place]["grey"]
        distance = ndimage.distance_transform_edt(inputs[place]["mask"])
        labels = measure.label(inputs[place]["mask"], connectivity=1)
        n = image.ndim
        found = {
            "grey": peak_local_max(image), "grey 3": peak_local_max(image, min_distance=3),
            "threshold": peak_local_max(image, threshold_abs=140, exclude_border=0),
            "relative": peak_local_max(image, threshold_rel=0.7, min_distance=2, num_peaks=4),
            "distance": peak_local_max(distance, min_distance=2, exclude_border=False),
            "labels": peak_local_max(distance, min_distance=2, labels=labels, exclude_border=False),
            "labels 1": peak_local_max(distance, min_distance=2, labels=labels, num_peaks_per_label=1),
            "footprint": peak_local_max(image, footprint=ball[place](2), exclude_border=1)}
        for name, coordinates in found.items():
            cases[f"{place} peaks {name}"] = coordinates[:, ::-1].tolist()


def regions():
    for place in shapes:
        n = len(shapes[place])
        seeds = [[int(v) for v in rng.integers(3, s - 3)] if False else [int(rng.integers(3, s - 3)) for s in shapes[place][::-1]]
                 for _ in range(2)]
        cases[f"{place} seeds"] = seeds
        for kind in ("grey", "int16", "float32"):
            image = sitk.GetImageFromArray(inputs[place][kind])
            at = [float(sitk.GetArrayViewFromImage(image)[tuple(s[::-1])]) for s in seeds]
            spread = float(inputs[place][kind].std())
            low, high = min(at) - spread, max(at) + spread
            if kind != "float32":
                low, high = float(int(low)), float(int(high))
            cases[f"{place} limits {kind}"] = [low, high]
            for full in (False, True):
                found = sitk.ConnectedThreshold(image, seeds, low, high, 1, int(full))
                name = "corners" if full else "faces"
                whole(f"{place} connected threshold {kind} {name}", sitk.GetArrayFromImage(found), "u1")
            for multiplier, iterations, radius in ((2.5, 4, 1), (1.4, 2, 2), (1.1, 0, 1), (2, 6, 3)):
                found = sitk.ConfidenceConnected(image, seeds, iterations, multiplier, radius, 1)
                whole(f"{place} confidence {kind} {multiplier} {iterations} {radius}", sitk.GetArrayFromImage(found), "u1")


def contours():
    turns = morphsnakes._curvop.funcs

    def fresh():
        """The peer's two smoothing steps take turns over calls too; each of these starts with the first."""
        morphsnakes._curvop = morphsnakes._fcycle([
            lambda u: morphsnakes.sup_inf(morphsnakes.inf_sup(u)), lambda u: morphsnakes.inf_sup(morphsnakes.sup_inf(u))])

    assert turns is not None
    for place in shapes:
        image = inputs[place]["grey"].astype(np.float64) / 255
        start = inputs[place]["mask"]
        for name, more in {"plain": {}, "mask": {"init_level_set": start, "smoothing": 3},
                           "weights": {"lambda1": 1.5, "lambda2": 0.8, "smoothing": 0, "init_level_set": "disk"}}.items():
            for count in (1, 8):
                fresh()
                found = segmentation.morphological_chan_vese(image, count, **more)
                whole(f"{place} chan-vese {name} {count}", found, "u1")
        edges = segmentation.inverse_gaussian_gradient(image, alpha=60, sigma=1.2)
        real(f"{place} inverse gradient", edges)
        for name, more in {"plain": {}, "grow": {"balloon": 1, "init_level_set": start}, "shrink": {"balloon": -1},
                           "threshold": {"balloon": 2, "threshold": 0.5, "smoothing": 2}}.items():
            for count in (1, 9):
                fresh()
                found = segmentation.morphological_geodesic_active_contour(edges, count, **more)
                whole(f"{place} geodesic {name} {count}", found, "u1")


def walks():
    for place in shapes:
        image = inputs[place]["grey"].astype(np.float64) / 255
        n = image.ndim
        marks = np.zeros(image.shape, np.int32)
        spots = rng.choice(image.size, 12, replace=False)
        marks.ravel()[spots] = np.arange(12) % 3 + 1
        marks[(slice(4, 7),) * n] = 2
        pruned = marks.copy()
        pruned[..., 9] = -1
        arrays[f"{place}_marks"] = marks
        arrays[f"{place}_marks_pruned"] = pruned
        spacing = (2, 0.5, 1)[-n:]
        real(f"{place} walk", segmentation.random_walker(image, marks, mode="bf", return_full_prob=True))
        real(f"{place} walk spacing", segmentation.random_walker(image, marks, beta=40, mode="bf", spacing=spacing,
                                                                return_full_prob=True))
        whole(f"{place} walk labels", segmentation.random_walker(image, marks, mode="bf"), "i4")
        whole(f"{place} walk labels pruned", segmentation.random_walker(image, pruned.copy(), mode="bf"), "i4")


def tiles():
    for place in shapes:
        image = inputs[place]["grey"].astype(np.float64) / 255
        n = image.ndim
        spacing = (2, 1, 0.7)[-n:]
        for name, more in {"plain": {}, "few": {"n_segments": 13, "compactness": 0.1},
                           "spacing": {"spacing": spacing, "n_segments": 30, "compactness": 0.3},
                           "zero": {"slic_zero": True, "n_segments": 40, "compactness": 0.2},
                           "loose": {"enforce_connectivity": False, "compactness": 0.05},
                           "sizes": {"min_size_factor": 0.9, "max_size_factor": 1.4, "compactness": 0.02},
                           "rounds": {"max_num_iter": 2, "n_segments": 500, "compactness": 0.1}}.items():
            whole(f"{place} slic {name}", segmentation.slic(image, channel_axis=None, **more), "i4")
        smoothed = segmentation.slic(image, channel_axis=None, sigma=1.3, n_segments=30, compactness=0.1)
        arrays[f"{place}_slic_sigma"] = smoothed.astype(np.int32)
        within = segmentation.slic(image, channel_axis=None, mask=inputs[place]["mask"] > 0, n_segments=25, compactness=0.1)
        arrays[f"{place}_slic_mask"] = within.astype(np.int32)
    colours = np.stack([inputs["picture"]["grey"] / 255, smooth_noise(shapes["picture"], 3),
                        smooth_noise(shapes["picture"], 2)], axis=-1)
    arrays["colours"] = np.ascontiguousarray(np.moveaxis(colours, -1, 0))
    whole("colours slic", segmentation.slic(colours, n_segments=30, compactness=10), "i4")
    whole("colours slic plain", segmentation.slic(colours, n_segments=30, compactness=0.3, convert2lab=False), "i4")


for make in (grey, binary, reconstruction, distances, components, basins, peaks, regions, contours, walks, tiles):
    make()

ROOT.mkdir(parents=True, exist_ok=True)
packed = io.BytesIO()
np.savez_compressed(packed, **arrays)
(ROOT / "arrays.npz").write_bytes(packed.getvalue())
record = {
    "maker": "scripts/peers/morphology.py",
    "peer": f"scikit-image {skimage.__version__}, scipy {scipy.__version__}, SimpleITK {sitk.Version_VersionString()}",
    "sha256": hashlib.sha256(packed.getvalue()).hexdigest(),
    "hashes": hashes,
    "cases": cases,
}
(ROOT / "cases.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
