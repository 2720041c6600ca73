"""The peers' side of filters.ts. One thread."""

import numpy as np
import pywt
import scipy
import scipy.ndimage as ndi
import SimpleITK as sitk
import skimage
import medpy
from medpy.filter.smoothing import anisotropic_diffusion
from skimage import exposure, feature, filters, restoration
from transform_rows_peer import serve

sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def axes(values):
    """z, y, x of what is asked for as x, y, z."""
    return tuple(reversed(values))


def stationary(values, wavelet, band):
    found = pywt.swtn(values, wavelet, 1, norm=False)[0]
    return found[band.replace("L", "a").replace("H", "d")[::-1]]


def recursive_log(values, sigma):
    return sitk.GetArrayFromImage(sitk.LaplacianRecursiveGaussian(sitk.GetImageFromArray(values), sigma, True))


FUNCTIONS = {
    "gaussian": lambda v, sigma: filters.gaussian(v, sigma, mode="reflect"),
    "mean": lambda v, window: ndi.uniform_filter(v, window),
    "median": lambda v, window: filters.median(v, np.ones((window,) * v.ndim), mode="reflect"),
    "bilateral": lambda v, **given: restoration.denoise_bilateral(v, mode="symmetric", bins=1_000_000, **given),
    "non-local means": lambda v, **given: restoration.denoise_nl_means(v, **given),
    "diffusion": lambda v, iterations, kappa, step, option: anisotropic_diffusion(v, iterations, kappa, step, option=option),
    "total variation": lambda v, **given: restoration.denoise_tv_chambolle(v, eps=0, **given),
    "sobel": lambda v: filters.sobel(v),
    # scikit-image's has the other sign
    "laplacian": (lambda v: filters.laplace(v), lambda found: -found),
    "laplacian of gaussian": lambda v, sigma: ndi.gaussian_laplace(v, sigma),
    "recursive log": recursive_log,
    "canny": lambda v, **given: feature.canny(v, mode="reflect", **given),
    "equalized": lambda v: exposure.equalize_hist(v),
    "clahe": lambda v, **given: exposure.equalize_adapthist(v, **given),
    "matched": (lambda v: exposure.match_histograms(v, reference(v)), None),
    "rescaled": lambda v, low, high: exposure.rescale_intensity(v, in_range=(low, high), out_range=(0, 1)),
    "otsu": lambda v: v > filters.threshold_otsu(v),
    "multi-otsu": lambda v, classes: np.digitize(v, filters.threshold_multiotsu(v, classes)).astype(np.uint8),
    "li": lambda v: v > filters.threshold_li(v),
    "yen": lambda v: v > filters.threshold_yen(v),
    "triangle": lambda v: v > filters.threshold_triangle(v),
    "local": lambda v, window, method: v > filters.threshold_local(v, window, method),
    "sauvola": lambda v, window, k, r: v > filters.threshold_sauvola(v, window, k, r),
    "wavelet band": stationary,
    "wavelet bands": (lambda v, wavelet: pywt.swtn(v, wavelet, 1), lambda found: found[0]["a" * (len(next(iter(found[0]))) - 1) + "d"]),
    "wavelet": (lambda v, wavelet, levels: pywt.wavedecn(v, wavelet, "symmetric", levels), lambda found: found[0]),
}
references = {}


def reference(values):
    """What bench/filters.ts makes too."""
    if values.ndim not in references:
        i = np.arange(10_000)
        references[values.ndim] = (np.sqrt((i * 7919 % 10_007) / 10_007)).astype(np.float32).reshape((1,) * (values.ndim - 1) + (-1,))
    return references[values.ndim]


serve(FUNCTIONS, {
    "scikit-image": skimage.__version__,
    "scipy": scipy.__version__,
    "numpy": np.__version__,
    "PyWavelets": pywt.__version__,
    "SimpleITK": sitk.Version_VersionString(),
    "MedPy": "0.5.2",
})
