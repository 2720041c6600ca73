import { HounsfieldError } from '../../errors.ts';
import type { ManifestProblem } from './dataset.ts';
import { nameAndUnit } from './table-targets.ts';

/** A column of clinical values, of numbers or of words. */
export interface ClinicalColumn {
  readonly name: string;
  /** '' where the title names none. */
  readonly unit: string;
  readonly kind: 'number' | 'category';
}

/** A sample's clinical values by column: a number, NaN where it is missing; or a word, '' where it is missing. */
export type ClinicalValues = readonly (number | string)[];

/** A column as a model takes it: what is done to its values was learned from the training samples alone. */
export type ClinicalInput =
  | {
      readonly kind: 'number';
      readonly name: string;
      readonly unit: string;
      /** Of the known values of the training samples. */
      readonly mean: number;
      readonly standardDeviation: number;
      /** Whether a column that is 1 where the value is missing goes along. */
      readonly indicator: boolean;
      /** Training samples without a value. */
      readonly missing: number;
    }
  | {
      readonly kind: 'category';
      readonly name: string;
      /** Words of the training samples; the model is given a word's place among them. */
      readonly values: readonly string[];
      readonly indicator: boolean;
      readonly missing: number;
    };

/** How spreadsheets and statistics programs write that there is no value. */
const MISSING: ReadonlySet<string> = new Set(['', 'na', 'n/a', 'nan', 'null']);
/** Different words from which on a column holds names or free text. */
const MOST_CATEGORIES = 50;

export const isMissing = (cell: string): boolean => MISSING.has(cell.trim().toLowerCase());

/** Columns titled 'table:<name> (<unit>)' by their place in the header. */
export function findClinicalColumns(
  header: readonly string[],
): readonly { readonly at: number; readonly name: string; readonly unit: string }[] {
  return header.flatMap((title, at) => {
    const found = /^table\s*:\s*(.+)$/i.exec(title.trim());
    return found ? [{ at, ...nameAndUnit(found[1]!) }] : [];
  });
}

/**
 * Reads the clinical cells of all rows. A column is of numbers where every known cell is one, else of words; what is
 * neither is a problem. Cells are not repeated in what is said of them.
 *
 * @param kinds what each column holds, where that is known: of a model, its own
 */
export function readClinicalCells(
  columns: readonly { readonly name: string; readonly unit: string }[],
  rows: readonly { readonly line: number; readonly cells: readonly string[] }[],
  kinds?: readonly ClinicalColumn['kind'][],
): {
  readonly columns: readonly ClinicalColumn[];
  readonly values: readonly ClinicalValues[];
  readonly problems: readonly ManifestProblem[];
} {
  const problems: ManifestProblem[] = [];
  const read = columns.map((column, k): ClinicalColumn => {
    const known = rows.filter(({ cells }) => !isMissing(cells[k] ?? ''));
    const numeric = known.filter(({ cells }) => isNumber(cells[k]!));
    const kind = kinds?.[k] ?? (numeric.length === known.length ? 'number' : 'category');
    if (kind === 'number' || (!kinds && 2 * numeric.length >= known.length)) {
      for (const { line, cells } of known.filter((row) => !numeric.includes(row)).slice(0, 20)) {
        const text = `row ${line}: '${column.name}' is no number (${cells[k]!.length} characters), other rows hold numbers; leave it empty where it is not known`;
        problems.push({ code: 'TABLE_VALUE', text });
      }
    }
    if (!kinds)
      problems.push(
        ...columnProblems(
          { ...column, kind },
          known.map(({ cells }) => cells[k]!.trim()),
        ),
      );
    return { ...column, kind };
  });
  const values = rows.map(({ cells }) =>
    read.map(({ kind }, k) => {
      const cell = (cells[k] ?? '').trim();
      if (kind === 'number') return isMissing(cell) ? Number.NaN : Number(cell);
      return isMissing(cell) ? '' : cell;
    }),
  );
  return { columns: read, values, problems };
}

const isNumber = (cell: string): boolean => cell.trim() !== '' && Number.isFinite(Number(cell));

function columnProblems(
  { name, kind }: ClinicalColumn,
  known: readonly string[],
): readonly ManifestProblem[] {
  const different = new Set(known).size;
  const say = (text: string) => [{ code: 'TABLE_COLUMN', text: `column '${name}' ${text}` }];
  if (known.length === 0) return say('is empty; take it out');
  if (different === 1) return say('holds one value only, which tells nothing; take it out');
  if (kind === 'category' && different > MOST_CATEGORIES) {
    return say(
      `holds ${different} different words, more than the ${MOST_CATEGORIES} of a category; group them or take it out`,
    );
  }
  return [];
}

/**
 * What training samples say of their columns: means, deviations and words.
 *
 * @param indicators 'always': a column of what is missing for every column, not only where something is
 * @throws TABLE_COLUMN for a column of which the training samples know one value or none
 */
export function describeClinical(
  columns: readonly ClinicalColumn[],
  rows: readonly ClinicalValues[],
  indicators: 'as needed' | 'always' = 'as needed',
): readonly ClinicalInput[] {
  return columns.map(({ name, unit, kind }, k) => {
    const column = rows.map((row) => row[k]!);
    const known = column.filter((value) => !Number.isNaN(value) && value !== '');
    const missing = column.length - known.length;
    const common = { name, indicator: missing > 0 || indicators === 'always', missing };
    if (new Set(known).size < 2) {
      throw new HounsfieldError(
        'TABLE_COLUMN',
        `the training samples know fewer than two values of '${name}', from which nothing can be learned. Take the column out, or give more samples.`,
      );
    }
    if (kind === 'category') {
      return { ...common, kind, values: [...new Set(known.map(String))].sort() };
    }
    const numbers = known.map(Number);
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { ...common, kind, unit, mean, standardDeviation: Math.sqrt(squares / numbers.length) };
  });
}

/** Columns that a network is given: one a number, one a word of a category, one where values may be missing. */
export const clinicalWidth = (inputs: readonly ClinicalInput[]): number =>
  inputs.reduce(
    (sum, input) => sum + (input.kind === 'number' ? 1 : input.values.length) + Number(input.indicator),
    0,
  );

/** A model's raw row: numbers, of categories the word's place, NaN for what is missing or an unknown word. */
export function clinicalRow(inputs: readonly ClinicalInput[], values: ClinicalValues): Float32Array {
  return Float32Array.from(inputs, (input, k) => {
    const value = values[k]!;
    if (input.kind === 'number') return Number(value);
    const place = input.values.indexOf(String(value));
    return place < 0 ? Number.NaN : place;
  });
}

/** What a network is given of a raw row: numbers standardised, categories one-hot, what is missing 0 and marked. */
export function encodeClinical(inputs: readonly ClinicalInput[], row: ArrayLike<number>): Float32Array {
  const encoded = new Float32Array(clinicalWidth(inputs));
  let at = 0;
  for (const [k, input] of inputs.entries()) {
    const value = row[k]!;
    const known = !Number.isNaN(value);
    if (input.kind === 'number') {
      encoded[at++] = known ? (value - input.mean) / input.standardDeviation : 0;
    } else {
      if (known) encoded[at + value] = 1;
      at += input.values.length;
    }
    if (input.indicator) encoded[at++] = known ? 0 : 1;
  }
  return encoded;
}

/** What is done to a column, in words. */
export function describeClinicalInput(input: ClinicalInput): string {
  const gap = input.indicator
    ? `${input.missing} missing, which count as ${input.kind === 'number' ? 'the mean' : 'none of them'} and are marked`
    : `a missing value counts as ${input.kind === 'number' ? 'the mean' : 'none of them'}`;
  if (input.kind === 'category')
    return `${input.values.join(' / ')}; an unknown word counts as missing; ${gap}`;
  const unit = input.unit ? ` ${input.unit}` : '';
  const show = (value: number) => String(Number(value.toPrecision(4)));
  return `standardised by ${show(input.mean)} ± ${show(input.standardDeviation)}${unit}; ${gap}`;
}
