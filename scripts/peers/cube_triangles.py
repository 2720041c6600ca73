"""Writes src/imaging/features/pyradiomics/cube-triangles.generated.ts: the triangles of marching cubes (Lorensen and Cline, 1987) for
each of the 256 cubes, from scikit-image's classic table."""
import base64
from pathlib import Path

import numpy
import skimage
from skimage.measure import _marching_cubes_lewiner_luts as tables

shape, text = tables.CASESCLASSIC
cases = numpy.frombuffer(base64.decodebytes(text.encode()), "int8").reshape(shape)
rows = ["".join(f"{edge:x}" for edge in case if edge >= 0) for case in cases]

lines = [
    f"// Made by scripts/peers/cube_triangles.py from scikit-image {skimage.__version__}. Do not edit.",
    "",
    "/**",
    " * Triangles of marching cubes (Lorensen and Cline, SIGGRAPH 1987) for each of the 256 cubes: three edges each, as",
    " * hexadecimal digits. Bit n of the cube is corner n: 0 to 3 are (0,0), (1,0), (1,1), (0,1) in (x, y) at z = 0, 4 to 7",
    " * the same at z = 1. Edges 0 to 3 join corners 0-1, 1-2, 2-3, 3-0, edges 4 to 7 the same at z = 1, edges 8 to 11 corners",
    " * 0-4, 1-5, 2-6, 3-7.",
    " */",
    "export const CUBE_TRIANGLES =",
]
width = 8
chunks = [",".join(rows[at : at + width]) + ("," if at + width < len(rows) else "") for at in range(0, len(rows), width)]
lines += [f"  '{chunk}'" + (" +" if n + 1 < len(chunks) else ";") for n, chunk in enumerate(chunks)]
target = Path(__file__).parents[2] / "src/imaging/features/pyradiomics/cube-triangles.generated.ts"
target.write_text("\n".join(lines) + "\n")
