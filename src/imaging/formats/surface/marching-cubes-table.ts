/**
 * The cases of marching cubes (Lorensen and Cline 1987, https://doi.org/10.1145/37401.37422), derived here rather than
 * listed: on each face of a cell segments separate inside corners from outside ones, and where a face is ambiguous (inside
 * corners opposite each other) they cut off the inside corners. That choice depends on the face alone, so both cells that share it
 * agree, and the surface is closed. Segments join to loops, loops are cut into triangles without a diagonal that
 * lies in a face, which could meet one of the neighbour's.
 */

/** Corner c lies at x = c & 1, y = c >> 1 & 1, z = c >> 2. Edge e joins two corners along axis e >> 2. */
export const EDGES: readonly (readonly [number, number])[] = [0, 1, 2].flatMap((axis) =>
  [0, 1, 2, 3, 4, 5, 6, 7]
    .filter((corner) => !(corner & (1 << axis)))
    .map((corner) => [corner, corner | (1 << axis)] as const),
);

/** Corners of each face in turn, anticlockwise seen from outside. */
const FACES: readonly (readonly [number, number, number, number])[] = [0, 1, 2].flatMap((axis) => {
  const [u, v] = [1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3)];
  const far = 1 << axis;
  return [
    [0, v, u | v, u],
    [far, far | u, far | u | v, far | v],
  ] as const;
});

function edgeBetween(a: number, b: number): number {
  return EDGES.findIndex(([p, q]) => (p === a && q === b) || (p === b && q === a));
}

const FACES_OF_EDGE = EDGES.map(([a, b]) =>
  FACES.flatMap((face, f) => (face.includes(a) && face.includes(b) ? [f] : [])),
);

function shareFace(a: number, b: number): boolean {
  return FACES_OF_EDGE[a]!.some((face) => FACES_OF_EDGE[b]!.includes(face));
}

/** Per edge, the edge that follows it on the surface's border: inside corners to the left, seen from outside the cell. */
function successors(inside: (corner: number) => boolean): Map<number, number> {
  const next = new Map<number, number>();
  for (const face of FACES) {
    for (let i = 0; i < 4; i++) {
      if (!inside(face[i]!) || inside(face[(i + 3) % 4]!)) continue;
      // a run of inside corners begins at i; where it ends, the segment that cuts it off comes back
      let end = i;
      while (inside(face[(end + 1) % 4]!)) end++;
      const from = edgeBetween(face[end % 4]!, face[(end + 1) % 4]!);
      const to = edgeBetween(face[(i + 3) % 4]!, face[i]!);
      next.set(from, to);
    }
  }
  return next;
}

/** Triangles of a loop, by trying every way to cut off a first one; undefined when each has a diagonal in a face. */
function cut(loop: readonly number[]): number[] | undefined {
  if (loop.length === 3) return [...loop];
  const [first, last] = [loop[0]!, loop[loop.length - 1]!] as const;
  for (let k = 1; k < loop.length - 1; k++) {
    const apex = loop[k]!;
    const isInnerLeft = k > 1;
    const isInnerRight = k < loop.length - 2;
    if ((isInnerLeft && shareFace(first, apex)) || (isInnerRight && shareFace(apex, last))) continue;
    const left = isInnerLeft ? cut(loop.slice(0, k + 1)) : [];
    const right = isInnerRight ? cut(loop.slice(k)) : [];
    if (left && right) return [first, apex, last, ...left, ...right];
  }
  return undefined;
}

function caseOf(corners: number): readonly number[] {
  const next = successors((corner) => ((corners >> corner) & 1) === 1);
  const triangles: number[] = [];
  while (next.size > 0) {
    const loop: number[] = [];
    for (let edge = next.keys().next().value; edge !== undefined && next.has(edge); ) {
      loop.push(edge);
      const following: number = next.get(edge)!;
      next.delete(edge);
      edge = following;
    }
    const pieces = rotations(loop)
      .map(cut)
      .find((found) => found !== undefined);
    triangles.push(...(pieces ?? fan(loop)).reverse()); // the loop runs with the outside behind it
  }
  return triangles;
}

function rotations(loop: readonly number[]): number[][] {
  return loop.map((_, i) => [...loop.slice(i), ...loop.slice(0, i)]);
}

function fan(loop: readonly number[]): number[] {
  return loop.slice(1, -1).flatMap((edge, i) => [loop[0]!, edge, loop[i + 2]!]);
}

let cases: readonly (readonly number[])[] | undefined;

/** For each set of inside corners (bit c for corner c) the triangles, three edges each, outside to the front. */
export function marchingCubesCases(): readonly (readonly number[])[] {
  cases ??= Array.from({ length: 256 }, (_, corners) => caseOf(corners));
  return cases;
}
