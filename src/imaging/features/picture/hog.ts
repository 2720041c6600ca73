import { HounsfieldError } from '../../../errors.ts';
import type { Picture } from './picture.ts';

export const HOG_NORMS = ['L1', 'L1-sqrt', 'L2', 'L2-Hys'] as const;

/** Settings of histograms of oriented gradients; pairs are rows, columns. */
export interface HogSettings {
  readonly orientations: number;
  readonly pixelsPerCell: readonly [rows: number, columns: number];
  readonly cellsPerBlock: readonly [rows: number, columns: number];
  readonly norm: (typeof HOG_NORMS)[number];
  /** Takes the square root of every value before; values must not be negative. */
  readonly squareRoot: boolean;
}

export const HOG_DEFAULTS: HogSettings = {
  orientations: 9,
  pixelsPerCell: [8, 8],
  cellsPerBlock: [3, 3],
  norm: 'L2-Hys',
  squareRoot: false,
};

/** How many cells and blocks a picture has. */
export interface HogShape {
  readonly cells: readonly [rows: number, columns: number];
  readonly blocks: readonly [rows: number, columns: number];
  /** Numbers of the whole descriptor. */
  readonly length: number;
}

/** Throws PICTURE_TOO_SMALL when not one block fits. */
export function hogShape(width: number, height: number, settings: HogSettings): HogShape {
  const { pixelsPerCell, cellsPerBlock, orientations } = settings;
  const cells = [Math.floor(height / pixelsPerCell[0]), Math.floor(width / pixelsPerCell[1])] as const;
  const blocks = [cells[0] - cellsPerBlock[0] + 1, cells[1] - cellsPerBlock[1] + 1] as const;
  if (blocks[0] < 1 || blocks[1] < 1) {
    const least = [pixelsPerCell[0] * cellsPerBlock[0], pixelsPerCell[1] * cellsPerBlock[1]];
    throw new HounsfieldError(
      'PICTURE_TOO_SMALL',
      `a picture of ${height} rows and ${width} columns holds no block of ${cellsPerBlock.join(' x ')} cells of ` +
        `${pixelsPerCell.join(' x ')} pixels. Use smaller cells or blocks, or pictures of at least ${least.join(' x ')}.`,
    );
  }
  const length = blocks[0] * blocks[1] * cellsPerBlock[0] * cellsPerBlock[1] * orientations;
  return { cells, blocks, length };
}

/** Gradients as differences of the two neighbours, 0 at the border; of several channels the steepest at each pixel. */
interface Gradients {
  readonly alongRows: Float64Array; // [H, W]
  readonly alongColumns: Float64Array;
}

function gradientsOf(values: Float64Array, { width, height, channels }: Picture): Gradients {
  const plane = width * height;
  const alongRows = new Float64Array(plane);
  const alongColumns = new Float64Array(plane);
  for (let channel = 0; channel < channels; channel++) {
    const start = channel * plane;
    for (let y = 0, i = 0; y < height; y++) {
      const inner = y > 0 && y < height - 1;
      for (let x = 0; x < width; x++, i++) {
        const at = start + i;
        const dy = inner ? values[at + width]! - values[at - width]! : 0;
        const dx = x > 0 && x < width - 1 ? values[at + 1]! - values[at - 1]! : 0;
        const hasY = alongRows[i]!;
        const hasX = alongColumns[i]!;
        if (channel === 0 || dx * dx + dy * dy > hasX * hasX + hasY * hasY) {
          alongRows[i] = dy;
          alongColumns[i] = dx;
        }
      }
    }
  }
  return { alongRows, alongColumns };
}

/** Where the bins of orientation begin, in degrees; single precision as the peer compares. */
function binEdges(orientations: number): Float64Array {
  const width = Math.fround(180 / orientations);
  return Float64Array.from({ length: orientations + 1 }, (_, i) => Math.fround(width * i));
}

/**
 * Sum of gradient magnitudes by cell and orientation (0 to 180 degrees), divided by the cell's pixels: what HOG is made of.
 *
 * @returns [cell rows, cell columns, orientations]
 */
export function hogCells(of: Picture, settings: HogSettings = HOG_DEFAULTS): Float64Array {
  const { orientations, pixelsPerCell } = settings;
  const cellRows = Math.floor(of.height / pixelsPerCell[0]);
  const cellColumns = Math.floor(of.width / pixelsPerCell[1]);
  const values = settings.squareRoot ? rootsOf(of.values) : of.values;
  const { alongRows, alongColumns } = gradientsOf(values, of);
  const histogram = new Float64Array(cellRows * cellColumns * orientations);
  const edges = binEdges(orientations);
  const scale = orientations / 180;
  const [rows, columns] = pixelsPerCell;
  const share = 1 / (rows * columns);
  for (let y = 0; y < cellRows * rows; y++) {
    const rowStart = Math.floor(y / rows) * cellColumns * orientations;
    for (let cell = 0, x = 0, i = y * of.width; cell < cellColumns; cell++) {
      const start = rowStart + cell * orientations;
      for (const end = x + columns; x < end; x++, i++) {
        const dy = alongRows[i]!;
        const dx = alongColumns[i]!;
        if (dx === 0 && dy === 0) continue;
        let angle = Math.atan2(dy, dx) * (180 / Math.PI);
        if (angle < 0) angle += 180;
        if (angle >= 180) angle -= 180;
        let bin = Math.min(orientations - 1, Math.floor(angle * scale));
        if (angle < edges[bin]!) bin--;
        else if (bin < orientations - 1 && angle >= edges[bin + 1]!) bin++;
        histogram[start + bin]! += Math.sqrt(dx * dx + dy * dy);
      }
    }
  }
  for (let i = 0; i < histogram.length; i++) histogram[i]! *= share;
  return histogram;
}

/** Throws PICTURE_VALUES when one is negative. */
function rootsOf(values: Float64Array): Float64Array {
  const roots = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < 0) {
      throw new HounsfieldError(
        'PICTURE_VALUES',
        `squareRoot was asked for and value ${i} is negative. Shift the values to 0 and above, or leave squareRoot out.`,
      );
    }
    roots[i] = Math.sqrt(values[i]!);
  }
  return roots;
}

const EPSILON = 1e-5;

function normaliseBlock(block: Float64Array, start: number, length: number, norm: HogSettings['norm']): void {
  const end = start + length;
  if (norm === 'L1' || norm === 'L1-sqrt') {
    let sum = 0;
    for (let i = start; i < end; i++) sum += block[i]!;
    const divisor = sum + EPSILON;
    for (let i = start; i < end; i++) block[i]! /= divisor;
    if (norm === 'L1-sqrt') for (let i = start; i < end; i++) block[i] = Math.sqrt(block[i]!);
    return;
  }
  divideByLength(block, start, end);
  if (norm === 'L2') return;
  for (let i = start; i < end; i++) if (block[i]! > 0.2) block[i] = 0.2;
  divideByLength(block, start, end);
}

function divideByLength(block: Float64Array, start: number, end: number): void {
  let squares = 0;
  for (let i = start; i < end; i++) squares += block[i]! * block[i]!;
  const divisor = Math.sqrt(squares + EPSILON * EPSILON);
  for (let i = start; i < end; i++) block[i]! /= divisor;
}

/**
 * Histograms of oriented gradients (Dalal and Triggs, CVPR 2005), with scikit-image's choices: no smoothing inside cells,
 * each pixel votes for one cell and one orientation, blocks one cell apart.
 *
 * @returns [block rows, block columns, cell rows, cell columns, orientations], 0 to 1
 * @throws PICTURE_TOO_SMALL, PICTURE_VALUES
 * @example hog(picture(values, 28, 28), { ...HOG_DEFAULTS, pixelsPerCell: [4, 4], cellsPerBlock: [2, 2] })
 */
export function hog(of: Picture, settings: HogSettings = HOG_DEFAULTS): Float64Array {
  const { orientations, cellsPerBlock, norm } = settings;
  const { cells, blocks, length } = hogShape(of.width, of.height, settings);
  const histogram = hogCells(of, settings);
  const out = new Float64Array(length);
  const blockLength = cellsPerBlock[0] * cellsPerBlock[1] * orientations;
  const rowLength = cellsPerBlock[1] * orientations;
  let at = 0;
  for (let by = 0; by < blocks[0]; by++) {
    for (let bx = 0; bx < blocks[1]; bx++) {
      const start = at;
      for (let cy = 0; cy < cellsPerBlock[0]; cy++) {
        const from = ((by + cy) * cells[1] + bx) * orientations;
        for (let k = 0; k < rowLength; k++, at++) out[at] = histogram[from + k]!;
      }
      normaliseBlock(out, start, blockLength, norm);
    }
  }
  return out;
}
