import { type Geometry, invertAffine } from '../../geometry/geometry.ts';
import { type LabelMap, labelMap } from '../../image/medical-image.ts';
import { allocate } from '../gunzip.ts';
import type { Mesh } from './mesh.ts';

/**
 * A closed surface as a mask on a grid: voxels whose centre lies inside, by counting how often a line along x crosses the
 * surface before it (even-odd). The line is moved by a millionth of a voxel, so that it meets no edge of a surface that was made on
 * the same grid. Throws VOLUME_TOO_LARGE.
 */
export function maskOf(
  { vertices, triangles }: Mesh,
  grid: {
    readonly geometry: Geometry;
    readonly width: number;
    readonly height: number;
    readonly depth: number;
  },
): LabelMap {
  const { width, height, depth, geometry } = grid;
  const m = invertAffine(geometry.affine);
  const v = new Float64Array(vertices.length);
  for (let i = 0; i < v.length; i += 3) {
    const [x, y, z] = [vertices[i]!, vertices[i + 1]!, vertices[i + 2]!] as const;
    for (let r = 0; r < 3; r++)
      v[i + r] = m[r * 4]! * x + m[r * 4 + 1]! * y + m[r * 4 + 2]! * z + m[r * 4 + 3]!;
  }
  const pixels = allocate(width * height * depth, 'the mask');
  for (let t = 0; t < triangles.length; t += 3) {
    toggle(v, triangles[t]! * 3, triangles[t + 1]! * 3, triangles[t + 2]! * 3, pixels, width, height, depth);
  }
  // each crossing is marked at the first voxel behind it; a running parity fills what lies between
  for (let row = 0; row < pixels.length; row += width) {
    let inside = 0;
    for (let i = row; i < row + width; i++) {
      inside ^= pixels[i]!;
      pixels[i] = inside;
    }
  }
  return labelMap(pixels, { depth, height, width }, [{ value: 1, name: 'inside' }], { geometry });
}

const SHIFT_Y = 1e-6;
const SHIFT_Z = 1.7e-6;

function toggle(
  v: Float64Array,
  a: number,
  b: number,
  c: number,
  pixels: Uint8Array,
  width: number,
  height: number,
  depth: number,
): void {
  const y = (corner: number) => v[corner + 1]! - SHIFT_Y;
  const z = (corner: number) => v[corner + 2]! - SHIFT_Z;
  const area = (y(b) - y(a)) * (z(c) - z(a)) - (y(c) - y(a)) * (z(b) - z(a));
  if (area === 0) return;
  const from = (values: readonly number[]) => Math.max(0, Math.ceil(Math.min(...values)));
  const to = (values: readonly number[], side: number) => Math.min(side - 1, Math.floor(Math.max(...values)));
  const [ys, zs] = [
    [y(a), y(b), y(c)],
    [z(a), z(b), z(c)],
  ] as const;
  for (let k = from(zs); k <= to(zs, depth); k++) {
    for (let j = from(ys); j <= to(ys, height); j++) {
      const wb = ((j - y(a)) * (z(c) - z(a)) - (y(c) - y(a)) * (k - z(a))) / area;
      const wc = ((y(b) - y(a)) * (k - z(a)) - (j - y(a)) * (z(b) - z(a))) / area;
      if (wb < 0 || wc < 0 || wb + wc > 1) continue;
      const x = v[a]! + wb * (v[b]! - v[a]!) + wc * (v[c]! - v[a]!);
      const first = Math.max(0, Math.ceil(x));
      if (first < width) pixels[(k * height + j) * width + first]! ^= 1;
    }
  }
}
