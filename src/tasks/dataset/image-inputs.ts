import { HounsfieldError } from '../../errors.ts';
import type { Dataset } from './dataset.ts';

/** What the one image of a sample is called where the data give it no name. */
export const ONLY_IMAGE = 'image';

/** Names of a data set's image inputs. */
export const inputNames = ({ inputs }: Pick<Dataset, 'inputs'>): readonly string[] => inputs ?? [ONLY_IMAGE];

/** The data set with one of its image inputs alone, as though there were no other. */
export function inputView(dataset: Dataset, input: number): Dataset {
  const names = inputNames(dataset);
  if (names.length === 1) return dataset;
  const name = `${dataset.name} (${names[input]})`;
  if (input === 0) return { ...dataset, name };
  const samples = dataset.samples.map((sample) => ({ ...sample, ...sample.others![input - 1]! })); // as many as inputs
  return { ...dataset, name, samples };
}

/**
 * A column's name of an image input, from 'image:<name>'; undefined for another column.
 *
 * @throws MANIFEST_COLUMNS for a name that no graph input can have
 */
export function imageInputName(title: string): string | undefined {
  const found = /^image\s*:\s*(.+)$/i.exec(title.trim());
  if (!found) return undefined;
  const name = found[1]!.trim();
  if (/^[A-Za-z][\w-]*$/.test(name) && name !== 'table') return name;
  throw new HounsfieldError(
    'MANIFEST_COLUMNS',
    `the column 'image:${name}' names an image input that a model cannot have. A name begins with a letter and has letters, digits, _ and - only; 'table' is taken.`,
  );
}
