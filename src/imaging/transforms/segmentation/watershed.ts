import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import type { Connectivity } from '../connected-components.ts';
import { framed, framedSteps, intoFrame, neighbourOffsets, outOfFrame } from '../morphology/neighbours.ts';
import { orderedValues } from '../morphology/ordered-values.ts';
import { requireFinite, requireVolume } from '../morphology/volume-sides.ts';
import { floodHeap, popFlood, pushFlood } from './flood-heap.ts';

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
  const steps = framedSteps(neighbourOffsets(connectivity, sides[2]), frame);
  if (compactness > 0) {
    const levels = new Float64Array(frame.length);
    intoFrame(heights, levels, frame, sides);
    floodCompact(levels, out, open, steps, frame, compactness);
  } else {
    const levels = new Int32Array(frame.length);
    intoFrame(orderedValues(heights).values, levels, frame, sides);
    if (line) floodWithLine(levels, out, open, steps);
    else flood(levels, out, open, steps);
  }
  outOfFrame(out, labels, frame, sides);
  return labels;
}

/** A voxel gets its label when it is reached: it cannot be reached lower later. */
function flood(levels: Int32Array, out: Int32Array, open: Uint8Array, steps: Int32Array): void {
  const heap = floodHeap(new Int32Array(4096));
  for (let i = 0; i < out.length; i++) {
    if (out[i] === 0) continue;
    pushFlood(heap, levels[i]!, 0, i);
    open[i] = 0;
  }
  let age = 1;
  while (heap.count > 0) {
    const voxel = heap.voxels[0]!;
    const value = heap.values[0]!;
    popFlood(heap);
    const label = out[voxel]!;
    for (let k = 0; k < steps.length; k++) {
      const next = voxel + steps[k]!;
      if (open[next] === 0) continue;
      open[next] = 0;
      out[next] = label;
      const level = levels[next]!;
      pushFlood(heap, Math.max(level, value), ++age, next);
    }
  }
}

/** A voxel gets its label when its turn comes, unless it has neighbours of two labels by then. */
function floodWithLine(levels: Int32Array, out: Int32Array, open: Uint8Array, steps: Int32Array): void {
  const heap = floodHeap(new Int32Array(4096));
  const sources = seeds(heap, out, (i) => levels[i]!);
  let age = 1;
  while (heap.count > 0) {
    const entry = heap.voxels[0]!;
    const value = heap.values[0]!;
    popFlood(heap);
    const voxel = sources.voxel[entry]!;
    const source = sources.source[entry]!;
    if (out[voxel] !== 0 && voxel !== source) continue;
    const label = out[source]!;
    if (open[voxel] === 1 && !besideAnother(out, open, steps, voxel, label)) out[voxel] = label;
    else open[voxel] = 0;
    for (let k = 0; k < steps.length; k++) {
      const next = voxel + steps[k]!;
      if (open[next] === 0 || out[next] !== 0) continue;
      const level = levels[next]!;
      pushFlood(heap, Math.max(level, value), ++age, addEntry(sources, next, source));
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
  steps: Int32Array,
  { width, plane }: { readonly width: number; readonly plane: number },
  compactness: number,
): void {
  const heap = floodHeap(new Float64Array(4096));
  const sources = seeds(heap, out, (i) => levels[i]!);
  let age = 1;
  while (heap.count > 0) {
    const entry = heap.voxels[0]!;
    const value = heap.values[0]!;
    popFlood(heap);
    const voxel = sources.voxel[entry]!;
    const source = sources.source[entry]!;
    if (out[voxel] !== 0 && voxel !== source) continue;
    out[voxel] = out[source]!;
    const sourceZ = Math.floor(source / plane);
    const sourceY = Math.floor((source - sourceZ * plane) / width);
    const sourceX = source - sourceZ * plane - sourceY * width;
    for (let k = 0; k < steps.length; k++) {
      const next = voxel + steps[k]!;
      if (open[next] === 0 || out[next] !== 0) continue;
      const z = Math.floor(next / plane);
      const y = Math.floor((next - z * plane) / width);
      const [dx, dy, dz] = [next - z * plane - y * width - sourceX, y - sourceY, z - sourceZ];
      const level = levels[next]! + compactness * Math.sqrt(dx * dx + dy * dy + dz * dz);
      pushFlood(heap, Math.max(level, value), ++age, addEntry(sources, next, source));
    }
  }
}

/** What lies in the heap: a voxel may lie there several times, from several markers. */
interface Entries {
  voxel: Int32Array;
  source: Int32Array;
  count: number;
}

function seeds(
  heap: ReturnType<typeof floodHeap>,
  out: Int32Array,
  level: (voxel: number) => number,
): Entries {
  const entries: Entries = { voxel: new Int32Array(4096), source: new Int32Array(4096), count: 0 };
  for (let i = 0; i < out.length; i++) {
    if (out[i] !== 0) pushFlood(heap, level(i), 0, addEntry(entries, i, i));
  }
  return entries;
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
