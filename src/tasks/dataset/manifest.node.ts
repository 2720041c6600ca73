import { stat } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import type { Dataset } from './dataset.ts';
import { loadFolder } from './folder-manifest.node.ts';
import type { LoadOptions, PatientFinder } from './load-options.ts';
import { loadNpz } from './npz-manifest.node.ts';
import { loadTable } from './table-manifest.node.ts';

/** A folder that holds one of these is read by it. */
const MANIFEST_NAMES = ['manifest.csv', 'manifest.tsv'];

/**
 * Finds what a data set holds, without decoding images: a folder with a folder per class (optionally train/val/test
 * above), a folder with manifest.csv, a CSV or TSV (`image,label[,patient][,site][,split]`,
 * or `grade`, `value`, `label:<name>` columns instead of label), or a MedMNIST .npz.
 * Throws DATA_MISSING, DATASET_FORM_UNKNOWN, ONE_CLASS, FILE_MISSING, LABEL_UNKNOWN, MANIFEST_INVALID,
 * TARGET_AMBIGUOUS, TARGET_MISSING, GRADE_ORDER, VALUE_CONSTANT, NPZ_UNREADABLE, NPY_UNREADABLE; all problems of one kind at once.
 */
export async function loadDataset(location: string, options: LoadOptions = {}): Promise<Dataset> {
  const info = await stat(location).catch(() => undefined);
  if (!info) {
    throw new HounsfieldError('DATA_MISSING', `${location} does not exist. Check the path and its spelling.`);
  }
  const patientOf = patientFinder(options.patientPattern);
  if (info.isDirectory()) {
    for (const name of MANIFEST_NAMES) {
      const table = path.join(location, name);
      if (await stat(table).catch(() => undefined)) return loadTable(table, options, patientOf);
    }
    return loadFolder(location, options, patientOf);
  }
  const extension = path.extname(location).toLowerCase();
  if (extension === '.npz') return loadNpz(location, options);
  if (extension === '.csv' || extension === '.tsv') return loadTable(location, options, patientOf);
  throw new HounsfieldError(
    'DATASET_FORM_UNKNOWN',
    `${location} is a file ending in '${extension}'. Data is a folder with a folder of images per class, a .csv or .tsv ` +
      'with the columns image,label[,patient][,site][,split], or a MedMNIST .npz.',
  );
}

/** Finds patients by a pattern. @throws PATIENT_PATTERN_INVALID */
export function patientFinder(pattern: string | undefined): PatientFinder {
  if (pattern === undefined) return undefined;
  let expression: RegExp;
  try {
    expression = new RegExp(pattern);
    if (new RegExp(`${pattern}|`).exec('')!.length < 2) throw new Error('it has no group');
  } catch (cause) {
    throw new HounsfieldError(
      'PATIENT_PATTERN_INVALID',
      `the patient pattern /${pattern}/ cannot be used: ${cause instanceof Error ? cause.message : cause}. ` +
        "Give a regular expression with one group, for example '(patient\\d+)_'.",
      { cause },
    );
  }
  return (id) => expression.exec(id)?.[1];
}
