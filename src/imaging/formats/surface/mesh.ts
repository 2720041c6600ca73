import { HounsfieldError } from '../../../errors.ts';

/** A surface of triangles in LPS world, mm; seen from outside, corners run anticlockwise. */
export interface Mesh {
  readonly vertices: Float64Array; // [V, 3]
  readonly triangles: Uint32Array; // [F, 3]
}

/** A Map holds no more than 2^24 entries. */
const MOST_CORNERS = 2 ** 24 - 1;

/** mm²: the sum over triangles. */
export function meshArea({ vertices, triangles }: Mesh): number {
  let area = 0;
  for (let i = 0; i < triangles.length; i += 3) {
    const [a, b, c] = [triangles[i]! * 3, triangles[i + 1]! * 3, triangles[i + 2]! * 3] as const;
    const edge = (to: number, axis: number) => vertices[to + axis]! - vertices[a + axis]!;
    const x = edge(b, 1) * edge(c, 2) - edge(b, 2) * edge(c, 1);
    const y = edge(b, 2) * edge(c, 0) - edge(b, 0) * edge(c, 2);
    const z = edge(b, 0) * edge(c, 1) - edge(b, 1) * edge(c, 0);
    area += Math.hypot(x, y, z) / 2;
  }
  return area;
}

/** mm³ inside a closed surface: tetrahedra to the first vertex, signed (divergence theorem); above 0 when corners run as Mesh says. */
export function meshVolume({ vertices: v, triangles }: Mesh): number {
  let six = 0;
  const at = (corner: number, axis: number) => v[corner * 3 + axis]! - v[axis]!;
  for (let i = 0; i < triangles.length; i += 3) {
    const [a, b, c] = [triangles[i]!, triangles[i + 1]!, triangles[i + 2]!] as const;
    six +=
      at(a, 0) * (at(b, 1) * at(c, 2) - at(b, 2) * at(c, 1)) +
      at(a, 1) * (at(b, 2) * at(c, 0) - at(b, 0) * at(c, 2)) +
      at(a, 2) * (at(b, 0) * at(c, 1) - at(b, 1) * at(c, 0));
  }
  return six / 6;
}

/**
 * Edges that are not run through once in each direction: none in a closed, consistently turned surface.
 * Throws MESH_TOO_LARGE.
 */
export function openEdges({ triangles }: Mesh): number {
  if (triangles.length > MOST_CORNERS) {
    throw new HounsfieldError(
      'MESH_TOO_LARGE',
      `the surface has ${triangles.length / 3} triangles, where ${Math.floor(MOST_CORNERS / 3)} can be checked. Simplify it first.`,
    );
  }
  const count = new Map<number, number>();
  const key = (from: number, to: number) => from * 2 ** 26 + to;
  for (let i = 0; i < triangles.length; i += 3) {
    for (let k = 0; k < 3; k++) {
      const [from, to] = [triangles[i + k]!, triangles[i + ((k + 1) % 3)]!] as const;
      count.set(key(from, to), (count.get(key(from, to)) ?? 0) + 1);
    }
  }
  let open = 0;
  for (const [edge, times] of count) {
    const [from, to] = [Math.floor(edge / 2 ** 26), edge % 2 ** 26] as const;
    if (times !== 1 || count.get(key(to, from)) !== 1) open++;
  }
  return open;
}

/** Joins vertices at the very same place, as STL repeats them for every triangle. Throws MESH_TOO_LARGE. */
export function joinedVertices(corners: Float64Array): Mesh {
  if (corners.length / 3 > MOST_CORNERS) {
    throw new HounsfieldError(
      'MESH_TOO_LARGE',
      `the surface has ${corners.length / 9} triangles, where ${Math.floor(MOST_CORNERS / 3)} can be joined. Simplify it first.`,
    );
  }
  const places = new Map<string, number>();
  const vertices: number[] = [];
  const triangles = new Uint32Array(corners.length / 3);
  for (let i = 0; i < triangles.length; i++) {
    const [x, y, z] = [corners[3 * i]!, corners[3 * i + 1]!, corners[3 * i + 2]!] as const;
    const place = `${x},${y},${z}`;
    let index = places.get(place);
    if (index === undefined) {
      index = places.size;
      places.set(place, index);
      vertices.push(x, y, z);
    }
    triangles[i] = index;
  }
  return { vertices: Float64Array.from(vertices), triangles };
}

/** Throws MESH_INVALID unless vertices are finite triples and triangles name them. */
export function checkMesh({ vertices, triangles }: Mesh, name: string): void {
  const count = vertices.length / 3;
  const isWhole = Number.isInteger(count) && Number.isInteger(triangles.length / 3);
  if (!isWhole || !vertices.every(Number.isFinite) || !triangles.every((corner) => corner < count)) {
    throw new HounsfieldError(
      'MESH_INVALID',
      `${name} holds a vertex that is not finite, or a triangle whose corner is none of its ${count} vertices. ` +
        'Write the surface again with the program that made it.',
    );
  }
}
