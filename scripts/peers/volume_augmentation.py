"""What TorchIO, SimpleITK, scipy, scikit-image and numpy make of a small volume, for the tests of the transforms of values and of
the augmentation of volumes.

Run: python scripts/peers/volume_augmentation.py   (writes fixtures/volume-augmentation/; reads $HOUNSFIELD_DATA, or
../shared/data)
"""

import hashlib
import io
import json
import os
import pathlib
import tempfile

import numpy as np
import scipy
import scipy.fft
import scipy.ndimage
import scipy.stats
import SimpleITK as sitk
import skimage
import skimage.filters
import skimage.transform
import torch
import torchio as tio

ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "volume-augmentation"
VERSIONS = (f"torchio {tio.__version__}, SimpleITK {sitk.Version_VersionString()}, scipy {scipy.__version__}, "
            f"scikit-image {skimage.__version__}, numpy {np.__version__}, torch {torch.__version__}")
SIZE = (15, 12, 10)  # x, y, z
SPACING = (1.0, 1.25, 2.0)
arrays = {}
cases = {}


def keep(name, array, dtype=np.float32):
    """Stores an array indexed [..., x, y, z] as [..., z, y, x]."""
    array = np.asarray(array, dtype=dtype)
    order = tuple(range(array.ndim - 3)) + (array.ndim - 1, array.ndim - 2, array.ndim - 3)
    arrays[name] = np.ascontiguousarray(array.transpose(order))


def keep_flat(name, array, dtype=np.float64):
    arrays[name] = np.ascontiguousarray(np.asarray(array, dtype=dtype))


def texture():
    rng = np.random.default_rng(3)
    x, y, z = np.meshgrid(*[np.arange(n) for n in SIZE], indexing="ij")
    smooth = 60 + 30 * np.sin(x / 2.5) + 20 * np.cos(y / 3 + z / 2)
    body = ((x - 7) / 7) ** 2 + ((y - 5.5) / 5.5) ** 2 + ((z - 4.5) / 4.5) ** 2 < 0.9
    return (np.where(body, smooth + rng.normal(0, 4, SIZE) + 30, 2 + rng.uniform(0, 3, SIZE))).astype(np.float32)


image = texture()
labels = (image > 80).astype(np.uint8) + (image > 110).astype(np.uint8)
keep("image", image)
keep("labels", labels, np.uint8)


def centred_affine(size=SIZE, spacing=SPACING):
    """The world's origin is the centre of the image, its axes those of the array (RAS)."""
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = [-s * (n - 1) / 2 for s, n in zip(spacing, size)]
    return affine


def subject(data=None):
    data = image if data is None else data
    return tio.Subject(
        image=tio.ScalarImage(tensor=torch.from_numpy(np.asarray(data, np.float32)[None].copy()), affine=centred_affine()),
        labels=tio.LabelMap(tensor=torch.from_numpy(labels[None].copy()), affine=centred_affine()),
    )


def of(result, name="image"):
    return result[name].data[0].numpy()


def torchio_case(name, transform, parameters, data=None, with_labels=False):
    result = transform(subject(data))
    keep(name, of(result))
    if with_labels:
        keep(f"{name} labels", of(result, "labels"), np.uint8)
    cases[name] = parameters


# TorchIO's Affine rotates and shifts, then scales; with one scale for all axes that is scaling, rotating and shifting by
# scale x translation. Its angles are Euler angles of SimpleITK in LPS, which turn as here about x, y and z of RAS.
scale, degrees, shift = 1.2, (8.0, -5.0, 12.0), (1.5, -2.0, 0.75)
torchio_case(
    "affine", tio.Affine(scales=(scale,) * 3, degrees=degrees, translation=shift),
    {"scale": scale, "rotateDegrees": degrees, "translate": [scale * t for t in shift]}, with_labels=True)


def own_resample(name, transform, interpolation=sitk.sitkLinear):
    grid = sitk.GetImageFromArray(image.transpose())
    grid.SetSpacing(SPACING)
    grid.SetOrigin([-s * (n - 1) / 2 for s, n in zip(SPACING, SIZE)])
    result = sitk.Resample(grid, grid, transform, interpolation, float(image.min()), sitk.sitkFloat32)
    keep(name, sitk.GetArrayFromImage(result).transpose())


def affine_cases():
    sx, sy, sz = 1.1, 0.85, 1.3
    xy, xz, yz = 0.1, -0.05, 0.15
    euler = sitk.Euler3DTransform()
    euler.SetRotation(*np.radians([6.0, 10.0, -20.0]))
    rotation = np.array(euler.GetMatrix()).reshape(3, 3)
    matrix = rotation @ np.array([[1, xy, xz], [0, 1, yz], [0, 0, 1]]) @ np.diag([sx, -sy, sz])
    translation = np.array([0.7, 1.2, -1.9])
    forward = sitk.AffineTransform(matrix.ravel().tolist(), translation.tolist())
    own_resample("affine with shear and mirror", forward.GetInverse())
    cases["affine with shear and mirror"] = {
        "scale": [sx, sy, sz], "shear": [xy, xz, yz], "mirror": "y",
        "rotateDegrees": [6.0, 10.0, -20.0], "translate": translation.tolist()}

    rng = np.random.default_rng(8)
    points = [6, 5, 7]
    displacements = rng.uniform(-1.5, 1.5, (3, points[2], points[1], points[0]))
    spline = sitk.BSplineTransform(3, 3)
    spline.SetTransformDomainOrigin([-s * n / 2 for s, n in zip(SPACING, SIZE)])
    spline.SetTransformDomainPhysicalDimensions([s * n for s, n in zip(SPACING, SIZE)])
    spline.SetTransformDomainMeshSize([n - 3 for n in points])
    spline.SetParameters(displacements.ravel().tolist())
    own_resample("elastic", spline)
    elastic = {"points": points, "displacements": displacements.ravel().tolist()}
    cases["elastic"] = {"elastic": elastic}
    # the last transform of a composite is the first that a point goes through
    own_resample("affine and elastic", sitk.CompositeTransform([forward.GetInverse(), spline]))
    cases["affine and elastic"] = {**cases["affine with shear and mirror"], "elastic": elastic}


affine_cases()

torchio_case("blur", tio.Blur(std=(1.2, 2.0, 0.9)), {"sigma": [1.2, 2.0, 0.9]})
unit = (image - image.min()) / (image.max() - image.min())
torchio_case("gamma", tio.Gamma(0.7), {"exponent": 0.7}, data=unit)
keep("unit", unit)
coefficients = np.random.default_rng(4).uniform(-0.5, 0.5, 20).tolist()
torchio_case("bias field", tio.BiasField(coefficients=coefficients, order=3), {"coefficients": coefficients})
torchio_case("bias field of order 2", tio.BiasField(coefficients=coefficients[:10], order=2),
             {"coefficients": coefficients[:10]})
for axis, letter in enumerate("xyz"):
    torchio_case(f"ghosting {letter}", tio.Ghosting(num_ghosts=3, axis=axis, intensity=0.6, restore=None),
                 {"axis": letter, "ghosts": 3, "strength": 0.6})
torchio_case("ghosting with kept centre", tio.Ghosting(num_ghosts=4, axis=1, intensity=0.9, restore=0.3),
             {"axis": "y", "ghosts": 4, "strength": 0.9, "keepCentre": 0.3})
torchio_case("spike", tio.Spike(spikes_positions=np.array([[0.3, 0.6, 0.45]]), intensity=0.4),
             {"positions": [0.3, 0.6, 0.45], "strength": 0.4})
torchio_case("spike of an image with negative values",
             tio.Spike(spikes_positions=np.array([[0.7, 0.2, 0.9]]), intensity=-0.8),
             {"positions": [0.7, 0.2, 0.9], "strength": -0.8}, data=image - 70)
keep("negative", image - 70)


def motion():
    """TorchIO reads each copy at R p + t about the world's origin, and its poses are in LPS; a pose here is the way back."""
    turns, shifts, times = np.array([[0, 0, 15.0], [0, 0, -8.0]]), np.array([[2.0, -1.0, 1.0], [0.5, 1.5, -2.0]]), np.array([0.3, 0.7])
    transform = tio.Motion(degrees=turns, translation=shifts, times=times, image_interpolation="linear")
    poses = []
    for (_, _, angle), t in zip(turns, shifts):
        t = np.array([-t[0], -t[1], t[2]])  # LPS to the array's axes
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        back = -np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ t
        poses.append([0.0, 0.0, -angle, *back])
    first, second = poses  # TorchIO puts the still image where the centre of the k-space is taken
    torchio_case("motion", transform, {"axis": "z", "times": times.tolist(), "poses": [*first, *[0.0] * 6, *second]})


motion()


def low_resolution():
    for name, factor, order in [("low resolution", (1.6, 1.3, 2.0), 3), ("thick slices", (1.0, 1.0, 2.5), 1)]:
        fewer = [max(1, int(np.floor(n / f + 0.5))) for n, f in zip(SIZE, factor)]
        small = skimage.transform.resize(image.astype(np.float64), fewer, order=0, mode="edge", anti_aliasing=False, clip=False)
        back = skimage.transform.resize(small, SIZE, order=order, mode="edge", anti_aliasing=False, clip=False)
        keep(name, back)
        cases[name] = {"factor": factor, "interpolation": "cubic" if order == 3 else "linear"}


low_resolution()


def standardization():
    rng = np.random.default_rng(12)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i in range(3):
            data = (image * rng.uniform(0.5, 2) + rng.uniform(0, 50) + rng.normal(0, 3, SIZE)).astype(np.float32)
            keep(f"histogram {i}", data)
            path = pathlib.Path(folder) / f"{i}.nii"
            tio.ScalarImage(tensor=torch.from_numpy(data[None]), affine=centred_affine()).save(path)
            paths.append(path)
        landmarks = tio.HistogramStandardization.train(paths, progress=False)
        masks = [pathlib.Path(folder) / f"mask{i}.nii" for i in range(3)]
        for path in masks:
            tio.LabelMap(tensor=torch.from_numpy(labels[None]), affine=centred_affine()).save(path)
        masked = tio.HistogramStandardization.train(paths, mask_path=masks, progress=False)
    result = tio.HistogramStandardization({"image": landmarks})(subject(arrays["histogram 1"].transpose()))
    keep("standardized", of(result))
    # TorchIO learns quartiles too and leaves them out when it applies
    deciles = [0, 1, 2, 4, 5, 6, 7, 8, 10, 11, 12]
    cases["histogram"] = {"landmarks": landmarks[deciles].tolist(), "underMask": masked[deciles].tolist()}


standardization()


def z_score(name, parameters, masking_method=None, inside=None):
    """TorchIO divides by the deviation of a sample, n - 1; here it is the population's, as in numpy and nnU-Net."""
    result = of(tio.ZNormalization(masking_method=masking_method)(subject()))
    n = image.size if inside is None else int(inside.sum())
    keep(name, result.astype(np.float64) * np.sqrt(n / (n - 1)))
    cases[name] = parameters


z_score("z-score", {"region": "all"})
z_score("z-score over a mask", {"region": "mask", "mask": "labels"}, "labels", labels > 0)
z_score("z-score above the mean", {"region": "above-mean"}, tio.ZNormalization.mean, image > image.mean())
torchio_case("min-max", tio.RescaleIntensity(out_min_max=(-1, 2)), {"low": -1, "high": 2})
torchio_case("clip", tio.Clamp(out_min=20, out_max=90), {"low": [20], "high": [90]})


def statistics():
    whole = np.round(image * 7).astype(np.int16)
    percents = [0, 0.5, 1, 10, 33.3, 50, 75, 99, 99.5, 100]
    inside = labels > 0
    cases["statistics"] = {
        "percents": percents,
        "float": [float(v) for v in np.percentile(image.astype(np.float64), percents)],
        "masked": [float(v) for v in np.percentile(image[inside].astype(np.float64), percents)],
        "int16": [float(v) for v in np.percentile(whole, percents)],
        "otsu": float(skimage.filters.threshold_otsu(image.astype(np.float64))),
        "otsuInt16": float(skimage.filters.threshold_otsu(whole.astype(np.float64))),
        "mean": float(image.astype(np.float64).mean()), "deviation": float(image.astype(np.float64).std()),
    }
    keep("int16", whole, np.int16)


statistics()


def transforms_of_fourier():
    rng = np.random.default_rng(5)
    sizes = [1, 2, 3, 4, 5, 6, 7, 8, 12, 15, 16, 30, 31, 37, 49, 64, 74, 97, 100, 121, 127, 128, 210, 243, 257]
    for n in sizes:
        signal = rng.normal(size=n) + 1j * rng.normal(size=n)
        result = np.fft.fft(signal)
        keep_flat(f"fourier {n}", np.stack([signal.real, signal.imag, result.real, result.imag]))
    volume = rng.normal(size=(6, 5, 7)) + 1j * rng.normal(size=(6, 5, 7))
    result = np.fft.fftn(volume)
    keep_flat("fourier 6x5x7", np.stack([volume.real, volume.imag, result.real, result.imag]))
    cases["fourier"] = {"sizes": sizes, "volume": [6, 5, 7]}


transforms_of_fourier()


def window():
    """DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3 by pydicom."""
    import pydicom
    from pydicom.dataset import Dataset
    from pydicom.pixels import apply_voi_lut

    cases["window"] = []
    whole = np.round(image * 7).astype(np.int16)
    for shape in ["LINEAR", "LINEAR_EXACT", "SIGMOID"]:
        for center, width in [(400, 300), (500, 1 if shape == "LINEAR" else 2)]:
            ds = Dataset()
            ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = center, width, shape
            ds.PhotometricInterpretation, ds.BitsStored, ds.PixelRepresentation = "MONOCHROME2", 16, 1
            name = f"window {shape} {center} {width}"
            keep(name, apply_voi_lut(whole, ds))  # onto -32768..32767
            cases["window"].append({"name": name, "center": center, "width": width,
                                    "shape": shape.lower().replace("_", "-"), "peer": f"pydicom {pydicom.__version__}"})


window()


def bias_correction():
    """A head of three tissues under a known field, and the field that SimpleITK's N4 finds."""
    size = (48, 44, 40)
    rng = np.random.default_rng(21)
    x, y, z = np.meshgrid(*[np.linspace(-1, 1, n) for n in size], indexing="ij")
    radius = np.sqrt((x / 0.9) ** 2 + (y / 0.85) ** 2 + (z / 0.9) ** 2)
    folds = 0.12 * np.sin(9 * x) * np.cos(8 * y + 3 * z)
    tissue = np.zeros(size, np.uint8)
    tissue[radius < 1] = 1
    tissue[radius + folds < 0.8] = 2
    tissue[radius + folds < 0.55] = 3
    truth = np.choose(tissue, [0, 350, 700, 1000]).astype(np.float64)
    true_log_field = 0.3 * x - 0.25 * y * y + 0.2 * x * z + 0.15 * np.cos(2 * y + z)
    biased = np.clip(np.round(truth * np.exp(true_log_field) + rng.normal(0, 12, size) * (tissue > 0)), 0, 65535)
    biased = np.where(tissue > 0, np.maximum(biased, 1), 0).astype(np.uint16)
    picture = sitk.GetImageFromArray(biased.transpose().astype(np.float32))
    mask = sitk.GetImageFromArray((tissue > 0).astype(np.uint8).transpose())
    corrector = sitk.N4BiasFieldCorrectionImageFilter()
    corrector.SetMaximumNumberOfIterations([50] * 4)
    corrector.Execute(sitk.Shrink(picture, [2] * 3), sitk.Shrink(mask, [2] * 3))
    log_field = sitk.GetArrayFromImage(corrector.GetLogBiasFieldAsImage(picture)).transpose()
    inside = tissue == 3

    def variation(field):
        values = (biased / np.exp(field))[inside]
        return float(values.std() / values.mean())

    keep("n4 image", biased, np.uint16)
    keep("n4 tissue", tissue, np.uint8)
    keep("n4 field", log_field[::4, ::4, ::4])
    keep("n4 true field", true_log_field[::4, ::4, ::4])
    within = (tissue > 0)[::4, ::4, ::4]
    cases["n4"] = {
        "size": size, "variation": variation(log_field), "variationBefore": variation(np.zeros(size)),
        "correlationWithTruth": float(np.corrcoef(log_field[::4, ::4, ::4][within], true_log_field[::4, ::4, ::4][within])[0, 1])}
    print(cases["n4"])


bias_correction()


def bias_of_a_head(folder):
    """The field that SimpleITK's N4 finds in a FLAIR image of the shared data, every eighth voxel."""
    picture = sitk.Cast(sitk.ReadImage(str(folder / "nifti_niivue" / "FLAIR.nii.gz")), sitk.sitkFloat32)
    values = sitk.GetArrayFromImage(picture)
    mask = sitk.GetImageFromArray((values > values.astype(np.float64).mean()).astype(np.uint8))
    mask.CopyInformation(picture)
    corrector = sitk.N4BiasFieldCorrectionImageFilter()
    corrector.SetMaximumNumberOfIterations([50] * 4)
    corrector.Execute(sitk.Shrink(picture, [4] * 3), sitk.Shrink(mask, [4] * 3))
    keep("n4 flair field", sitk.GetArrayFromImage(corrector.GetLogBiasFieldAsImage(picture)).transpose()[::8, ::8, ::8])
    cases["n4 flair"] = {"file": "nifti_niivue/FLAIR.nii.gz", "size": picture.GetSize()}


DATA = pathlib.Path(os.environ.get("HOUNSFIELD_DATA", ROOT.parents[2] / "shared" / "data"))
bias_of_a_head(DATA)


def write():
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name.replace(" ", "_"): array for name, array in arrays.items()})
    data = buffer.getvalue()
    ROOT.mkdir(parents=True, exist_ok=True)
    (ROOT / "arrays.npz").write_bytes(data)
    record = {"maker": "scripts/peers/volume_augmentation.py", "peer": VERSIONS, "sha256": hashlib.sha256(data).hexdigest(),
              "size": SIZE, "spacingMm": SPACING, "cases": cases}
    (ROOT / "cases.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(len(arrays), "arrays,", len(data), "bytes")


write()
