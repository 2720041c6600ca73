"""Writes src/imaging/features/morphology/marching-cubes-table.generated.ts: how scikit-image's marching cubes (Lewiner 2003) cut each
of the 256 cells of a mask at 0.5, found by cutting each one alone."""

import pathlib

import numpy as np
import skimage
from skimage.measure import marching_cubes

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIGITS = "0123456789abc"


def triangles(cell):
    """Corners of the cell's triangles in half voxels, x, y, z; corner b of the cell lies at x = b & 1, y = b >> 1 & 1, z = b >> 2."""
    if cell in (0, 255):
        return []
    corners = np.array([cell >> b & 1 for b in range(8)], np.float32).reshape(2, 2, 2)
    vertices, faces, _, _ = marching_cubes(corners, 0.5)
    return np.rint(2 * vertices[faces])[:, :, ::-1].astype(int).tolist()


def main():
    cells = [triangles(cell) for cell in range(256)]
    places = sorted({tuple(p) for cell in cells for t in cell for p in t})
    assert len(places) == len(DIGITS)
    code = {place: digit for place, digit in zip(places, DIGITS)}
    words = ["".join(code[tuple(p)] for t in cell for p in t) or "-" for cell in cells]
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 110:
            lines.append(line)
            line = ""
        line += word + " "
    lines.append(line)
    text = f"""/**
 * Triangles of the 256 cells of marching cubes at the level 0.5 of a mask (Lewiner et al., J. Graphics Tools 8, 2003), as
 * scikit-image {skimage.__version__} cuts them. Made by scripts/peers/marching_cubes_table.py; not to be edited.
 */

/** Places that triangles have their corners at, in half voxels: x, y, z. */
export const CELL_PLACES: readonly (readonly [number, number, number])[] = [
{chr(10).join(f'  [{x}, {y}, {z}],' for x, y, z in places)}
];

/** A word for each cell: three digits (base 13, places) a triangle. Corner b of a cell is bit b: x = b & 1, y = b >> 1 & 1, z = b >> 2. */
export const CELL_TRIANGLES: readonly string[] = (
{chr(10).join(f"  '{l}' +" for l in lines)[:-2]}
)
  .trim()
  .split(' ');
"""
    (ROOT / "src/imaging/features/morphology/marching-cubes-table.generated.ts").write_text(text)


main()
