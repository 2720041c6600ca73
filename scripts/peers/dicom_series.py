"""Volumes that SimpleITK reads from DICOM series, and the NIfTI files that the same images were given as.

Arrays are [slice, row, column] in the series' own grid, slices ascending along the normal (row x column direction),
affines voxel (x, y, z) to LPS mm. Run: python scripts/peers/dicom_series.py   (writes fixtures/dicom-pixels/series.json)
"""

import base64
import hashlib
import json
import os
import pathlib
import zlib

import nibabel as nib
import numpy as np
import SimpleITK as sitk

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("HOUNSFIELD_DATA", ROOT / ".." / "shared" / "data")).resolve()


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def itk_volume(folder):
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    image = sitk.ReadImage(names)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    affine = np.hstack([direction * np.array(image.GetSpacing()), np.array(image.GetOrigin())[:, None]])
    array = sitk.GetArrayFromImage(image)
    normal = np.cross(direction[:, 0], direction[:, 1])
    if normal @ direction[:, 2] < 0:
        array, affine = array[::-1], affine @ flip(2, array.shape[0])
    return array, affine[:3]


def flip(axis, count):
    matrix = np.eye(4)
    matrix[axis, axis] = -1
    matrix[axis, 3] = count - 1
    return matrix


def nifti_on(path, affine, shape):
    """The NIfTI's array turned onto the grid of an affine (LPS), and its own affine for that grid."""
    image = nib.load(path)
    lps = np.diag([-1, -1, 1, 1]) @ image.affine
    data = np.asanyarray(image.dataobj)
    step = np.linalg.inv(affine_4(affine)[:3, :3]) @ lps[:3, :3]
    order = [int(np.argmax(np.abs(step[row]))) for row in range(3)]
    data = np.transpose(data, order)
    matrix = np.eye(4)[:, order + [3]]
    lps = lps @ matrix
    step = step[:, order]
    for axis in range(3):
        if step[axis, axis] < 0:
            lps = lps @ flip(axis, data.shape[axis])
            data = np.flip(data, axis)
    assert data.shape == tuple(reversed(shape)), (data.shape, shape)
    return np.transpose(data, (2, 1, 0)), lps[:3]


def affine_4(affine):
    return np.vstack([affine, [0, 0, 0, 1]])


def record(array, affine, values=False):
    out = {
        "shape": list(array.shape),
        "affine": [float(v) for v in np.asarray(affine)[:3].ravel()],
        "float64Sha256": digest(array.astype("<f8")),
        "least": float(array.min()),
        "most": float(array.max()),
    }
    if values:
        out["values"] = base64.b64encode(zlib.compress(array.astype("<f4").tobytes(), 9)).decode()
    return out


def main():
    series = {}
    for name, nifti in (("CT", "CT"), ("MR_T1", "MR_T1"), ("PET", "PET")):
        folder = DATA / "sts_sarcoma_3d" / "dicom" / "STS_002" / name / "image"
        array, affine = itk_volume(folder)
        series[str(folder.relative_to(DATA))] = {"simpleitk": record(array, affine)}
        given, own = nifti_on(DATA / "sts_sarcoma_3d" / "nifti" / "STS_002" / f"{nifti}_image.nii.gz", affine, array.shape)
        series[str(folder.relative_to(DATA))]["nifti"] = record(given, own, values=name == "PET")
    for folder in (DATA / "torchio_ct_dicom_series" / "dicom", DATA / "nifti_niivue" / "dicom"):
        series[str(folder.relative_to(DATA))] = {"simpleitk": record(*itk_volume(folder))}
    payload = json.dumps(series, separators=(",", ":"), sort_keys=True)
    fixture = {
        "maker": "scripts/peers/dicom_series.py",
        "peer": f"SimpleITK {sitk.Version.VersionString()}, nibabel {nib.__version__}",
        "sha256": hashlib.sha256(payload.encode()).hexdigest(),
        "payload": series,
    }
    target = ROOT / "fixtures" / "dicom-pixels" / "series.json"
    target.write_text(json.dumps(fixture, separators=(",", ":"), sort_keys=True) + "\n")
    print(len(series), "series")


if __name__ == "__main__":
    main()
