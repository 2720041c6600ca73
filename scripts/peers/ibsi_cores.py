"""Writes fixtures/features/ibsi-cores.json: meshes by scikit-image, hulls and moments by scipy, sums over all pairs of voxels and
all neighbours by numpy, of masks and intensities that a formula makes alike here and in the tests."""

import pathlib
import sys
from importlib.metadata import version

import numpy as np
from scipy import stats
from scipy.spatial import ConvexHull
from scipy.spatial.distance import cdist, pdist
from skimage.measure import marching_cubes, mesh_surface_area

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from learning_fixture import write  # noqa: E402

# name: (width, height, depth), spacing x y z, mask
CASES = {
    "scattered": ((9, 8, 7), (1.0, 1.0, 1.0), lambda x, y, z: hashed(x, y, z) < 30),
    "dense": ((8, 9, 10), (0.8, 1.1, 3.0), lambda x, y, z: hashed(x, y, z) < 75),
    "ball": ((15, 15, 11), (1.0, 1.0, 1.5), lambda x, y, z: (x - 7) ** 2 + (y - 7) ** 2 + (1.5 * (z - 5)) ** 2 <= 49),
    "whole": ((6, 5, 4), (2.0, 1.0, 0.5), lambda x, y, z: x >= 0),
    "voxel": ((1, 1, 1), (1.0, 2.0, 3.0), lambda x, y, z: x >= 0),
    "plane": ((7, 6, 1), (1.5, 1.0, 2.0), lambda x, y, z: hashed(x, y, z) < 60),
    "large": ((24, 22, 20), (1.0, 0.9, 1.3), lambda x, y, z: (x - 12) ** 2 + (y - 11) ** 2 + (z - 10) ** 2 < 110),
}


def hashed(x, y, z):
    return (x * 7349 + y * 9151 + z * 6841 + 31 * x * y * z + 17 * x * z) % 101


def intensity(x, y, z):
    return ((x * 37 + y * 91 + z * 53 + 13 * x * y) % 64) - 11 + 0.25 * ((x + 2 * y + 3 * z) % 4)


def enclosing(points, tolerance=1e-5):
    """Khachiyan's descent with steps away from points, to a tolerance."""
    q = np.c_[points, np.ones(len(points))].T
    u = np.ones(len(points)) / len(points)
    for _ in range(200000):
        m = np.einsum("ij,ij->j", q, np.linalg.solve((q * u) @ q.T, q))
        out, within = m.argmax(), np.where(u > 0, m, np.inf).argmin()
        far, near = m[out] / 4 - 1, 1 - m[within] / 4
        if max(far, near) <= tolerance:
            break
        j = out if far >= near else within
        step = (m[j] - 4) / (4 * (m[j] - 1))
        if far < near:
            step = max(step, -u[j] / (1 - u[j]))
        u *= 1 - step
        u[j] += step
        u[u < 1e-15] = 0
    centre = u @ points
    spread = (points * u[:, None]).T @ points - np.outer(centre, centre)
    return np.sqrt(3 * np.linalg.eigvalsh(spread))[::-1]


def peaks(values, mask, spacing):
    radius = 10 * (3 / (4 * np.pi)) ** (1 / 3)
    every = np.argwhere(np.ones_like(mask)) * spacing[::-1]
    flat = values.ravel()
    means = np.array([flat[np.linalg.norm(every - p * spacing[::-1], axis=1) <= radius].mean() for p in np.argwhere(mask)])
    inside = values[mask]
    return float(means[inside == inside.max()].max()), float(means.max())


def of(size, spacing, inside):
    z, y, x = np.meshgrid(*[np.arange(n) for n in size[::-1]], indexing="ij")
    spacing = np.array(spacing)
    mask = inside(x, y, z)
    values = intensity(x, y, z).astype(float)
    vertices, faces, _, _ = marching_cubes(np.pad(mask, 1).astype(float), 0.5, spacing=tuple(spacing[::-1]))
    corners = vertices[faces]
    hull = ConvexHull(vertices)
    points = np.argwhere(mask) * spacing[::-1]
    data = values[mask]
    answer = {
        "voxels": int(mask.sum()),
        "volume": float(abs(np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))) / 6),
        "area": float(mesh_surface_area(vertices, faces)),
        "hullVolume": float(hull.volume), "hullArea": float(hull.area),
        "diameter": float(pdist(vertices[hull.vertices]).max()),
        "ellipsoid": enclosing(vertices[hull.vertices]).tolist(),
        "peaks": peaks(values, mask, spacing),
        "mean": float(data.mean()), "variance": float(data.var()),
    }
    if len(data) > 1:
        away = data - data.mean()
        weights = 1 / np.where((d := cdist(points, points)) == 0, np.inf, d)
        total, squares, n = weights.sum(), (away ** 2).sum(), len(data)
        answer["moran"] = float(n / total * (away @ weights @ away) / squares)
        differences = (away[:, None] - away[None]) ** 2
        answer["geary"] = float((n - 1) / (2 * total) * (weights * differences).sum() / squares)
        answer["axes"] = (4 * np.sqrt(np.maximum(0, np.linalg.eigvalsh(np.cov(points.T))[::-1]))).tolist()
        answer["skewness"] = float(stats.skew(data))
        answer["kurtosis"] = float(stats.kurtosis(data))
        answer["percentiles"] = np.percentile(data, [10, 25, 50, 75, 90]).tolist()
    return answer


def main():
    cases = {name: {"size": size, "spacingMm": spacing, **of(size, spacing, inside)}
             for name, (size, spacing, inside) in CASES.items()}
    peer = ", ".join(f"{name} {version(name)}" for name in ("scikit-image", "scipy", "numpy"))
    write("features/ibsi-cores.json", "ibsi_cores.py", peer, cases)


main()
