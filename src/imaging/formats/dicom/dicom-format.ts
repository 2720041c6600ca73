import { HounsfieldError } from '../../../errors.ts';
import type { LabelMap, MedicalImage } from '../../image/medical-image.ts';

import { type ByteSource, bytesSource } from '../byte-source.ts';
import type { FileFormat, Opened, OpenOptions } from '../file-format.ts';
import { gunzip, isGzip } from '../gunzip.ts';
import type { DicomFile } from './dataset.ts';
import { describeDicom } from './describe-dicom.ts';
import { readParametricMap } from './objects/read-parametric-map.ts';
import { readSegmentation, segmentationLabels } from './objects/read-segmentation.ts';
import { readStructureSet } from './objects/read-structure-set.ts';
import { structureMask } from './objects/structure-mask.ts';
import { readWaveform } from './objects/waveform.ts';
import { optionalText } from './pixels/optional-values.ts';
import { readDicom } from './read-dicom.ts';
import { openDicomImage } from './series/open-dicom-image.ts';
import { uidName } from './uid-names.ts';
import { has } from './values.ts';

type Reader = (file: DicomFile, options: OpenOptions) => Promise<Opened>;

const STORAGE = '1.2.840.10008.5.1.4.1.1.';

/** SOP classes that are more than an image. */
const readers: Readonly<Record<string, Reader>> = {
  [`${STORAGE}66.4`]: segmentation,
  [`${STORAGE}66.7`]: segmentation,
  [`${STORAGE}30`]: async (file, options) => {
    const { image, warnings } = await readParametricMap(file, onGridOf(options));
    tell(warnings, options);
    return image;
  },
  [`${STORAGE}481.3`]: structures,
};

const onGridOf = ({ reference }: OpenOptions) => (reference ? { grid: reference } : {});

function tell(warnings: readonly string[], { onWarning }: OpenOptions): void {
  for (const warning of warnings) onWarning?.(warning);
}

async function segmentation(file: DicomFile, options: OpenOptions): Promise<LabelMap> {
  const read = await readSegmentation(file, onGridOf(options));
  tell(read.warnings, options);
  return segmentationLabels(read);
}

async function structures(file: DicomFile, options: OpenOptions): Promise<LabelMap> {
  const { rois, warnings } = readStructureSet(file.dataset);
  tell(warnings, options);
  const { reference } = options;
  if (reference) return structureMask(rois, reference);
  throw new HounsfieldError(
    'DICOM_REFERENCE_NEEDED',
    `${file.source.name} is an RT structure set: contours, which become a mask on the grid of an image. ` +
      'Give the image or series it was drawn on as the reference.',
  );
}

async function waveform(file: DicomFile, options: OpenOptions): Promise<Opened> {
  const { groups, warnings } = await readWaveform(file);
  tell(warnings, options);
  const { stack } = options;
  const group = groups[stack ?? 0];
  if (group && (groups.length === 1 || stack !== undefined)) return group.signal;
  const shown = groups.map(
    ({ label, signal }, i) => `${i} (${signal.channels.length} channels${label ? `, ${label}` : ''})`,
  );
  throw new HounsfieldError(
    'DICOM_WAVEFORM_SEVERAL',
    `${file.source.name} holds ${groups.length} recordings: ${shown.join(', ')}. Choose one by its number (stack).`,
  );
}

/**
 * What a DICOM object holds: an image, labels of a segmentation or structure set, a parametric map, a waveform.
 * Throws DICOM_NOT_AN_IMAGE for reports and other documents, DICOM_REFERENCE_NEEDED, DICOM_WAVEFORM_SEVERAL and what the
 * readers throw.
 */
export async function openDicom(file: DicomFile, options: OpenOptions = {}): Promise<Opened> {
  tell(file.warnings, options);
  const stated = optionalText(file.dataset, 'SOPClassUID');
  const uid = stated ?? optionalText(file.meta, 'MediaStorageSOPClassUID') ?? '';
  const reader = readers[uid] ?? (has(file.dataset, 'WaveformSequence') ? waveform : undefined);
  if (reader) return reader(file, options);
  if (has(file.dataset, 'Rows')) return image(file, options);
  throw new HounsfieldError(
    'DICOM_NOT_AN_IMAGE',
    `${file.source.name} holds no image: it is a DICOM object of ${uidName(uid) ?? 'a kind that is not known'}. ` +
      'hounsfield info shows what it says.',
  );
}

async function image(file: DicomFile, options: OpenOptions): Promise<MedicalImage> {
  return openDicomImage(file, {
    ...options.stacking,
    values: options.values === 'stored' ? 'stored' : 'modality',
    ...(options.frame === undefined ? {} : { frame: options.frame }),
    ...(options.stack === undefined ? {} : { stack: options.stack }),
    ...(options.suv ? { unit: options.suv } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onWarning ? { onWarning: options.onWarning } : {}),
  });
}

/** A gzipped file is unpacked into memory, up to so many bytes, or so many times its size: pixels pack no tighter. */
const MOST_UNPACKED = 2 ** 28;
const MOST_RATIO = 20;

async function unpacked(source: ByteSource): Promise<ByteSource> {
  if (!isGzip(await source.read(0, Math.min(source.size, 3)))) return source;
  const limit = Math.max(MOST_UNPACKED, source.size * MOST_RATIO);
  return bytesSource(await gunzip(source, limit), source.name);
}

/** DICOM (PS3.10), gzipped or not, with or without preamble and meta group. */
export const DICOM: FileFormat = {
  name: 'DICOM',
  extensions: ['.dcm', '.dicom', '.ima'],
  matches: (head) => String.fromCharCode(...head.subarray(128, 132)) === 'DICM',
  read: async (source, options) => openDicom(await readDicom(await unpacked(source)), options),
  describe: async (source, options) => describeDicom(await readDicom(await unpacked(source)), options),
};

/** Group 0002 or 0008 at the very start, as files without a preamble have it. */
export const BARE_DICOM: FileFormat = {
  ...DICOM,
  matches: (head) => {
    if (head.length < 8) return false;
    const [a, b, c, d] = head as unknown as [number, number, number, number]; // eight bytes at least
    if (String.fromCharCode(a, b, c, d) === 'DICM') return true;
    const little = (a === 2 || a === 8) && b === 0 && d === 0;
    const big = a === 0 && (b === 2 || b === 8) && c === 0;
    const vr = /^[A-Z]{2}$/.test(String.fromCharCode(head[4]!, head[5]!));
    // An implicit length fits the file's first elements: two or three digits at most.
    return (little && (vr || (head[6] === 0 && head[7] === 0))) || (big && vr);
  },
};
