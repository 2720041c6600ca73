import { HounsfieldError } from '../../../../errors.ts';

/** A mask that keeps only the slices it touches. */
export type SliceMask = ReadonlyMap<number, Uint8Array>; // slice -> [H, W], 0 or 1

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

/**
 * Draws masks as labels. The first layer that has no voxel in common with a mask takes it, so labels that do not overlap
 * share one layer. Throws DICOM_OBJECT_TOO_LARGE.
 */
export function drawLayers(
  masks: Iterable<{ readonly value: number; readonly mask: SliceMask }>,
  highestValue: number,
  size: { readonly width: number; readonly height: number; readonly depth: number },
  limit: number = VOXEL_LIMIT,
): LabelLayers {
  const plane = size.width * size.height;
  const volume = plane * size.depth;
  const make = () => (highestValue > 255 ? new Uint16Array(volume) : new Uint8Array(volume));
  checkVoxels([size.depth, size.height, size.width], limit);
  const layers = [make()];
  const layerOf: number[] = [];
  for (const { value, mask } of masks) {
    let at = layers.findIndex((layer) => isFree(layer, mask, plane));
    if (at < 0) {
      checkVoxels([layers.length + 1, size.depth, size.height, size.width], limit);
      at = layers.push(make()) - 1;
    }
    draw(layers[at]!, mask, plane, value);
    layerOf.push(at);
  }
  if (layers.length === 1) return { pixels: layers[0]!, layers: 1, layerOf };
  const pixels =
    highestValue > 255 ? new Uint16Array(volume * layers.length) : new Uint8Array(volume * layers.length);
  layers.forEach((layer, i) => {
    pixels.set(layer, i * volume);
  });
  return { pixels, layers: layers.length, layerOf };
}

function isFree(layer: Uint8Array | Uint16Array, mask: SliceMask, plane: number): boolean {
  for (const [slice, values] of mask) {
    const start = slice * plane;
    for (let i = 0; i < plane; i++) if (values[i] === 1 && layer[start + i] !== 0) return false;
  }
  return true;
}

function draw(layer: Uint8Array | Uint16Array, mask: SliceMask, plane: number, value: number): void {
  for (const [slice, values] of mask) {
    const start = slice * plane;
    for (let i = 0; i < plane; i++) if (values[i] === 1) layer[start + i] = value;
  }
}
