export type Point = readonly [number, number, number];

/** An icosahedron's vertices: three golden rectangles. */
const ICOSAHEDRON: readonly Point[] = (() => {
  const golden = (1 + Math.sqrt(5)) / 2;
  const points: Point[] = [];
  for (const a of [-1, 1]) {
    for (const b of [-golden, golden]) points.push([a, b, 0], [0, a, b], [b, 0, a]);
  }
  return points.map(onSphere);
})();

/** Vertices on a unit sphere: an icosahedron's, whose triangles are cut into four so many times. */
export function sphereVertices(subdivisions: number): readonly Point[] {
  let points = [...ICOSAHEDRON];
  let triangles = faces(points);
  for (let step = 0; step < subdivisions; step++) {
    const middles = new Map<string, number>();
    const next = [...points];
    const middle = (a: number, b: number): number => {
      const key = a < b ? `${a} ${b}` : `${b} ${a}`;
      const known = middles.get(key);
      if (known !== undefined) return known;
      const [p, q] = [points[a]!, points[b]!];
      next.push(onSphere([(p[0] + q[0]) / 2, (p[1] + q[1]) / 2, (p[2] + q[2]) / 2]));
      middles.set(key, next.length - 1);
      return next.length - 1;
    };
    triangles = triangles.flatMap(([a, b, c]) => {
      const [ab, bc, ca] = [middle(a, b), middle(b, c), middle(c, a)];
      return [
        [a, ab, ca],
        [ab, b, bc],
        [ca, bc, c],
        [ab, bc, ca],
      ] as Point[];
    });
    points = next;
  }
  return points;
}

/** Triples of vertices that are all neighbours. */
function faces(points: readonly Point[]): Point[] {
  const apart = (a: Point, b: Point) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  const edge = 1.01 * Math.min(...points.slice(1).map((point) => apart(points[0]!, point)));
  const near = (a: number, b: number) => apart(points[a]!, points[b]!) <= edge;
  const found: Point[] = [];
  for (let a = 0; a < points.length; a++) {
    for (let b = a + 1; b < points.length; b++) {
      if (!near(a, b)) continue;
      for (let c = b + 1; c < points.length; c++) if (near(a, c) && near(b, c)) found.push([a, b, c]);
    }
  }
  return found;
}

function onSphere([x, y, z]: Point): Point {
  const length = Math.sqrt(x * x + y * y + z * z);
  return [x / length, y / length, z / length];
}
