import { HounsfieldError } from '../../../../errors.ts';

/** A mask as runs of pixels: by slice, pairs of a run's first index within the slice and the index after its last. */
export type SliceMask = ReadonlyMap<number, Uint32Array>;

/** The runs of ones in a slice of zeros and ones. */
export function runsOf(slice: Uint8Array): Uint32Array {
  const runs: number[] = [];
  for (let start = slice.indexOf(1); start >= 0; ) {
    const zero = slice.indexOf(0, start);
    const end = zero < 0 ? slice.length : zero;
    runs.push(start, end);
    start = slice.indexOf(1, end);
  }
  return Uint32Array.from(runs);
}

/** Labels drawn into as few layers as hold them without overlap, in the order given. */
export interface LabelLayers {
  readonly pixels: Uint8Array | Uint16Array; // [C, D, H, W]
  readonly layers: number;
  /** The layer of each label, in the order given. */
  readonly layerOf: readonly number[];
}

/** Most voxels that one result may have unless the caller says otherwise: 2^28, as many as 512 x 512 x 1024. */
export const VOXEL_LIMIT = 2 ** 28;

/** Throws DICOM_OBJECT_TOO_LARGE when the product of the sides is above the limit. */
export function checkVoxels(sides: readonly number[], limit: number = VOXEL_LIMIT): void {
  const voxels = sides.reduce((product, side) => product * side, 1);
  if (voxels <= limit) return;
  throw new HounsfieldError(
    'DICOM_OBJECT_TOO_LARGE',
    `${sides.join(' x ')} voxels would be made, above the limit of ${limit}. ` +
      'If the file is sound and memory is there, pass a larger maxVoxels; else map it onto a smaller grid.',
  );
}

/** Layers that labels are drawn into one after another. */
export interface LayerCanvas {
  /** Draws a mask into the first layer that has no voxel in common with it. Throws DICOM_OBJECT_TOO_LARGE. */
  readonly draw: (value: number, mask: SliceMask) => void;
  readonly finish: () => LabelLayers;
}

/** Empty layers of a size. Labels that do not overlap share one. Throws DICOM_OBJECT_TOO_LARGE. */
export function layerCanvas(
  highestValue: number,
  size: { readonly width: number; readonly height: number; readonly depth: number },
  limit: number = VOXEL_LIMIT,
): LayerCanvas {
  const plane = size.width * size.height;
  const volume = plane * size.depth;
  const make = (layers = 1) =>
    highestValue > 255 ? new Uint16Array(volume * layers) : new Uint8Array(volume * layers);
  checkVoxels([size.depth, size.height, size.width], limit);
  const layers = [make()];
  const layerOf: number[] = [];
  const draw = (value: number, mask: SliceMask): void => {
    let at = layers.findIndex((layer) => isFree(layer, mask, plane));
    if (at < 0) {
      checkVoxels([layers.length + 1, size.depth, size.height, size.width], limit);
      at = layers.push(make()) - 1;
    }
    fill(layers[at]!, mask, plane, value);
    layerOf.push(at);
  };
  const finish = (): LabelLayers => {
    if (layers.length === 1) return { pixels: layers[0]!, layers: 1, layerOf };
    const pixels = make(layers.length);
    layers.forEach((layer, i) => {
      pixels.set(layer, i * volume);
    });
    return { pixels, layers: layers.length, layerOf };
  };
  return { draw, finish };
}

function isFree(layer: Uint8Array | Uint16Array, mask: SliceMask, plane: number): boolean {
  for (const [slice, runs] of mask) {
    const start = slice * plane;
    for (let r = 0; r < runs.length; r += 2) {
      const end = start + runs[r + 1]!;
      for (let i = start + runs[r]!; i < end; i++) if (layer[i] !== 0) return false;
    }
  }
  return true;
}

function fill(layer: Uint8Array | Uint16Array, mask: SliceMask, plane: number, value: number): void {
  for (const [slice, runs] of mask) {
    const start = slice * plane;
    for (let r = 0; r < runs.length; r += 2) layer.fill(value, start + runs[r]!, start + runs[r + 1]!);
  }
}
