"""Filters, thresholds and wavelets of small images by scikit-image, scipy, SimpleITK, PyWavelets, pyradiomics, MIRP and
MedPy, for the tests of src/imaging/transforms/{filters,thresholds,wavelets}.

Run: python scripts/peers/filters.py   (writes fixtures/filters/)
"""

import hashlib
import json
import logging
import pathlib
import warnings

import mirp
import numpy as np
import pywt
import radiomics
import scipy
import scipy.ndimage as ndi
import scipy.stats
import SimpleITK as sitk
import skimage
from medpy.filter.smoothing import anisotropic_diffusion
from radiomics import imageoperations
from skimage import exposure, feature, filters, restoration

warnings.filterwarnings("ignore")
logging.getLogger("radiomics").setLevel(logging.ERROR)
ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "filters"
PEER = (
    f"scikit-image {skimage.__version__}, scipy {scipy.__version__}, SimpleITK {sitk.Version_VersionString()}, "
    f"PyWavelets {pywt.__version__}, pyradiomics {radiomics.__version__}, MIRP 2.7.0, MedPy 0.5.2"
)
SPACING = (1.5, 0.75, 2.5)  # x, y, z in mm
rng = np.random.default_rng(11)
arrays, cases, functions = {}, [], {}


def scene(shape, sharp):
    """Smooth hills, steep discs and some noise."""
    grids = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    hills = sum(np.sin(3.1 * g + 0.7 * i) for i, g in enumerate(grids))
    disc = np.sqrt(sum((g - 0.15 * (i - 1)) ** 2 for i, g in enumerate(grids))) < sharp
    return 40 * hills + 90 * disc + rng.normal(0, 6, shape)


picture = scene((29, 34), 0.55).astype(np.float32)
volume = scene((11, 12, 14), 0.6).astype(np.float32)
flat = {
    "picture": picture,
    "volume": volume,
    "exact": scene((9, 10, 13), 0.6),  # float64
    "whole": np.round(scene((10, 12, 14), 0.6)).astype(np.int16),
    "grey": np.round((scene((29, 34), 0.5) + 200) * 40).astype(np.uint16),
    "greys": np.round((scene((10, 12, 14), 0.5) + 300) * 40).astype(np.uint16),
    "unit": ((picture - picture.min()) / (picture.max() - picture.min())).astype(np.float32),
}
arrays.update(flat)


def case(name, start, transform, parameters, result):
    """What `transform` with `parameters` makes of the array `start`."""
    result = np.asarray(result)
    kind = np.float64 if flat[start].dtype == np.float64 and result.dtype == np.float64 else np.float32
    if result.dtype.kind in "biu":
        kind = np.uint8
    arrays[name] = result.astype(kind)
    cases.append({"name": name, "start": start, "transform": transform, "parameters": parameters})


def reversed_axes(values):
    return list(values)[::-1]


def linear_filters():
    for mode in ("reflect", "mirror", "nearest", "wrap", "constant"):
        extra = {"border": mode, "constant": 7.5}
        case(f"mean {mode}", "volume", "mean-filter", {"window": [5, 3, 7], **extra},
             ndi.uniform_filter(volume.astype(float), (7, 3, 5), mode=mode, cval=7.5))
        case(f"median {mode}", "volume", "median-filter", {"window": [3, 5, 3], **extra},
             ndi.median_filter(volume, (3, 5, 3), mode=mode, cval=7.5))
        case(f"laplacian {mode}", "volume", "laplacian", extra,
             ndi.laplace(volume.astype(float), mode=mode, cval=7.5))
        case(f"sobel {mode}", "volume", "sobel", {**extra, "magnitude": "root-mean-square"},
             filters.sobel(volume.astype(float), mode=mode, cval=7.5))
        # scipy surrounds the result of each pass by the constant, which is right for 0 only
        case(f"log scipy {mode}", "volume", "laplacian-of-gaussian",
             {"sigma": [1.1, 0.8, 1.6], "unit": "voxels", "kernel": "normalized", "border": mode},
             ndi.gaussian_laplace(volume.astype(float), (1.6, 0.8, 1.1), mode=mode))
        case(f"gauss {mode}", "volume", "gaussian-blur", {"sigma": [1.1, 0.8, 1.6], "unit": "voxels", **extra},
             ndi.gaussian_filter(volume.astype(float), (1.6, 0.8, 1.1), mode=mode, cval=7.5))
    case("gauss wide", "volume", "gaussian-blur", {"sigma": [6, 0, 4.5], "unit": "voxels", "border": "mirror"},
         ndi.gaussian_filter(volume.astype(float), (4.5, 0, 6), mode="mirror"))
    case("gauss short", "picture", "gaussian-blur", {"sigma": 2, "unit": "voxels", "truncate": 2},
         filters.gaussian(picture.astype(float), 2, mode="reflect", truncate=2))
    case("gauss mm", "volume", "gaussian-blur", {"sigma": 1.8},
         ndi.gaussian_filter(volume.astype(float), reversed_axes(1.8 / s for s in SPACING)))
    case("mean of a picture", "picture", "mean-filter", {"window": 9}, ndi.uniform_filter(picture.astype(float), 9))
    case("mean in float64", "exact", "mean-filter", {"window": 5}, ndi.uniform_filter(flat["exact"], 5))
    case("mean by slice", "volume", "mean-filter", {"window": 5, "by": "slice"},
         ndi.uniform_filter(volume.astype(float), (1, 5, 5)))
    for axis, name in enumerate("xyz"):
        case(f"sobel along {name}", "volume", "sobel", {"of": name},
             filters.sobel(volume.astype(float), axis=2 - axis))
        case(f"sobel of a picture along {name}", "picture", "sobel", {"of": name},
             filters.sobel(picture.astype(float), axis=1 - axis)) if axis < 2 else None
    case("sobel of a picture", "picture", "sobel", {"magnitude": "root-mean-square"},
         filters.sobel(picture.astype(float)))
    case("sobel euclidean", "volume", "sobel", {}, filters.sobel(volume.astype(float)) * np.sqrt(3))
    case("sobel per mm", "volume", "sobel", {"per": "mm"}, np.sqrt(sum(
        (filters.sobel(volume.astype(float), axis=2 - axis) / 2 / SPACING[axis]) ** 2 for axis in range(3))))
    case("laplacian of a picture", "picture", "laplacian", {}, ndi.laplace(picture.astype(float)))
    case("laplacian per mm", "volume", "laplacian", {"per": "mm"}, sum(
        ndi.correlate1d(volume.astype(float), [1, -2, 1], 2 - axis) / SPACING[axis] ** 2 for axis in range(3)))
    case("log of a picture", "picture", "laplacian-of-gaussian",
         {"sigma": 1.7, "unit": "voxels", "kernel": "normalized"}, ndi.gaussian_laplace(picture.astype(float), 1.7))
    case("log scaled in mm", "volume", "laplacian-of-gaussian",
         {"sigma": 1.6, "kernel": "normalized", "scaled": True}, scaled_log(volume.astype(float), 1.6))
    surrounded = ndi.gaussian_laplace(np.pad(volume.astype(float), 20, constant_values=7.5), (1.6, 0.8, 1.1))
    case("log in a constant", "volume", "laplacian-of-gaussian",
         {"sigma": [1.1, 0.8, 1.6], "unit": "voxels", "kernel": "normalized", "border": "constant", "constant": 7.5},
         surrounded[20:-20, 20:-20, 20:-20])
    case("log in float64", "exact", "laplacian-of-gaussian", {"sigma": 1.3, "unit": "voxels", "kernel": "normalized"},
         ndi.gaussian_laplace(flat["exact"], 1.3))


def scaled_log(values, sigma):
    voxels = [sigma / s for s in SPACING][::-1]
    return sum(
        ndi.gaussian_filter(values, voxels, order=[2 if a == axis else 0 for a in range(3)]) * voxels[axis] ** 2
        for axis in range(3)
    )


def itk_image(values):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(SPACING if values.ndim == 3 else SPACING[:2])
    return image


def itk_filters():
    for sigma in (1.0, 2.0, 4.0):
        found = sitk.LaplacianRecursiveGaussian(itk_image(volume), sigma, True)
        case(f"log itk {sigma}", "volume", "laplacian-of-gaussian",
             {"sigma": sigma, "kernel": "recursive", "scaled": True}, sitk.GetArrayFromImage(found))
    found = sitk.LaplacianRecursiveGaussian(itk_image(volume), 1.5, False)
    case("log itk per mm", "volume", "laplacian-of-gaussian", {"sigma": 1.5, "kernel": "recursive"},
         sitk.GetArrayFromImage(found))
    for image, name, _ in imageoperations.getLoGImage(itk_image(flat["whole"]), None, sigma=[3.0]):
        case("log pyradiomics", "whole", "laplacian-of-gaussian", {"sigma": 3, "kernel": "recursive", "scaled": True},
             sitk.GetArrayFromImage(image))
    case("bilateral of a volume", "volume", "bilateral-filter",
         {"sigma": 1.5, "range": 30, "radius": 3, "border": "nearest", "unit": "voxels"},
         bilateral(volume, 1.5, 30, 3, "edge"))


    for make, name in (
        (imageoperations.getSquareImage, "square"), (imageoperations.getSquareRootImage, "square-root"),
        (imageoperations.getLogarithmImage, "logarithm"), (imageoperations.getExponentialImage, "exponential"),
    ):
        for image, _, _ in make(itk_image(flat["exact"]), None):
            case(f"pyradiomics {name}", "exact", "value-function", {"function": name}, sitk.GetArrayFromImage(image))
    for image, _, _ in imageoperations.getGradientImage(itk_image(volume), None):
        case("pyradiomics gradient", "volume", "gradient-magnitude", {}, sitk.GetArrayFromImage(image))


def bilateral(values, sigma, spread, radius, mode):
    """By its definition."""
    padded = np.pad(values.astype(float), radius, mode, **({"constant_values": 0.3} if mode == "constant" else {}))
    total, weights = np.zeros(values.shape), np.zeros(values.shape)
    for shift in np.ndindex(*([2 * radius + 1] * values.ndim)):
        there = padded[tuple(slice(s, s + n) for s, n in zip(shift, values.shape))]
        distance = sum((s - radius) ** 2 for s in shift)
        weight = np.exp(-distance / (2 * sigma**2) - (there - values) ** 2 / (2 * spread**2))
        total += weight * there
        weights += weight
    return total / weights


def smoothing():
    unit = flat["unit"].astype(float)
    # scikit-image's table of nearness is laid out for a window one wider than it is read for (grid_points in
    # _compute_spatial_lut): only with a sigma beside which the window is small is it right
    for mode, ours in (("reflect", "mirror"), ("edge", "nearest"), ("symmetric", "reflect"), ("constant", "constant")):
        case(f"bilateral {ours}", "unit", "bilateral-filter",
             {"sigma": 1000, "unit": "voxels", "range": 0.12, "radius": 4, "border": ours, "constant": 0.3},
             restoration.denoise_bilateral(unit, win_size=9, sigma_color=0.12, sigma_spatial=1000, bins=10_000_000,
                                           mode=mode, cval=0.3))
        case(f"bilateral by definition {ours}", "unit", "bilateral-filter",
             {"sigma": 1.4, "unit": "voxels", "range": 0.12, "border": ours, "constant": 0.3},
             bilateral(unit, 1.4, 0.12, 5, mode))
    case("tv of a picture", "picture", "total-variation", {"weight": 8, "iterations": 30},
         restoration.denoise_tv_chambolle(picture.astype(float), 8, max_num_iter=30))
    case("tv until still", "volume", "total-variation", {"weight": 15},
         restoration.denoise_tv_chambolle(volume.astype(float), 15))
    for option, name in ((1, "exponential"), (2, "quadratic")):
        case(f"diffusion {name}", "volume", "anisotropic-diffusion",
             {"kappa": 25, "conductance": name, "iterations": 8, "step": 0.12},
             anisotropic_diffusion(volume, 8, 25, 0.12, option=option))
        case(f"diffusion {name} of a picture", "picture", "anisotropic-diffusion",
             {"kappa": 25, "conductance": name, "iterations": 12, "step": 0.2},
             anisotropic_diffusion(picture, 12, 25, 0.2, option=option))
    for name, start, patch, distance, noise in (
        ("nlm of a picture", "picture", 5, 4, 0), ("nlm with noise", "picture", 3, 3, 6), ("nlm", "volume", 3, 2, 0),
    ):
        values = flat[start].astype(float)
        case(name, start, "non-local-means", {"strength": 15, "patch": patch, "distance": distance, "noise": noise},
             non_local_means(values, 15, patch, distance, noise))
        # scikit-image's sums reach over one voxel less than the patch it is told, and its exponential is a few per cent
        # off: with both, its result is the definition's to the last digits
        fast = restoration.denoise_nl_means(values, patch, distance, 15, sigma=noise)
        strength = 15 * (patch / (patch - 1)) ** (values.ndim / 2)
        ours = non_local_means(values, strength, patch - 1, distance, noise, approximate)
        if noise == 0:
            assert np.abs(fast - ours).max() < 1e-10, name
            case(f"{name} by scikit-image", start, "non-local-means",
                 {"strength": strength, "patch": patch - 1, "distance": distance}, fast)


def approximate(values):
    """N. Schraudolph, "A fast, compact approximation of the exponential function", as scikit-image has it."""
    bits = (2**20 / np.log(2) * values).astype(np.int64) + (1072693248 - 60801)
    return (bits << 32).view(np.float64)


def non_local_means(values, strength, patch, distance, noise, exponential=np.exp):
    """By its definition, with scikit-image's weights: none below exp(-5)."""
    half, reach = (patch - 1) // 2, patch // 2
    padded = np.pad(values, reach + distance, "reflect")
    size = [n + patch - 1 for n in values.shape]
    start = distance + reach - half
    here = padded[tuple(slice(start, start + n) for n in size)]
    voxels = patch**values.ndim
    total, weights = np.zeros(values.shape), np.zeros(values.shape)
    for shift in np.ndindex(*([2 * distance + 1] * values.ndim)):
        there = padded[tuple(slice(start + s - distance, start + s - distance + n) for s, n in zip(shift, size))]
        squares = (there - here) ** 2 - (2 * noise**2 if any(s != distance for s in shift) else 0)
        sums = np.lib.stride_tricks.sliding_window_view(squares, (patch,) * values.ndim)
        far = np.maximum(0, sums.sum(axis=tuple(range(values.ndim, 2 * values.ndim)))) / (strength**2 * voxels)
        weight = np.where(far > 5, 0, exponential(-far))
        middle = there[tuple(slice(half, half + n) for n in values.shape)]
        total += weight * middle
        weights += weight
    return total / weights


def histograms():
    for start in ("exact", "whole"):
        case(f"equalized {start}", start, "equalize-histogram", {"bins": 32},
             exposure.equalize_hist(flat[start], nbins=32))
    case("equalized under a mask", "exact", "equalize-histogram", {"bins": 32, "region": "mask", "mask": "mask"},
         exposure.equalize_hist(flat["exact"], nbins=32, mask=mask_of("exact")))
    case("clahe of a picture", "grey", "clahe", {},
         exposure.equalize_adapthist(flat["grey"]))
    case("clahe of odd tiles", "grey", "clahe", {"tile": [7, 9, 1], "limit": 0.03, "bins": 100},
         exposure.equalize_adapthist(flat["grey"], kernel_size=(9, 7), clip_limit=0.03, nbins=100))
    case("clahe of wide tiles", "grey", "clahe", {"tile": [17, 14, 1], "limit": 0.05, "bins": 32},
         exposure.equalize_adapthist(flat["grey"], kernel_size=(14, 17), clip_limit=0.05, nbins=32))
    case("clahe without limit", "grey", "clahe", {"tile": 8, "limit": 0},
         exposure.equalize_adapthist(flat["grey"], kernel_size=8, clip_limit=0))
    case("clahe", "greys", "clahe", {"tile": [5, 4, 3], "limit": 0.1, "bins": 64},
         exposure.equalize_adapthist(flat["greys"], kernel_size=(3, 4, 5), clip_limit=0.1, nbins=64))
    reference = np.sort(np.round(scene((6, 7), 0.5), 1).ravel())
    values, counts = np.unique(reference, return_counts=True)
    learned = {"values": values.tolist(), "quantiles": (np.cumsum(counts) / reference.size).tolist()}
    functions["reference"] = {"sorted": reference.tolist(), **learned}
    for start in ("exact", "whole", "picture"):
        case(f"matched {start}", start, "match-histogram", learned,
             exposure.match_histograms(flat[start].astype(float), np.broadcast_to(reference, (1,) * (flat[start].ndim - 1) + reference.shape)))
    functions["densities"] = [density(*one) for one in (
        ("exact", "scott", None), ("exact", "silverman", None), ("whole", 0.3, None), ("exact", "scott", "mask"))]
    counts, edges = np.histogram(flat["exact"], 20, density=True)
    functions["histogram"] = {"density": counts.tolist(), "edges": edges.tolist()}


def mask_of(start):
    mask = np.zeros(flat[start].shape, dtype=np.uint8)
    mask[2:8, 3:9, 4:12] = 1
    arrays["mask"] = mask
    return mask


def density(start, bandwidth, mask):
    values = flat[start].astype(float)
    values = values[mask_of(start) == 1] if mask else values.ravel()
    points = np.linspace(values.min() - 20, values.max() + 20, 41)
    kernel = scipy.stats.gaussian_kde(values, bandwidth)
    return {"start": start, "rule": bandwidth, "masked": mask is not None, "points": points.tolist(),
            "values": kernel(points).tolist(), "bandwidth": float(np.sqrt(kernel.covariance[0, 0]))}


def thresholds():
    found = []
    methods = {"otsu": filters.threshold_otsu, "li": filters.threshold_li, "yen": filters.threshold_yen,
               "triangle": filters.threshold_triangle, "isodata": filters.threshold_isodata, "mean": filters.threshold_mean}
    skewed = np.exp(flat["exact"] / 60)
    arrays["skewed"] = flat["skewed"] = skewed
    arrays["falling"] = flat["falling"] = -skewed
    for start in ("exact", "whole", "greys", "skewed", "falling"):
        for name, method in methods.items():
            found.append({"start": start, "method": name, "thresholds": [float(method(flat[start].copy()))]})
        for classes in (2, 3, 4, 5):
            if start in ("whole", "greys") and classes > 3:
                continue
            found.append({"start": start, "method": "multi-otsu", "classes": classes,
                          "thresholds": filters.threshold_multiotsu(flat[start], classes).tolist()})
    functions["thresholds"] = found
    level = float(filters.threshold_otsu(flat["exact"]))
    case("above otsu", "exact", "automatic-threshold", {}, flat["exact"] > level)
    case("multi-otsu classes", "exact", "automatic-threshold", {"method": "multi-otsu", "classes": 4},
         np.digitize(flat["exact"], filters.threshold_multiotsu(flat["exact"], 4)).astype(np.uint8))
    exact = flat["exact"]
    for method in ("gaussian", "mean", "median"):
        case(f"local {method}", "exact", "local-threshold", {"window": [7, 5, 3], "method": method, "offset": 3},
             exact > filters.threshold_local(exact, (3, 5, 7), method=method, offset=3))
    case("niblack", "exact", "local-threshold", {"window": 5, "method": "niblack", "k": 0.4, "border": "mirror"},
         exact > filters.threshold_niblack(exact, 5, 0.4))
    case("sauvola", "exact", "local-threshold",
         {"window": 5, "method": "sauvola", "k": 0.3, "range": 60, "border": "mirror"},
         exact > filters.threshold_sauvola(exact, 5, 0.3, 60))


def edges():
    unit = flat["unit"].astype(float)
    for name, arguments in (
        ("canny", {"sigma": 1, "low": 0.1, "high": 0.2, "border": "constant"}),
        ("canny reflected", {"sigma": 1.5, "low": 0.3, "high": 0.5, "border": "reflect"}),
        ("canny without smoothing", {"sigma": 0, "low": 0.3, "high": 0.9, "border": "nearest"}),
        ("canny by quantiles", {"sigma": 1, "low": 0.7, "high": 0.9, "border": "constant", "as": "quantile"}),
    ):
        case(name, "unit", "canny", arguments, feature.canny(
            unit, arguments["sigma"], arguments["low"], arguments["high"],
            use_quantiles=arguments.get("as") == "quantile", mode=arguments["border"]))


def wavelets():
    for wavelet, level in (("haar", 1), ("coif1", 1), ("db3", 2), ("sym4", 1), ("bior2.4", 1)):
        image = sitk.GetImageFromArray(flat["exact"])
        for found, name, _ in imageoperations.getWaveletImage(image, None, wavelet=wavelet, level=level):
            band, at = name.split("-")[1], name.split("-")[0].removeprefix("wavelet") or "1"
            if int(at) < level or band not in ("LLL", "LLH", "LHL", "HLL", "HHH"):
                continue
            case(f"wavelet {wavelet} {level} {band}", "exact", "wavelet-band",
                 {"wavelet": wavelet, "band": band, "level": level, "convention": "pyradiomics"},
                 sitk.GetArrayFromImage(found))
    bands = pywt.swt2(np.pad(picture, ((0, 1), (0, 0)), "wrap").astype(float), "coif2", 1)[0]
    for band, found in zip(("LL", "LH", "HL", "HH"), (bands[0], *bands[1])):
        case(f"wavelet of a picture {band}", "picture", "wavelet-band",
             {"wavelet": "coif2", "band": band, "convention": "pyradiomics"}, found[:29])
    decompositions = []
    for start, wavelet, levels, ours, mode in (
        ("exact", "haar", 2, "reflect", "symmetric"), ("exact", "coif1", 1, "mirror", "reflect"),
        ("picture", "db2", 3, "nearest", "constant"), ("picture", "bior4.4", 1, "wrap", "periodic"),
        ("exact", "sym3", 1, "constant", "zero"),
    ):
        found = pywt.wavedecn(flat[start].astype(float), wavelet, mode=mode, level=levels)
        every = [("approximation", found[0])]
        for level, details in enumerate(reversed(found[1:]), 1):
            # their first letter is for the first axis, z or y; ours for x
            every += [(f"{level} {key[::-1].replace('a', 'L').replace('d', 'H')}", details[key]) for key in sorted(details)]
        bands = {key: {"size": (list(v.shape[::-1]) + [1])[:3], "sum": float(v.sum()), "squares": float((v**2).sum()),
                       "first": v.ravel()[:5].tolist(), "last": v.ravel()[-5:].tolist()} for key, v in every}
        decompositions.append({"start": start, "wavelet": wavelet, "levels": levels, "border": ours, "bands": bands})
    functions["decompositions"] = decompositions


def ibsi():
    """MIRP's response maps, which it has checked against the reference maps of IBSI 2."""
    values = flat["exact"]

    def responses(item):
        if isinstance(item, (list, tuple)):
            return [image for each in item for image in responses(each)]
        return [item] if isinstance(item, np.ndarray) else []

    def respond(name, transform, parameters, **settings):
        found = mirp.extract_images(image=values, mask=np.ones(values.shape, np.uint8), image_export_format="numpy",
                                    **settings)
        images = [image for image in responses(found) if image.dtype.kind == "f" and image.shape == values.shape]
        assert len(images) == 2 and np.array_equal(images[0], values), name
        case(name, "exact", transform, parameters, images[1].astype(np.float64))

    for mode in ("mirror", "nearest", "wrap"):
        respond(f"ibsi log {mode}", "laplacian-of-gaussian", {"sigma": 1.5, "unit": "voxels", "border": mode},
                filter_kernels="laplacian_of_gaussian", laplacian_of_gaussian_sigma=1.5, boundary_condition=mode)
    respond("ibsi mean", "mean-filter", {"window": 5, "border": "mirror"}, filter_kernels="mean",
            mean_filter_kernel_size=5, boundary_condition="mirror")
    respond("ibsi laws", "laws", {"kernels": "E5W5R5", "border": "mirror"}, filter_kernels="laws",
            laws_kernel="e5w5r5", laws_compute_energy=False, laws_rotation_invariance=False, boundary_condition="mirror")
    for pooling, kernels in (("max", "L5E5S3"), ("min", "L5E5S3"), ("mean", "L5S5R5")):
        respond(f"ibsi laws pooled {pooling}", "laws", {"kernels": kernels, "border": "mirror", "rotations": pooling},
                filter_kernels="laws", laws_kernel=kernels.lower(), laws_compute_energy=False, laws_rotation_invariance=True,
                laws_pooling_method=pooling, boundary_condition="mirror")
    respond("ibsi laws energy", "laws", {"kernels": "E3W5R5", "border": "nearest", "rotations": "max", "energy": 3},
            filter_kernels="laws", laws_kernel="e3w5r5", laws_compute_energy=True, laws_delta=3,
            laws_rotation_invariance=True, laws_pooling_method="max", boundary_condition="nearest")
    respond("ibsi laws of slices", "laws", {"kernels": "L5S5", "border": "mirror", "rotations": "max", "energy": 2},
            filter_kernels="laws", laws_kernel="l5s5", laws_compute_energy=True, laws_delta=2,
            laws_rotation_invariance=True, laws_pooling_method="max", boundary_condition="mirror", by_slice=True)
    for band, level in (("LLH", 1), ("HHL", 2)):
        for pooled in (False, True):
            respond(f"ibsi wavelet {band} {level}{' pooled' if pooled else ''}", "wavelet-band",
                    {"wavelet": "db3", "band": band, "level": level, "border": "mirror",
                     "rotations": "mean" if pooled else "none"},
                    filter_kernels="separable_wavelet", separable_wavelet_families="db3",
                    separable_wavelet_set=band.lower(), separable_wavelet_decomposition_level=level,
                    separable_wavelet_rotation_invariance=pooled, separable_wavelet_pooling_method="mean",
                    boundary_condition="mirror")
    for name, first, step, planes, pooling in (
        ("one angle", 30, None, "slices", "mean"), ("mean", 10, 45, "slices", "mean"), ("max of all planes", 0, 60, "all", "max"),
    ):
        angles = [first] if step is None else [first + i * step for i in range(360 // step)]
        respond(f"ibsi gabor {name}", "gabor",
                {"sigma": 1.3, "wavelength": 2.2, "gamma": 1.5, "unit": "voxels", "angles": angles, "planes": planes,
                 "pooling": pooling, "border": "mirror"},
                filter_kernels="gabor", gabor_sigma=1.3, gabor_lambda=2.2, gabor_gamma=1.5, gabor_theta=float(first),
                gabor_theta_step=step and float(step), gabor_response="modulus", gabor_rotation_invariance=planes == "all",
                gabor_pooling_method=pooling, boundary_condition="mirror")


for part in (linear_filters, itk_filters, smoothing, histograms, thresholds, edges, wavelets, ibsi):
    part()
ROOT.mkdir(parents=True, exist_ok=True)
np.savez_compressed(ROOT / "arrays.npz", **{key.replace(" ", "_"): value for key, value in arrays.items()})
record = {
    "maker": "scripts/peers/filters.py",
    "peer": PEER,
    "sha256": hashlib.sha256((ROOT / "arrays.npz").read_bytes()).hexdigest(),
    "spacingMm": SPACING,
    "cases": cases,
    **functions,
}
(ROOT / "cases.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
