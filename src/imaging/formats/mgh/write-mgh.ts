import { HounsfieldError } from '../../../errors.ts';
import { type Affine, flipRasLps, spacingMm } from '../../geometry/geometry.ts';
import type { MedicalImage } from '../../image/medical-image.ts';
import { allocate, gzip } from '../gunzip.ts';
import { encodeValues, newArray, storedTypeOf } from '../stored-values.ts';

const CODES = { uint8: 0, int32: 1, float32: 3, int16: 4, uint16: 10 } as const;
const DATA_OFFSET = 284;

/**
 * FreeSurfer's MGH, or MGZ unless `compressed` is false. int8 is written as int16; time points become frames. Spacing,
 * directions and centre are float32. An image without geometry is written with its orientation flag off.
 * Throws VOLUME_WRITE for types that the format has none of (uint32, float64) and for several channels.
 */
export async function writeMgh(
  image: MedicalImage,
  options: { readonly compressed?: boolean } = {},
): Promise<Uint8Array> {
  const bytes = encodeMgh(image);
  return options.compressed === false ? bytes : gzip(bytes);
}

function encodeMgh(image: MedicalImage): Uint8Array {
  const given = storedTypeOf(image.pixels);
  const type = given === 'int8' ? 'int16' : given;
  if (!(type in CODES) || image.channels > 1) {
    throw new HounsfieldError(
      'VOLUME_WRITE',
      `MGH holds one channel of uint8, int16, uint16, int32 or float32; the image has ${image.channels} of ${given}. ` +
        'Convert its values, or write NIfTI.',
    );
  }
  let { pixels } = image;
  if (given === 'int8') {
    pixels = newArray('int16', image.pixels.length);
    pixels.set(image.pixels);
  }
  const bytes = allocate(DATA_OFFSET + pixels.byteLength + 20, 'the MGH file');
  const view = new DataView(bytes.buffer);
  const dims = [image.width, image.height, image.depth, image.timePoints];
  view.setInt32(0, 1);
  for (const [i, side] of dims.entries()) view.setInt32(4 + 4 * i, side);
  view.setInt32(20, CODES[type as keyof typeof CODES]); // checked above
  if (image.geometry) writeSpace(view, flipRasLps(image.geometry.affine), spacingMm(image.geometry), dims);
  bytes.set(encodeValues(pixels, false), DATA_OFFSET);
  view.setFloat32(DATA_OFFSET + pixels.byteLength, (image.timeStepS ?? 0) * 1000);
  return bytes;
}

function writeSpace(view: DataView, ras: Affine, sizes: readonly number[], dims: readonly number[]): void {
  view.setInt16(28, 1);
  for (let axis = 0; axis < 3; axis++) {
    view.setFloat32(30 + 4 * axis, sizes[axis]!);
    for (let r = 0; r < 3; r++) view.setFloat32(42 + 4 * (axis * 3 + r), ras[r * 4 + axis]! / sizes[axis]!);
  }
  for (let r = 0; r < 3; r++) {
    const half = [0, 1, 2].reduce((sum, axis) => sum + ras[r * 4 + axis]! * dims[axis]!, 0) / 2;
    view.setFloat32(78 + 4 * r, ras[r * 4 + 3]! + half);
  }
}
