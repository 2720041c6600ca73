import { HounsfieldError } from '../../errors.ts';
import { applyAffine, composeAffines, invertAffine } from '../geometry/geometry.ts';
import type { LabelMap, MedicalImage } from '../image/medical-image.ts';
import { textWidth } from './glyphs.ts';
import { blend, type Colour, label, type Picture, picture, toImage } from './picture.ts';
import { type Plane, type PlaneName, planeOf, sliceOf, voxelOnPlane } from './plane.ts';

export interface ViewOptions {
  /** Values shown as black and as white. Left out: the image's displayRange, or the 0.5th and 99.5th percentile of the slices shown. */
  readonly range?: readonly [low: number, high: number];
  /** Voxel (x, y, z) whose three planes are shown; left out: the middle, or the middle of the overlay. */
  readonly at?: readonly [number, number, number];
  readonly timePoint?: number;
  /** Labels drawn over the image: filled faintly, outlined clearly. On any grid that shares the image's world. */
  readonly overlay?: LabelMap;
  /** Opacity of the filling, 0..1; default 0.3. */
  readonly opacity?: number;
  /** Height of the picture, pixels, 64..4096; default 512. */
  readonly height?: number;
}

/** Colours of labels that bring none: told apart by people who see red and green alike (Okabe and Ito, 2008). */
const LABEL_COLOURS: readonly Colour[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
];

const GAP = 4;

interface Panel {
  readonly plane: Plane;
  readonly slice: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Axial, coronal and sagittal planes side by side, in true proportions, patient's left at the right, head and front up; a
 * two-dimensional image alone. Three channels are taken as red, green and blue. Returns 8-bit colour [3, H, W].
 * Throws OVERLAY_PLACE_UNKNOWN, SLICE_OUTSIDE, VIEW_SIZE.
 */
export function viewPlanes(image: MedicalImage, options: ViewOptions = {}): MedicalImage {
  const height = options.height ?? 512;
  if (!Number.isInteger(height) || height < 64 || height > 4096) {
    const message = `a picture ${height} pixels high was asked for. Choose a whole number from 64 to 4096.`;
    throw new HounsfieldError('VIEW_SIZE', message);
  }
  const overlay = options.overlay && overlayOn(image, options.overlay);
  const names: readonly PlaneName[] = image.depth > 1 ? ['axial', 'coronal', 'sagittal'] : ['axial'];
  const at =
    options.at ?? overlay?.middle ?? [image.width, image.height, image.depth].map((n) => Math.floor(n / 2));
  const planes = names.map((name) => planeOf(image, name));
  const tallest = Math.max(...planes.map((plane) => plane.rows * plane.rowMm));
  const scale = height / tallest;
  const panels = planes.map((plane) => ({
    plane,
    slice: at[plane.through]!,
    width: Math.max(1, Math.min(8192, Math.round(plane.columns * plane.columnMm * scale))),
    height: Math.max(1, Math.round(plane.rows * plane.rowMm * scale)),
  }));
  const values = panels.map((panel) => channelsOf(image, panel, options.timePoint ?? 0));
  const range = options.range ?? image.displayRange ?? shownRange(image, values.flat());
  const drawn = picture(
    panels.reduce((sum, panel) => sum + panel.width + GAP, -GAP),
    height,
  );
  let left = 0;
  panels.forEach((panel, i) => {
    const top = Math.floor((height - panel.height) / 2);
    drawSlice(drawn, panel, values[i]!, range, left, top);
    if (overlay) drawOverlay(drawn, panel, overlay.labelAt, options.opacity ?? 0.3, left, top);
    drawLetters(drawn, panel, left, top);
    left += panel.width + GAP;
  });
  return toImage(drawn);
}

function channelsOf(image: MedicalImage, panel: Panel, timePoint: number): Float32Array[] {
  const channels = image.channels === 3 ? [0, 1, 2] : [0];
  return channels.map((channel) => sliceOf(image, panel.plane, panel.slice, channel, timePoint));
}

/** Values at 0.5 and 99.5 per cent of what is finite; colour of 8 bits is shown as it is. */
function shownRange(image: MedicalImage, slices: readonly Float32Array[]): readonly [number, number] {
  if (image.channels === 3 && image.bitDepth === 8) return [0, 255];
  const finite = slices.map((slice) => slice.filter(Number.isFinite));
  const all = new Float32Array(finite.reduce((sum, slice) => sum + slice.length, 0));
  let at = 0;
  for (const slice of finite) {
    all.set(slice, at);
    at += slice.length;
  }
  if (all.length === 0) return [0, 1];
  all.sort();
  const low = all[Math.floor(0.005 * (all.length - 1))]!;
  const high = all[Math.ceil(0.995 * (all.length - 1))]!;
  return high > low ? [low, high] : [low, Math.max(all.at(-1)!, low + 1)];
}

function drawSlice(
  target: Picture,
  panel: Panel,
  channels: readonly Float32Array[],
  [low, high]: readonly [number, number],
  left: number,
  top: number,
): void {
  const { rows, columns } = panel.plane;
  const gain = 255 / (high - low || 1);
  // A value that is not finite has no neighbourhood to be mixed into: it is shown as black.
  const shown = channels.map((slice) => slice.map((value) => (Number.isFinite(value) ? value : low)));
  const plane = target.width * target.height;
  for (let y = 0; y < panel.height; y++) {
    const row = clamp(((y + 0.5) * rows) / panel.height - 0.5, rows - 1);
    const [r0, r1, fy] = neighbours(row, rows);
    for (let x = 0; x < panel.width; x++) {
      const column = clamp(((x + 0.5) * columns) / panel.width - 0.5, columns - 1);
      const [c0, c1, fx] = neighbours(column, columns);
      const place = (top + y) * target.width + left + x;
      for (let c = 0; c < 3; c++) {
        const slice = shown[c] ?? shown[0]!;
        const upper = slice[r0 * columns + c0]! * (1 - fx) + slice[r0 * columns + c1]! * fx;
        const lower = slice[r1 * columns + c0]! * (1 - fx) + slice[r1 * columns + c1]! * fx;
        const grey = (upper * (1 - fy) + lower * fy - low) * gain;
        target.pixels[c * plane + place] = grey > 255 ? 255 : grey > 0 ? Math.round(grey) : 0;
      }
    }
  }
}

const clamp = (value: number, high: number): number => Math.min(Math.max(value, 0), high);

function neighbours(at: number, count: number): [first: number, second: number, fraction: number] {
  const first = Math.floor(at);
  return [first, Math.min(first + 1, count - 1), at - first];
}

type LabelAt = (x: number, y: number, z: number) => Colour | undefined;

/** Colour of the overlay at a voxel of the image, and the middle of what it marks. */
function overlayOn(
  image: MedicalImage,
  overlay: LabelMap,
): { labelAt: LabelAt; middle: readonly number[] | undefined } {
  const sameSides =
    overlay.width === image.width && overlay.height === image.height && overlay.depth === image.depth;
  const { geometry: from } = image;
  const { geometry: to } = overlay;
  if ((!from || !to) && !sameSides) {
    throw new HounsfieldError(
      'OVERLAY_PLACE_UNKNOWN',
      `the overlay is ${overlay.width} x ${overlay.height} x ${overlay.depth} voxels, the image ${image.width} x ` +
        `${image.height} x ${image.depth}, and one of them does not say where it lies. Use an overlay on the image's ` +
        'own grid, or files that carry their geometry.',
    );
  }
  const colours = new Map(overlay.labels.map((one) => [`${one.channel ?? 0}/${one.value}`, one.colour]));
  const colourOf = (channel: number, value: number): Colour =>
    colours.get(`${channel}/${value}`) ??
    LABEL_COLOURS[(Math.abs(value - 1) + channel) % LABEL_COLOURS.length]!;
  const size = overlay.width * overlay.height * overlay.depth;
  const lookUp: LabelAt = (x, y, z) => {
    if (x < 0 || y < 0 || z < 0 || x >= overlay.width || y >= overlay.height || z >= overlay.depth)
      return undefined;
    for (let channel = overlay.channels - 1; channel >= 0; channel--) {
      const value = overlay.pixels[channel * size + (z * overlay.height + y) * overlay.width + x]!;
      if (value !== 0) return colourOf(channel, value);
    }
    return undefined;
  };
  const toOverlay = from && to ? composeAffines(invertAffine(to.affine), from.affine) : undefined;
  const labelAt: LabelAt = toOverlay
    ? (x, y, z) => {
        const [i, j, k] = applyAffine(toOverlay, [x, y, z]);
        return lookUp(Math.round(i), Math.round(j), Math.round(k));
      }
    : lookUp;
  const marked = middleOf(overlay);
  if (!marked) return { labelAt, middle: undefined };
  const [x, y, z] = marked;
  const inImage = toOverlay ? applyAffine(invertAffine(toOverlay), [x, y, z]) : [x, y, z];
  const sides = [image.width, image.height, image.depth];
  return { labelAt, middle: inImage.map((at, axis) => clamp(Math.round(at), sides[axis]! - 1)) };
}

/** The slice of each axis that holds most labelled voxels: a centre of mass may lie outside of what it is the centre of. */
function middleOf(overlay: LabelMap): [number, number, number] | undefined {
  const { width, height, depth, pixels } = overlay;
  const counts = [new Float64Array(width), new Float64Array(height), new Float64Array(depth)] as const;
  let any = false;
  for (let i = 0; i < pixels.length; i++) {
    if (pixels[i] === 0) continue;
    any = true;
    const inLayer = i % (width * height * depth);
    counts[0][inLayer % width]!++;
    counts[1][Math.floor(inLayer / width) % height]!++;
    counts[2][Math.floor(inLayer / (width * height))]!++;
  }
  const most = (count: Float64Array) => count.indexOf(count.reduce((a, b) => Math.max(a, b), 0));
  return any ? [most(counts[0]), most(counts[1]), most(counts[2])] : undefined;
}

function drawOverlay(
  target: Picture,
  panel: Panel,
  labelAt: LabelAt,
  opacity: number,
  left: number,
  top: number,
): void {
  const { plane, slice, width, height } = panel;
  const found: (Colour | undefined)[] = new Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const column = ((x + 0.5) * plane.columns) / width - 0.5;
      const row = ((y + 0.5) * plane.rows) / height - 0.5;
      found[y * width + x] = labelAt(...nearest(voxelOnPlane(plane, column, row, slice)));
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const own = found[y * width + x];
      if (!own) continue;
      const inner =
        (x === 0 || found[y * width + x - 1] === own) &&
        (x === width - 1 || found[y * width + x + 1] === own) &&
        (y === 0 || found[(y - 1) * width + x] === own) &&
        (y === height - 1 || found[(y + 1) * width + x] === own);
      blend(target, left + x, top + y, own, inner ? opacity : 1);
    }
  }
}

const nearest = ([x, y, z]: [number, number, number]): [number, number, number] => [
  Math.round(x),
  Math.round(y),
  Math.round(z),
];

function drawLetters(target: Picture, panel: Panel, left: number, top: number): void {
  const { letters } = panel.plane;
  if (!letters || panel.width < 60 || panel.height < 60) return;
  const scale = target.height >= 384 ? 2 : 1;
  const [across, down] = [textWidth('L', scale), 7 * scale];
  const middle = [
    left + Math.floor((panel.width - across) / 2),
    top + Math.floor((panel.height - down) / 2),
  ] as const;
  label(target, letters.left, left + 4, middle[1], scale);
  label(target, letters.right, left + panel.width - across - 4, middle[1], scale);
  label(target, letters.top, middle[0], top + 4, scale);
  label(target, letters.bottom, middle[0], top + panel.height - down - 4, scale);
}
