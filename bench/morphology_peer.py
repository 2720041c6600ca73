"""scikit-image's side of morphology.ts (scipy's where scikit-image only forwards, SimpleITK's where it has nothing)."""

import warnings

import numpy as np
import scipy
import scipy.ndimage as ndimage
import SimpleITK as sitk
import skimage
from skimage import measure, morphology, segmentation
from skimage.feature import peak_local_max
from transform_rows_peer import serve

warnings.filterwarnings("ignore")
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def element(image, shape, radius):
    if shape == "box":
        return np.ones((2 * radius + 1,) * image.ndim, np.uint8)
    makers = {"ball": (morphology.disk, morphology.ball), "octahedron": (morphology.diamond, morphology.octahedron)}
    return makers[shape][image.ndim - 2](radius)


def grey(image, operation, shape, radius):
    return getattr(morphology, operation)(image, element(image, shape, radius))


def binary(image, operation, shape, radius):
    return getattr(morphology, operation)(image > 0, element(image, shape, radius), mode="ignore").view(np.uint8)


def reconstruction(image, height):
    seed = np.maximum(image.astype(np.int16) - height, 0).astype(np.uint8)
    return morphology.reconstruction(seed, image)


def regions(image):
    labels = image.astype(np.int32)
    table = measure.regionprops_table(labels, properties=("label", "area", "bbox", "centroid"))
    return np.concatenate([np.asarray(column, float) for column in table.values()])


def markers_of(image, spacing):
    """One marker in each cell of a grid; made alike by morphology.ts."""
    marks = np.zeros(image.shape, np.int32)
    places = tuple(slice(spacing // 2, None, spacing) for _ in range(image.ndim))
    marks[places] = np.arange(1, marks[places].size + 1).reshape(marks[places].shape)
    return marks


def watershed(image, spacing, **more):
    return segmentation.watershed(image, markers_of(image, spacing), **more)


def peaks(image, distance):
    return peak_local_max(image, min_distance=distance)[:, ::-1].astype(np.int32)


def flood(image, tolerance):
    seed = tuple(side // 2 for side in image.shape)
    return segmentation.flood(image, seed, tolerance=tolerance, connectivity=1).view(np.uint8)


def confidence(image, multiplier):
    seed = [side // 2 for side in image.shape[::-1]]
    return sitk.GetArrayFromImage(sitk.ConfidenceConnected(sitk.GetImageFromArray(image), [seed], 4, multiplier, 1, 1))


def walk(image, beta):
    marks = np.zeros(image.shape, np.int32)
    middle = tuple(side // 2 for side in image.shape)
    marks[middle] = 1
    marks[(4,) * image.ndim] = 2
    marks[tuple(side - 5 for side in image.shape)] = 2
    return segmentation.random_walker(image.astype(np.float64) / 255, marks, beta=beta)


def chan_vese(image, count):
    return segmentation.morphological_chan_vese(image.astype(np.float64) / 255, count)


def geodesic(image, count):
    edges = segmentation.inverse_gaussian_gradient(image.astype(np.float64) / 255, alpha=100, sigma=2)
    return segmentation.morphological_geodesic_active_contour(edges, count, balloon=1)


def slic(image, **more):
    return segmentation.slic(image.astype(np.float64) / 255, channel_axis=None, **more)


serve(
    {
        "grey": grey,
        "binary": binary,
        "reconstruction": reconstruction,
        "fill holes": lambda image: ndimage.binary_fill_holes(image).view(np.uint8),
        "skeleton": lambda image: morphology.skeletonize(image > 0).view(np.uint8),
        "label": lambda image: measure.label(image, connectivity=1).astype(np.int32),
        "regions": regions,
        "small objects": lambda image, most: morphology.remove_small_objects(image > 0, max_size=most).view(np.uint8),
        "distance": lambda image, **more: ndimage.distance_transform_edt(image, **more),
        "steps": lambda image, metric: ndimage.distance_transform_cdt(image, metric).astype(np.int32),
        "watershed": watershed,
        "peaks": peaks,
        "flood": flood,
        "confidence": confidence,
        "walk": walk,
        "chan-vese": chan_vese,
        "geodesic": geodesic,
        "slic": slic,
    },
    {"scikit-image": skimage.__version__, "scipy": scipy.__version__, "SimpleITK": sitk.Version_VersionString()},
)
