import { stat } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import type { LoadOptions, PatientFinder } from '../dataset/load-options.ts';
import { patientFinder } from '../dataset/manifest.node.ts';
import type { RegionCases, RegionKind } from './cases.ts';
import { casesOfFolder } from './cases-folder.node.ts';
import { casesOfTable } from './cases-table.node.ts';

/** How radiomics data are read. */
export interface CaseOptions extends Pick<LoadOptions, 'classes' | 'patientPattern'> {
  readonly region: RegionKind;
  /** Whether every case must have a label. */
  readonly labels: 'needed' | 'optional';
}

/** Tables that a folder may be described by. */
export const TABLE_NAMES = ['manifest.csv', 'manifest.tsv', 'labels.csv', 'labels.tsv'];

/**
 * Finds images and their masks: a CSV or TSV with the columns image, mask (may be absent), label and, where wanted,
 * patient, site, split, mask_value, case and repeat; a folder with such a table in it; or a folder with a folder for each
 * class, masks beside the images (tumour1.nii.gz, tumour1_mask.nii.gz) or in folders images and masks of one structure.
 *
 * @throws DATA_MISSING, DATASET_FORM_UNKNOWN, MANIFEST_COLUMNS, MANIFEST_INVALID, MASK_MISSING, FILE_MISSING, LABEL_UNKNOWN, ONE_CLASS; all problems of one kind at once
 */
export async function readCases(location: string, options: CaseOptions): Promise<RegionCases> {
  const info = await stat(location).catch(() => undefined);
  if (!info) {
    throw new HounsfieldError('DATA_MISSING', `${location} does not exist. Check the path and its spelling.`);
  }
  const patientOf: PatientFinder = patientFinder(options.patientPattern);
  if (!info.isDirectory()) {
    if (/\.[ct]sv$/i.test(location)) return casesOfTable(location, options, patientOf);
    throw new HounsfieldError(
      'DATASET_FORM_UNKNOWN',
      `${location} is no data set of images with masks. Name a folder, or a .csv or .tsv with the columns image, mask and ` +
        'label (and patient, site, split where they are known).',
    );
  }
  for (const name of TABLE_NAMES) {
    const table = path.join(location, name);
    if (await stat(table).catch(() => undefined)) return casesOfTable(table, options, patientOf);
  }
  return casesOfFolder(location, options, patientOf);
}
