import { HounsfieldError } from '../../../errors.ts';

/** Where the neighbours of a pixel lie on a circle or an ellipse: row and column offsets, to five decimals. */
export interface CirclePoints {
  readonly rows: Float64Array; // [points]
  readonly columns: Float64Array;
}

/** Counter-clockwise from the right. @param radii along rows and columns, in pixels */
export function circlePoints(points: number, radii: readonly [rows: number, columns: number]): CirclePoints {
  if (
    !(Number.isInteger(points) && points >= 1 && points <= 1024 && radii.every((r) => r >= 0 && r < 4096))
  ) {
    throw new HounsfieldError(
      'PICTURE_FEATURE_SETTINGS',
      `a local binary pattern of ${points} points at radius ${radii.join(' x ')} is not possible. ` +
        'Give 1 to 1024 points and a radius from 0 to below 4096 pixels.',
    );
  }
  const [alongRows, alongColumns] = [Math.fround(radii[0]), Math.fround(radii[1])];
  const angle = (i: number) => (2 * Math.PI * i) / points;
  return {
    rows: Float64Array.from({ length: points }, (_, i) => fiveDecimals(-alongRows * Math.sin(angle(i)))),
    columns: Float64Array.from({ length: points }, (_, i) => fiveDecimals(alongColumns * Math.cos(angle(i)))),
  };
}

/** Half to even, as the peers round. */
function fiveDecimals(value: number): number {
  const scaled = value * 1e5;
  const low = Math.floor(scaled);
  const rest = scaled - low;
  const up = rest > 0.5 || (rest === 0.5 && low % 2 !== 0);
  return (up ? low + 1 : low) / 1e5;
}

/** A plane with a border of zeros wide enough for every neighbour. */
export interface PaddedPlane {
  readonly values: Float64Array; // [H + 2 border, W + 2 border]
  readonly width: number;
  readonly height: number;
  readonly border: number;
}

export function padPlane(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  { rows, columns }: CirclePoints,
): PaddedPlane {
  let reach = 0;
  for (let i = 0; i < rows.length; i++) reach = Math.max(reach, Math.abs(rows[i]!), Math.abs(columns[i]!));
  const border = Math.ceil(reach) + 1;
  const stride = width + 2 * border;
  const values = new Float64Array(stride * (height + 2 * border));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0, at = (y + border) * stride + border; x < width; x++, i++, at++)
      values[at] = plane[i]! + 0; // no -0
  }
  return { values, width, height, border };
}

/**
 * How far right of a whole column each sample of a point lies; of the rounded position, as the peers compute it, so that
 * equal neighbours give the peers' bits. [W]
 */
export function columnShares(columnOffset: number, width: number): Float64Array {
  return Float64Array.from({ length: width }, (_, x) => x + columnOffset - Math.floor(x + columnOffset));
}

/** Interpolates a row of the padded plane between its columns, into `out`. @param from index of the first left neighbour */
export function interpolateColumns(
  values: Float64Array,
  from: number,
  shares: Float64Array,
  out: Float64Array,
): void {
  let left = values[from]!;
  for (let x = 0, at = from + 1; x < out.length; x++, at++) {
    const share = shares[x]!;
    const right = values[at]!;
    out[x] = (1 - share) * left + share * right;
    left = right;
  }
}

/** The rows above and below one point of the circle, as one goes down the plane. */
export interface PointRows {
  /** Samples of the point beside each pixel of row y; y must go up by one from 0. */
  next(y: number): { readonly upper: Float64Array; readonly lower: Float64Array; readonly down: number };
}

/** Rows are interpolated once and used twice: below one row of pixels, above the next. */
export function pointRows(plane: PaddedPlane, rowOffset: number, columnOffset: number): PointRows {
  const { values, width, border } = plane;
  const stride = width + 2 * border;
  const shares = columnShares(columnOffset, width);
  const left = Math.floor(columnOffset) + border;
  const first = Math.floor(rowOffset) + border;
  let upper = new Float64Array(width);
  let lower = new Float64Array(width);
  interpolateColumns(values, first * stride + left, shares, lower);
  return {
    next(y) {
      [upper, lower] = [lower, upper];
      interpolateColumns(values, (first + y + 1) * stride + left, shares, lower);
      return { upper, lower, down: y + rowOffset - Math.floor(y + rowOffset) };
    },
  };
}
