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
    for (let x = 0, at = (y + border) * stride + border; x < width; x++, i++, at++) values[at] = plane[i]!;
  }
  return { values, width, height, border };
}

/**
 * Samples one point of the circle for a whole row by bilinear interpolation, into `out`. The weights come of the rounded
 * position (as the peers compute it), so that equal neighbours give the peers' bits.
 */
export function sampleRow(
  plane: PaddedPlane,
  y: number,
  rowOffset: number,
  columnOffset: number,
  out: Float64Array,
): void {
  const { values, width, border } = plane;
  const stride = width + 2 * border;
  const row = Math.floor(y + rowOffset);
  const down = y + rowOffset - row;
  const top = (row + border) * stride + border;
  if (down === 0 && Number.isInteger(columnOffset)) {
    for (let x = 0, at = top + columnOffset; x < width; x++, at++) out[x] = values[at]!;
    return;
  }
  const below = down === 0 ? top : top + stride;
  for (let x = 0; x < width; x++) {
    const position = x + columnOffset;
    const column = Math.floor(position);
    const right = position - column;
    const next = right === 0 ? column : column + 1;
    const left = 1 - right;
    const upper = left * values[top + column]! + right * values[top + next]!;
    const lower = left * values[below + column]! + right * values[below + next]!;
    out[x] = (1 - down) * upper + down * lower;
  }
}
