import { HounsfieldError } from '../../errors.ts';
import { imageInputsOf, type ModelCard } from '../bundle/model-card.ts';
import { loadCases } from '../dataset/cases-table.node.ts';
import type { ClinicalColumn } from '../dataset/clinical-table.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { inputNames, ONLY_IMAGE } from '../dataset/image-inputs.ts';
import type { LoadOptions } from '../dataset/load-options.ts';
import type { PredictRequest } from '../task.ts';

type InputCard = Pick<ModelCard, 'labels' | 'input' | 'inputs' | 'table'>;

/** What a data set is to have for a model: its images and clinical columns, in its order. */
export function inputsWanted(card: InputCard): Required<Pick<LoadOptions, 'inputs' | 'table' | 'volumes'>> {
  return {
    volumes: card.input.depth !== undefined,
    inputs: imageInputsOf(card).map(({ name = ONLY_IMAGE }) => name),
    table: (card.table ?? []).map((column): ClinicalColumn => {
      const unit = column.kind === 'number' ? column.unit : '';
      return { name: column.name, kind: column.kind, unit };
    }),
  };
}

/** @throws INPUT_MISSING, TABLE_MISSING where a data set, such as a folder of images, cannot give what a model takes */
export function requireInputs(dataset: Dataset, card: InputCard): void {
  const { inputs, table } = inputsWanted(card);
  const found = inputNames(dataset);
  const absent = inputs.filter((name) => !found.includes(name));
  if (absent.length > 0) {
    throw new HounsfieldError(
      'INPUT_MISSING',
      `the model takes the images ${inputs.join(', ')}; ${dataset.name} has ${found.join(', ')}. ` +
        `Give a table with ${inputs.map((name) => (name === ONLY_IMAGE ? "'image'" : `'image:${name}'`)).join(', ')}.`,
    );
  }
  if (table.length > (dataset.table?.length ?? 0)) {
    throw new HounsfieldError(
      'TABLE_MISSING',
      `the model takes clinical values (${table.map(({ name }) => name).join(', ')}); ${dataset.name} has none. ` +
        `Give a table with the columns ${table.map(({ name }) => `'table:${name}'`).join(', ')}.`,
    );
  }
}

/** A sentence for each clinical column with words that the training samples did not have; they count as missing. */
export function unknownWords(
  { samples }: Dataset,
  { table = [] }: Pick<ModelCard, 'table'>,
): readonly string[] {
  return table.flatMap((column, k) => {
    if (column.kind === 'number') return [];
    const unknown = samples.filter(({ row }) => {
      const word = String(row?.[k] ?? '');
      return word !== '' && !column.values.includes(word);
    });
    if (unknown.length === 0) return [];
    return [
      `'${column.name}' of ${unknown.length} cases is no word that the model knows (${column.values.join(', ')}): it counts as missing there.`,
    ];
  });
}

/** The cases of a request as a data set without answers. @throws CASES_MISSING, CASES_TWICE, what loadCases throws */
export async function casesFor(
  { images, table }: Pick<PredictRequest, 'images' | 'table'>,
  card: InputCard,
): Promise<Dataset> {
  const preparation = card.input.preparation ?? [];
  if (table !== undefined && images.length > 0) {
    throw new HounsfieldError(
      'CASES_TWICE',
      `${images.length} images and the table ${table} were named. Name one or the other.`,
    );
  }
  if (table !== undefined) {
    return { ...(await loadCases(table, inputsWanted(card))), classes: card.labels, preparation };
  }
  const wanted = inputsWanted(card);
  const needsTable = wanted.inputs.length > 1 || wanted.table.length > 0;
  if (needsTable || images.length === 0) {
    const columns = [
      ...wanted.inputs.map((name) => (name === ONLY_IMAGE ? name : `image:${name}`)),
      ...wanted.table.map(({ name, unit }) => `table:${name}${unit ? ` (${unit})` : ''}`),
    ];
    throw new HounsfieldError(
      'CASES_MISSING',
      `${needsTable ? 'the model takes more than one image of a case' : 'no image was named'}. ` +
        `Name a table (--table cases.csv) with the columns ${columns.map((name) => `'${name}'`).join(', ')}${needsTable ? '' : ', or images'}.`,
    );
  }
  return {
    name: 'images',
    classes: card.labels,
    samples: images.map((file) => ({
      id: file,
      source: { kind: 'file', path: file },
      label: 0,
      patient: file,
    })),
    stacks: new Map(),
    preparation,
    grouping: 'image',
    notes: [],
  };
}
