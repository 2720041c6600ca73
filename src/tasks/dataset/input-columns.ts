import { HounsfieldError } from '../../errors.ts';
import { type ClinicalColumn, findClinicalColumns } from './clinical-table.ts';
import { imageInputName, ONLY_IMAGE } from './image-inputs.ts';
import type { LoadOptions } from './load-options.ts';

/** Where in a table the inputs of a sample stand. */
export interface InputColumns {
  /** Empty where no column holds images. */
  readonly images: readonly { readonly at: number; readonly name: string }[];
  /** Whether the columns are 'image:<name>' and not 'image' alone. */
  readonly named: boolean;
  readonly clinical: readonly { readonly at: number; readonly name: string; readonly unit: string }[];
}

/**
 * The columns of images and of clinical values: those that `options` want, in their order, or all.
 *
 * @param header as the table writes it
 * @throws MANIFEST_COLUMNS, INPUT_MISSING, TABLE_MISSING, TABLE_UNIT_MIXED
 */
export function findInputColumns(
  file: string,
  header: readonly string[],
  options: Pick<LoadOptions, 'columns' | 'inputs' | 'table'>,
): InputColumns {
  const plain = header.findIndex(
    (title) => title.trim().toLowerCase() === (options.columns?.image ?? 'image').trim().toLowerCase(),
  );
  const several = header.flatMap((title, at) => {
    const name = imageInputName(title);
    return name === undefined ? [] : [{ at, name }];
  });
  const names = several.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined || (plain >= 0 && several.length > 0)) {
    throw new HounsfieldError(
      'MANIFEST_COLUMNS',
      `${file} has ${twice === undefined ? "the columns 'image' and 'image:<name>'" : `two columns 'image:${twice}'`}. ` +
        "Give one column 'image', or a column 'image:<name>' for each image of a sample.",
    );
  }
  const images = several.length > 0 ? several : plain >= 0 ? [{ at: plain, name: ONLY_IMAGE }] : [];
  const readClinical = () => chosenClinical(file, findClinicalColumns(header), options.table);
  const named = several.length > 0;
  if (!options.inputs || images.length === 0) return { images, named, clinical: readClinical() };
  const chosen = options.inputs.map((name) => images.find((image) => image.name === name));
  const absent = options.inputs.filter((_, k) => !chosen[k]);
  if (absent.length > 0) {
    throw new HounsfieldError(
      'INPUT_MISSING',
      `the model takes the images ${options.inputs.join(', ')}; ${file} has no column for ${absent.join(', ')}. ` +
        `Add ${absent.map((name) => (name === ONLY_IMAGE ? "'image'" : `'image:${name}'`)).join(', ')}.`,
    );
  }
  return { images: chosen.filter((image) => image !== undefined), named, clinical: readClinical() };
}

function chosenClinical(
  file: string,
  found: InputColumns['clinical'],
  wanted: readonly ClinicalColumn[] | undefined,
): InputColumns['clinical'] {
  const names = found.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined) {
    throw new HounsfieldError(
      'MANIFEST_COLUMNS',
      `${file} has two columns 'table:${twice}'. Give each a name of its own.`,
    );
  }
  if (!wanted) return found;
  const chosen = wanted.map(({ name }) => found.find((column) => column.name === name));
  const absent = wanted.filter((_, k) => !chosen[k]);
  if (absent.length > 0) {
    throw new HounsfieldError(
      'TABLE_MISSING',
      `${file} has no column for ${absent.map(({ name }) => `'table:${name}'`).join(', ')}, which the model takes. ` +
        'Add it; leave its cells empty where a value is not known.',
    );
  }
  const mixed = wanted.filter(({ kind, unit }, k) => kind === 'number' && unit !== chosen[k]!.unit);
  if (mixed.length > 0) {
    const [first] = mixed;
    const own = found.find(({ name }) => name === first!.name)!.unit;
    throw new HounsfieldError(
      'TABLE_UNIT_MIXED',
      `the model takes '${first!.name}' in ${first!.unit || 'no unit'}, ${file} gives it in ${own || 'no unit'}. ` +
        `Convert the numbers, and title the column 'table:${first!.name}${first!.unit ? ` (${first!.unit})` : ''}'.`,
    );
  }
  return chosen.filter((column) => column !== undefined);
}
