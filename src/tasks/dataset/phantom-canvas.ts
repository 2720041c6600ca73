/** A slice being painted: HU values on a square that spans -1..1 both ways, y downwards (towards the back). */
export interface PhantomCanvas {
  readonly hu: Float32Array; // [H, W]
  readonly size: number;
}

/** An ellipse in the square's units; `angle` in radians turns the first half axis from x towards y. */
export interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly a: number;
  readonly b: number;
  readonly angle: number;
}

export function createCanvas(size: number, hu: number): PhantomCanvas {
  return { hu: new Float32Array(size * size).fill(hu), size };
}

/** The same ellipse with its half axes times a factor. */
export function rotatedEllipse(ellipse: Ellipse, factor: number): Ellipse {
  return { ...ellipse, a: ellipse.a * factor, b: ellipse.b * factor };
}

/**
 * Paints an ellipse of one HU value, plus `shade` at each point; pixels on the rim mix by the share covered, which is
 * the partial-volume effect of a scanner.
 */
export function paintEllipse(
  canvas: PhantomCanvas,
  ellipse: Ellipse,
  hu: number,
  shade?: (x: number, y: number) => number,
): void {
  const { size } = canvas;
  const pixel = 2 / size;
  const [cos, sin] = [Math.cos(ellipse.angle), Math.sin(ellipse.angle)];
  const reach = Math.max(ellipse.a, ellipse.b) + pixel;
  const first = (centre: number) => Math.max(0, Math.floor((centre - reach + 1) / pixel));
  const last = (centre: number) => Math.min(size - 1, Math.ceil((centre + reach + 1) / pixel));
  for (let row = first(ellipse.y); row <= last(ellipse.y); row++) {
    for (let column = first(ellipse.x); column <= last(ellipse.x); column++) {
      const x = (column + 0.5) * pixel - 1;
      const y = (row + 0.5) * pixel - 1;
      const u = ((x - ellipse.x) * cos + (y - ellipse.y) * sin) / ellipse.a;
      const v = (-(x - ellipse.x) * sin + (y - ellipse.y) * cos) / ellipse.b;
      const radius = Math.hypot(u, v);
      const slope = Math.hypot(u / ellipse.a, v / ellipse.b) / Math.max(radius, 1e-9);
      const distance = radius < 1e-9 ? -Math.min(ellipse.a, ellipse.b) : (radius - 1) / slope;
      const covered = Math.min(1, Math.max(0, 0.5 - distance / pixel));
      if (covered === 0) continue;
      const value = hu + (shade ? shade(x, y) : 0);
      const at = row * size + column;
      canvas.hu[at]! += covered * (value - canvas.hu[at]!);
    }
  }
}

/** A shallow arc across the picture (the table): lower by `sag` in the middle than at its ends. */
export function paintBand(
  canvas: PhantomCanvas,
  band: { readonly y: number; readonly halfWidth: number; readonly thickness: number; readonly sag: number },
  hu: number,
): void {
  const { size } = canvas;
  const pixel = 2 / size;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const x = (column + 0.5) * pixel - 1;
      const y = (row + 0.5) * pixel - 1;
      if (Math.abs(x) > band.halfWidth) continue;
      const middle = band.y - band.sag * x * x;
      const covered = Math.min(1, Math.max(0, 0.5 + (band.thickness / 2 - Math.abs(y - middle)) / pixel));
      const at = row * size + column;
      canvas.hu[at]! += covered * (hu - canvas.hu[at]!);
    }
  }
}
