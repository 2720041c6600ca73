import type { Session } from '../../engine/runtime/session.ts';
import { elementCount, type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import type { Halo } from './receptive-field.ts';

export interface TilingOptions {
  /** Sizes of a tile's result, axis by axis; see tileWithin. */
  readonly tile: readonly number[];
  /** What the graph sees around a voxel: receptiveField(graph). */
  readonly halo: Halo;
  /** 'labels' keeps the index of the largest channel (uint8), and only one tile's logits in memory. */
  readonly result?: 'values' | 'labels';
  readonly onTile?: (done: number, of: number) => void;
}

/**
 * Runs a fully convolutional network tile by tile. Each tile is computed with the halo that its result depends on, cut
 * off at the volume's border where the network itself pads, so that the result is that of one run on the whole volume.
 *
 * @param session one input [N, C, ...] and one output [N, F, ...] of free sizes
 * @param volume float32 [N, C, ...]
 * @returns float32 [N, F, ...], or uint8 [N, 1, ...] for labels
 * @throws INFERENCE_TILE where tile or halo do not fit the volume, or the network's result is not of the tile's size
 */
export async function runFullyConvolutional(
  session: Session,
  volume: Tensor<'float32'>,
  { tile, halo, result = 'values', onTile }: TilingOptions,
): Promise<Tensor<'float32'> | Tensor<'uint8'>> {
  const [batch, channels, ...sizes] = volume.dims;
  const lists = [tile, halo.before, halo.after];
  const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  if (lists.some((list) => list.length !== sizes.length || !list.every(isWhole)) || tile.includes(0)) {
    throw new HounsfieldError(
      'INFERENCE_TILE',
      `tile [${tile.join(', ')}] and halo do not have a whole number for each of the ${sizes.length} axes of the volume. Take them from tileWithin and receptiveField.`,
    );
  }
  const boxes = tilesOf(sizes, tile);
  const input = session.inputNames[0]!;
  const output = session.outputNames[0]!;
  let whole: Float32Array | Uint8Array | undefined;
  let depth = 1;
  for (const [i, { start, size }] of boxes.entries()) {
    const from = start.map((at, axis) => Math.max(0, at - halo.before[axis]!));
    const to = start.map((at, axis) => Math.min(sizes[axis]!, at + size[axis]! + halo.after[axis]!));
    const extent = to.map((end, axis) => end - from[axis]!);
    const part = new Float32Array(batch! * channels! * elementCount(extent));
    copyBox(
      volume.data,
      sizes,
      from,
      part,
      extent,
      extent.map(() => 0),
      extent,
      batch! * channels!,
    );
    const fed = tensor('float32', [batch!, channels!, ...extent], part);
    const found = (await session.run({ [input]: fed }, {}, [output]))[output]!;
    const values = checked(found, [batch!, ...extent]);
    const filters = found.dims[1]!;
    const labels = result === 'labels' ? largest(values, batch!, filters) : undefined;
    depth = labels ? 1 : filters;
    whole ??= new (labels ? Uint8Array : Float32Array)(batch! * depth * elementCount(sizes));
    const inside = start.map((at, axis) => at - from[axis]!);
    copyBox(labels ?? values, extent, inside, whole, sizes, start, size, batch! * depth);
    onTile?.(i + 1, boxes.length);
  }
  const dims = [batch!, depth, ...sizes];
  return whole instanceof Uint8Array
    ? tensor('uint8', dims, whole)
    : tensor('float32', dims, whole ?? new Float32Array(0));
}

function checked({ dtype, dims, data }: Tensor, [batch, ...extent]: readonly number[]): Float32Array {
  const [n, filters, ...found] = dims;
  if (dtype === 'float32' && n === batch && filters && `${found}` === `${extent}`)
    return data as Float32Array; // by its dtype
  throw new HounsfieldError(
    'INFERENCE_TILE',
    `the network answers ${dtype} [${dims.join(', ')}] to a tile of [${extent.join(', ')}]; a result of the same size is needed. Run the model on the whole volume.`,
  );
}

interface Box {
  readonly start: readonly number[];
  readonly size: readonly number[];
}

function tilesOf(sizes: readonly number[], tile: readonly number[]): readonly Box[] {
  let boxes: readonly Box[] = [{ start: [], size: [] }];
  sizes.forEach((size, axis) => {
    const starts = Array.from({ length: Math.ceil(size / tile[axis]!) }, (_, i) => i * tile[axis]!);
    boxes = boxes.flatMap((box) =>
      starts.map((at) => ({
        start: [...box.start, at],
        size: [...box.size, Math.min(tile[axis]!, size - at)],
      })),
    );
  });
  return boxes;
}

/** Copies a box of `planes` arrays of the same shape from one place to another. */
function copyBox(
  source: Float32Array | Uint8Array,
  sourceSizes: readonly number[],
  sourceStart: readonly number[],
  target: Float32Array | Uint8Array,
  targetSizes: readonly number[],
  targetStart: readonly number[],
  size: readonly number[],
  planes: number,
): void {
  const last = size.length - 1;
  const length = size[last]!;
  const rows = elementCount(size.slice(0, last));
  const [sourcePlane, targetPlane] = [elementCount(sourceSizes), elementCount(targetSizes)];
  const index = size.map(() => 0);
  for (let row = 0; row < rows; row++) {
    let [from, to] = [0, 0];
    for (let axis = 0; axis <= last; axis++) {
      from = from * sourceSizes[axis]! + sourceStart[axis]! + index[axis]!;
      to = to * targetSizes[axis]! + targetStart[axis]! + index[axis]!;
    }
    for (let plane = 0; plane < planes; plane++) {
      const begin = plane * sourcePlane + from;
      target.set(source.subarray(begin, begin + length), plane * targetPlane + to);
    }
    for (let axis = last - 1; axis >= 0 && ++index[axis]! >= size[axis]!; axis--) index[axis] = 0;
  }
}

/** The index of the largest of `filters` channels; the first of equals. */
function largest(values: Float32Array, batch: number, filters: number): Uint8Array {
  if (filters > 256) {
    throw new HounsfieldError(
      'INFERENCE_TILE',
      `${filters} classes do not fit labels of 8 bits. Ask for 'values'.`,
    );
  }
  const places = values.length / batch / filters;
  const labels = new Uint8Array(batch * places);
  for (let n = 0; n < batch; n++) {
    const best = values.slice(n * filters * places, (n * filters + 1) * places);
    for (let filter = 1; filter < filters; filter++) {
      const offset = (n * filters + filter) * places;
      for (let i = 0; i < places; i++) {
        const value = values[offset + i]!;
        if (value > best[i]!) {
          best[i] = value;
          labels[n * places + i] = filter;
        }
      }
    }
  }
  return labels;
}

/**
 * The fewest tiles whose inputs, halo included, have at most `voxels` voxels; the longest side is cut first.
 *
 * @param voxels how many a run may have: memory is up to about 6 times voxels * channels of the widest layer * 4 bytes
 * @throws INFERENCE_TILE where even a tile of one voxel has more
 */
export function tileWithin(sizes: readonly number[], halo: Halo, voxels: number): readonly number[] {
  const pieces = sizes.map(() => 1);
  const tile = () => sizes.map((size, axis) => Math.ceil(size / pieces[axis]!));
  // The first tile has no halo before it, the last none after it.
  const read = () =>
    elementCount(
      tile().map((size, axis) => {
        const [before, after] = [halo.before[axis]!, halo.after[axis]!];
        const around = pieces[axis]! > 2 ? before + after : pieces[axis] === 2 ? Math.max(before, after) : 0;
        return Math.min(sizes[axis]!, size + around);
      }),
    );
  while (read() > voxels) {
    const now = tile();
    const axis = now.indexOf(Math.max(...now));
    if (now[axis]! <= 1) {
      throw new HounsfieldError(
        'INFERENCE_TILE',
        `the halo alone has ${read()} voxels, ${voxels} are allowed. Allow more.`,
      );
    }
    pieces[axis]!++;
  }
  return tile();
}
