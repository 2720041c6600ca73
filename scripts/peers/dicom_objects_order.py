"""highdicom sorts slices against the normal of rows and columns; Hounsfield along it, as ITK does."""

import numpy as np


def along_normal(array, affine):
    """Array [slices, rows, columns, ...] and affine of (slice, row, column), turned so that slices run along the normal."""
    affine = np.asarray(affine).copy()
    rows, columns = affine[:3, 1], affine[:3, 2]
    if np.dot(affine[:3, 0], np.cross(columns, rows)) >= 0:
        return array, affine
    affine[:3, 3] += affine[:3, 0] * (array.shape[0] - 1)
    affine[:3, 0] *= -1
    return array[::-1], affine
