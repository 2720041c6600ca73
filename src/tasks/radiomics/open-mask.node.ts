import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import {
  readSegmentation,
  segmentationLabels,
} from '../../imaging/formats/dicom/objects/read-segmentation.ts';
import { readStructureSet } from '../../imaging/formats/dicom/objects/read-structure-set.ts';
import { structureMask } from '../../imaging/formats/dicom/objects/structure-mask.ts';
import { optionalText } from '../../imaging/formats/dicom/pixels/optional-values.ts';
import { readDicom } from '../../imaging/formats/dicom/read-dicom.ts';
import { fileSource } from '../../imaging/formats/file-source.node.ts';
import { fileFormatName, openImage } from '../../imaging/formats/open.node.ts';
import {
  isLabelMap,
  type LabelMap,
  type MedicalImage,
  medicalImage,
} from '../../imaging/image/medical-image.ts';
import { oneColour } from './one-channel.ts';

/** A mask, and which of its values is the region; absent: every value above 0. */
export interface OpenedMask {
  readonly mask: MedicalImage;
  readonly value?: number;
}

/**
 * Opens a mask for an image: an image of labels, a DICOM segmentation, or a structure set drawn on the image's grid.
 *
 * @param region a label's value, or the name of a label, segment or structure; absent: the only one there is
 * @throws MASK_LABEL_UNKNOWN, MASK_SEVERAL_LABELS, and what the format's reader throws
 */
export async function openMask(
  file: string,
  image: MedicalImage,
  region: number | string | undefined,
): Promise<OpenedMask> {
  const found = await dicomObject(file);
  if (found) return { mask: await onlyRegion(found, image, region), value: 1 };
  const opened = await openImage(file);
  const mask = isLabelMap(opened) ? opened : oneColour(opened);
  if (typeof region !== 'string') return { mask, ...(region === undefined ? {} : { value: region }) };
  const label = isLabelMap(mask) ? mask.labels.find(({ name }) => name === region) : undefined;
  if (label) return { mask, value: label.value };
  throw unknown(region, isLabelMap(mask) ? mask.labels.map(({ value }) => value) : []);
}

interface DicomMask {
  readonly kind: 'SEG' | 'RTSTRUCT';
  readonly path: string;
}

/** A segmentation or structure set, alone in a file or a folder. */
async function dicomObject(file: string): Promise<DicomMask | undefined> {
  const inside = (await stat(file)).isDirectory() ? await readdir(file) : undefined;
  if (inside && inside.length !== 1) return undefined;
  const one = inside ? path.join(file, inside[0]!) : file;
  if (!/dicom/i.test((await fileFormatName(one)) ?? '')) return undefined;
  const source = await fileSource(one);
  try {
    const { dataset } = await readDicom(source, { only: ['Modality'] });
    const kind = optionalText(dataset, 'Modality');
    return kind === 'SEG' || kind === 'RTSTRUCT' ? { kind, path: one } : undefined;
  } finally {
    await source.close();
  }
}

async function onlyRegion(
  { kind, path: file }: DicomMask,
  image: MedicalImage,
  region: number | string | undefined,
): Promise<MedicalImage> {
  const source = await fileSource(file);
  try {
    const dicom = await readDicom(source);
    if (kind === 'SEG') {
      const { width, height, depth, geometry } = image;
      const grid = geometry ? { grid: { width, height, depth, geometry } } : {};
      return chosen(segmentationLabels(await readSegmentation(dicom, grid)), region);
    }
    const drawn = readStructureSet(dicom.dataset).rois.filter(({ contours }) =>
      contours.some(({ kind: form }) => form.startsWith('CLOSED')),
    );
    const own = drawn.filter(
      ({ name, number }) => region === undefined || region === name || region === number,
    );
    const numbers = drawn.map(({ number }) => number);
    if (own.length === 0 && region !== undefined) throw unknown(region, numbers);
    if (own.length > 1) throw several(own.map(({ number }) => number));
    return chosen(structureMask(own, image), undefined);
  } finally {
    await source.close();
  }
}

/** A mask of 1 where one label is. */
function chosen(map: LabelMap, region: number | string | undefined): MedicalImage {
  const { labels, depth, height, width, geometry } = map;
  const own = labels.filter(({ name, value }) => region === undefined || region === name || region === value);
  if (own.length === 0) {
    throw unknown(
      region ?? 1,
      labels.map(({ value }) => value),
    );
  }
  if (own.length > 1) throw several(own.map(({ value }) => value));
  const [{ value, channel = 0 }] = own as [(typeof own)[number]]; // one, by now
  const plane = depth * height * width;
  const layer = map.pixels.subarray(channel * plane, (channel + 1) * plane);
  const pixels = Uint8Array.from(layer, (one) => (one === value ? 1 : 0));
  return medicalImage(pixels, { depth, height, width }, 8, 'label', geometry ? { geometry } : {});
}

// Names of regions may name a person: they are not repeated.
const listed = (numbers: readonly number[]): string =>
  numbers.slice(0, 12).join(', ') + (numbers.length > 12 ? ', …' : '');

const several = (numbers: readonly number[]): HounsfieldError =>
  new HounsfieldError(
    'MASK_SEVERAL_LABELS',
    `the mask holds ${numbers.length} regions (numbers ${listed(numbers)}). Name one in the column mask_value, by its number or its name.`,
  );

const unknown = (region: number | string, there: readonly number[]): HounsfieldError =>
  new HounsfieldError(
    'MASK_LABEL_UNKNOWN',
    `the mask has no region ${typeof region === 'string' ? `'${region}'` : region}${there.length > 0 ? ` (it has the numbers ${listed(there)})` : ' by that name'}. Correct the column mask_value.`,
  );
