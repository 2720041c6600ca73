import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import { gridOf, sameGrid, sizeText } from '../../geometry/grid.ts';
import { isLabelMap, type LabelMap, type MedicalImage, type PixelArray } from '../../image/medical-image.ts';
import { numbered } from '../morphology/label-transforms.ts';
import { imageOf, type Subject } from '../subject.ts';

/** The only volume of an image. Throws SEGMENTATION_VOLUME when it has several. */
export function onlyVolume(
  image: MedicalImage,
  what: string,
): { readonly values: PixelArray; readonly sides: Vector3 } {
  const { channels, timePoints, width, height, depth, pixels } = image;
  if (channels === 1 && timePoints === 1) return { values: pixels, sides: [width, height, depth] };
  throw new HounsfieldError(
    'SEGMENTATION_VOLUME',
    `${what} has ${channels} channels and ${timePoints} time points, where one volume is expected. Take one channel and ` +
      'one time point of it first.',
  );
}

/** Values of another image or label map of the subject on an image's grid. Throws SUBJECT_IMAGE, MASK_GRID_MISMATCH. */
export function valuesBeside(subject: Subject, name: string, image: MedicalImage): PixelArray {
  const other = imageOf(subject, name);
  const [own, its] = [gridOf(image), gridOf(other)];
  if (sameGrid(own, its)) return onlyVolume(other, `'${name}'`).values;
  throw new HounsfieldError(
    'MASK_GRID_MISMATCH',
    `'${name}' is ${sizeText(its.size)}, the image ${sizeText(own.size)}, or they lie in different places. Bring it to ` +
      'the image by resample-to-image first.',
  );
}

/** A label map of a subject, for what must be one. Throws MASK_NOT_LABELS. */
export function labelsNamed(subject: Subject, name: string): LabelMap {
  const map = imageOf(subject, name);
  if (isLabelMap(map)) return map;
  throw new HounsfieldError('MASK_NOT_LABELS', `'${name}' is an image, not a label map. Name a label map.`);
}

/** A map of numbered labels on an image's grid. */
export function numberedMap(image: MedicalImage, values: Int32Array, name: string): LabelMap {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > count) count = values[i]!;
  const { displayRange: _range, ...rest } = image;
  return { ...rest, channels: 1, timePoints: 1, ...numbered(values, count, name), unit: 'label' };
}

/** A map of one label on an image's grid. */
export function maskMap(image: MedicalImage, mask: Uint8Array, label: number, name: string): LabelMap {
  const pixels = label < 256 ? new Uint8Array(mask.length) : new Uint16Array(mask.length);
  for (let i = 0; i < mask.length; i++) pixels[i] = mask[i] ? label : 0;
  const { displayRange: _range, ...rest } = image;
  return {
    ...rest,
    pixels,
    bitDepth: 8 * pixels.BYTES_PER_ELEMENT,
    unit: 'label',
    labels: [{ value: label, name }],
  };
}

/** A map with the labels of another one. */
export function mapLike(image: MedicalImage, values: Int32Array, labels: LabelMap['labels']): LabelMap {
  const most = labels.reduce((greatest, { value }) => Math.max(greatest, value), 0);
  return { ...numberedMap(image, values, ''), ...narrow(values, most), labels };
}

function narrow(values: Int32Array, most: number): Pick<LabelMap, 'pixels' | 'bitDepth'> {
  const greatest = values.reduce((at, value) => Math.max(at, value), most);
  const pixels =
    greatest < 256 ? Uint8Array.from(values) : greatest < 65536 ? Uint16Array.from(values) : values;
  return { pixels, bitDepth: 8 * pixels.BYTES_PER_ELEMENT };
}

/** The subject with a result beside its images; the result's history is its image's and what was done. */
export function withResult(
  subject: Subject,
  into: string,
  result: MedicalImage,
  transform: string,
  parameters: object,
): Subject {
  const history = [...result.history, { transform, parameters: { ...parameters } }];
  return { ...subject, images: { ...subject.images, [into]: { ...result, history } } };
}
