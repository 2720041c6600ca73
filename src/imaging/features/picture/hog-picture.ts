import { HOG_DEFAULTS, type HogSettings, hogCells } from './hog.ts';
import type { Picture } from './picture.ts';

/**
 * A picture of the histograms of HOG for a person to look at: in each cell a line for each orientation, along the edge that
 * it stands for (at right angles to the gradient), as bright as the histogram's value.
 *
 * @returns [H, W]
 */
export function hogPicture(of: Picture, settings: HogSettings = HOG_DEFAULTS): Float64Array {
  const { orientations, pixelsPerCell } = settings;
  const [rows, columns] = pixelsPerCell;
  const cellRows = Math.floor(of.height / rows);
  const cellColumns = Math.floor(of.width / columns);
  const histogram = hogCells(of, settings);
  const out = new Float64Array(of.width * of.height);
  const radius = Math.floor(Math.min(rows, columns) / 2) - 1;
  for (let cell = 0, i = 0; cell < cellRows * cellColumns; cell++) {
    const row = Math.floor(cell / cellColumns) * rows + Math.floor(rows / 2);
    const column = (cell % cellColumns) * columns + Math.floor(columns / 2);
    for (let o = 0; o < orientations; o++, i++) {
      const middle = (Math.PI * (o + 0.5)) / orientations;
      const dr = radius * Math.sin(middle);
      const dc = radius * Math.cos(middle);
      addLine(out, of, [row - dc, column + dr, row + dc, column - dr].map(Math.trunc), histogram[i]!);
    }
  }
  return out;
}

/** Bresenham's line. @param ends row and column of the first and of the last pixel */
function addLine(to: Float64Array, { width, height }: Picture, ends: readonly number[], value: number): void {
  const [r0, c0, r1, c1] = ends as [number, number, number, number]; // four
  const steep = Math.abs(r1 - r0) > Math.abs(c1 - c0);
  const [fast0, slow0, fast1, slow1] = steep ? [r0, c0, r1, c1] : [c0, r0, c1, r1];
  const [fastStep, slowStep] = [fast1 > fast0 ? 1 : -1, slow1 > slow0 ? 1 : -1];
  const [length, rise] = [Math.abs(fast1 - fast0), Math.abs(slow1 - slow0)];
  const add = (fast: number, slow: number): void => {
    const [r, c] = steep ? [fast, slow] : [slow, fast];
    if (r >= 0 && r < height && c >= 0 && c < width) to[r * width + c]! += value;
  };
  let error = 2 * rise - length;
  for (let i = 0, fast = fast0, slow = slow0; i < length; i++) {
    add(fast, slow);
    while (error >= 0 && length > 0) {
      slow += slowStep;
      error -= 2 * length;
    }
    fast += fastStep;
    error += 2 * rise;
  }
  add(fast1, slow1);
}
