import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import type { Connectivity } from '../connected-components.ts';
import {
  type Framed,
  framed,
  framedSteps,
  intoFrame,
  neighbourOffsets,
  outOfFrame,
} from '../morphology/neighbours.ts';
import { orderedValues } from '../morphology/ordered-values.ts';
import { requireFinite, requireVolume } from '../morphology/volume-sides.ts';
import {
  AGES,
  floodHeap,
  type KeyedHeap,
  keyedHeap,
  popFlood,
  popKey,
  pushFlood,
  pushKey,
} from './flood-heap.ts';

export interface WatershedOptions {
  /** Only what is not 0 is flooded; everything where absent. [D, H, W] */
  readonly mask?: ArrayLike<number>;
  /** Default 6. */
  readonly connectivity?: Connectivity;
  /** Above 0: this much is added to the height for each voxel from the marker, which makes basins rounder. Default 0. */
  readonly compactness?: number;
  /** True leaves a line of 0 between basins. Default false. */
  readonly line?: boolean;
}

/**
 * Floods an image from markers: each voxel becomes the label whose water reaches it first (Soille and Ansoult, "Automated
 * basin delineation from digital elevation models using mathematical morphology", Signal Processing 1990; compact: Neubert
 * and Protzel, "Compact watershed and preemptive SLIC", ICPR 2014). Among voxels of one height what was reached first comes
 * first.
 *
 * @param heights [D, H, W]
 * @param markers [D, H, W], whole numbers, 0 where there is none
 * @param options.line is not drawn by a compact one
 * @throws WATERSHED_MARKERS when no marker lies in the mask, IMAGE_SHAPE, INTENSITY_NOT_FINITE
 */
export function watershed(
  heights: PixelArray,
  markers: ArrayLike<number>,
  sides: Vector3,
  { mask, connectivity = 6, compactness = 0, line = false }: WatershedOptions = {},
): Int32Array {
  requireVolume(heights, sides, 'watershed, image');
  requireVolume(markers, sides, 'watershed, markers');
  if (mask) requireVolume(mask, sides, 'watershed, mask');
  requireFinite(heights, 'watershed');
  const frame = framed(sides);
  const labels = new Int32Array(markers.length);
  let marked = 0;
  for (let i = 0; i < labels.length; i++) {
    labels[i] = mask && !mask[i] ? 0 : markers[i]!;
    if (labels[i] !== 0) marked++;
  }
  if (marked === 0) {
    throw new HounsfieldError(
      'WATERSHED_MARKERS',
      'no marker lies in the image or in its mask, and nothing can be flooded. Pass markers with at least one value ' +
        'that is not 0 inside the mask.',
    );
  }
  const out = new Int32Array(frame.length);
  const open = new Uint8Array(frame.length);
  intoFrame(labels, out, frame, sides);
  intoFrame(
    mask ? Uint8Array.from(mask, (value) => (value ? 1 : 0)) : new Uint8Array(labels.length).fill(1),
    open,
    frame,
    sides,
  );
  const offsets = neighbourOffsets(connectivity, sides[2]);
  const steps = framedSteps(offsets, frame);
  if (compactness > 0) {
    const levels = new Float64Array(frame.length);
    intoFrame(heights, levels, frame, sides);
    floodCompact(levels, out, open, offsets, frame, compactness);
  } else {
    const levels = new Int32Array(frame.length);
    intoFrame(levelsOf(heights), levels, frame, sides);
    if (line) floodWithLine(levels, out, open, steps);
    else flood(levels, out, open, steps);
  }
  outOfFrame(out, labels, frame, sides);
  return labels;
}

/**
 * Heights as whole numbers from 0 of the same order, few enough that one number holds them and an age. Values of a wide
 * range become their ranks.
 */
function levelsOf(heights: PixelArray): Int32Array {
  const { values } = orderedValues(heights);
  let [low, high] = [2147483647, -2147483648];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const levels = new Int32Array(values);
  if (high - low < 1 << 21) {
    for (let i = 0; i < levels.length; i++) levels[i]! -= low;
    return levels;
  }
  const sorted = levels.slice().sort();
  let count = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i]!;
  }
  for (let i = 0; i < levels.length; i++) levels[i] = placeIn(sorted, count, levels[i]!);
  return levels;
}

function placeIn(sorted: Int32Array, count: number, value: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A voxel gets its label when it is reached: it cannot be reached lower later. */
function flood(levels: Int32Array, out: Int32Array, open: Uint8Array, steps: Int32Array): void {
  const heap = keyedHeap();
  for (let i = 0; i < out.length; i++) {
    if (out[i] === 0) continue;
    pushKey(heap, levels[i]! * AGES, i);
    open[i] = 0;
  }
  let age = 1;
  while (heap.count > 0) {
    const voxel = heap.items[0]!;
    const value = Math.floor(heap.keys[0]! / AGES);
    popKey(heap);
    age = spread(heap, levels, out, open, steps, voxel, value, age);
  }
}

function spread(
  heap: KeyedHeap,
  levels: Int32Array,
  out: Int32Array,
  open: Uint8Array,
  steps: Int32Array,
  voxel: number,
  value: number,
  before: number,
): number {
  let age = before;
  const label = out[voxel]!;
  for (let k = 0; k < steps.length; k++) {
    const next = voxel + steps[k]!;
    if (open[next] === 0) continue;
    open[next] = 0;
    out[next] = label;
    age++;
    pushKey(heap, Math.max(levels[next]!, value) * AGES + age, next);
  }
  return age;
}

/** A voxel gets its label when its turn comes, unless it has neighbours of two labels by then. */
function floodWithLine(levels: Int32Array, out: Int32Array, open: Uint8Array, steps: Int32Array): void {
  const heap = keyedHeap();
  const reached = new Int32Array(levels.length).fill(2147483647);
  const entries: Entries = { voxel: new Int32Array(4096), source: new Int32Array(4096), count: 0 };
  for (let i = 0; i < out.length; i++) {
    if (out[i] !== 0) pushKey(heap, levels[i]! * AGES, addEntry(entries, i, i));
  }
  let age = 1;
  while (heap.count > 0) {
    const entry = heap.items[0]!;
    const value = Math.floor(heap.keys[0]! / AGES);
    popKey(heap);
    const voxel = entries.voxel[entry]!;
    const source = entries.source[entry]!;
    // what already is a line has asked its neighbours, with a lower age: again would change nothing and take long
    if (open[voxel] === 0 || (out[voxel] !== 0 && voxel !== source)) continue;
    const label = out[source]!;
    if (!besideAnother(out, open, steps, voxel, label)) out[voxel] = label;
    else open[voxel] = 0;
    for (let k = 0; k < steps.length; k++) {
      const next = voxel + steps[k]!;
      if (open[next] === 0 || out[next] !== 0) continue;
      const raised = Math.max(levels[next]!, value);
      if (raised >= reached[next]!) continue; // its turn would come after one that is there
      reached[next] = raised;
      age++;
      pushKey(heap, raised * AGES + age, addEntry(entries, next, source));
    }
  }
}

function besideAnother(
  out: Int32Array,
  open: Uint8Array,
  steps: Int32Array,
  voxel: number,
  label: number,
): boolean {
  for (let k = 0; k < steps.length; k++) {
    const next = voxel + steps[k]!;
    if (open[next] === 1 && out[next] !== 0 && out[next] !== label) return true;
  }
  return false;
}

/** The height grows with the distance from the marker, so that a voxel may be reached lower later. */
function floodCompact(
  levels: Float64Array,
  out: Int32Array,
  open: Uint8Array,
  offsets: readonly Vector3[],
  frame: Framed,
  compactness: number,
): void {
  const steps = framedSteps(offsets, frame);
  const [dx, dy, dz] = [0, 1, 2].map((axis) => Int32Array.from(offsets, (offset) => offset[axis]!)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ]; // three axes
  const { width, plane } = frame;
  const reached = new Float64Array(levels.length).fill(Number.POSITIVE_INFINITY);
  const entries: Entries = { voxel: new Int32Array(4096), source: new Int32Array(4096), count: 0 };
  for (let i = 0; i < out.length; i++) if (out[i] !== 0) addEntry(entries, i, i);
  const heap = floodHeap(entries.count);
  for (let entry = 0; entry < heap.seeds; entry++) pushFlood(heap, levels[entries.voxel[entry]!]!, entry);
  while (heap.count > 0) {
    const entry = heap.entries[0]!;
    const value = heap.values[0]!;
    popFlood(heap);
    const voxel = entries.voxel[entry]!;
    const source = entries.source[entry]!;
    if (out[voxel] !== 0 && voxel !== source) continue;
    out[voxel] = out[source]!;
    // how far the voxel lies from its marker, along each axis
    const z = (voxel / plane) | 0;
    const y = ((voxel - z * plane) / width) | 0;
    const fromZ = (source / plane) | 0;
    const fromY = ((source - fromZ * plane) / width) | 0;
    const farX = voxel - z * plane - y * width - (source - fromZ * plane - fromY * width);
    for (let k = 0; k < steps.length; k++) {
      const next = voxel + steps[k]!;
      if (open[next] === 0 || out[next] !== 0) continue;
      const u = farX + dx[k]!;
      const v = y - fromY + dy[k]!;
      const w = z - fromZ + dz[k]!;
      const level = levels[next]! + compactness * Math.sqrt(u * u + v * v + w * w);
      const raised = Math.max(level, value);
      if (raised >= reached[next]!) continue; // its turn would come after one that is there
      reached[next] = raised;
      pushFlood(heap, raised, addEntry(entries, next, source));
    }
  }
}

/** What lies in the heap: a voxel may lie there several times, from several markers. */
interface Entries {
  voxel: Int32Array;
  source: Int32Array;
  count: number;
}

function addEntry(entries: Entries, voxel: number, source: number): number {
  if (entries.count === entries.voxel.length) {
    for (const key of ['voxel', 'source'] as const) {
      const next = new Int32Array(2 * entries.count);
      next.set(entries[key]);
      entries[key] = next;
    }
  }
  entries.voxel[entries.count] = voxel;
  entries.source[entries.count] = source;
  return entries.count++;
}
