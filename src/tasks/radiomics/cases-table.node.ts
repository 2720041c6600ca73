import { stat } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { readBytes } from '../../imaging/formats/file-source.node.ts';
import {
  compareNaturally,
  type ManifestProblem,
  type Sample,
  splitOfWord,
  throwProblems,
} from '../dataset/dataset.ts';
import { findDelimiter, parseDelimited } from '../dataset/delimited-text.ts';
import type { PatientFinder } from '../dataset/load-options.ts';
import { decodeText } from '../dataset/table-manifest.node.ts';
import type { RegionCase, RegionCases, RegionSource, Repeat } from './cases.ts';
import { findMasks } from './cases-folder.node.ts';
import { maskValueOf } from './feature-table.ts';
import { finishCases } from './finish-cases.ts';
import { roleOf } from './mask-names.ts';
import type { CaseOptions } from './read-cases.node.ts';

const COLUMNS = [
  'image',
  'mask',
  'mask_value',
  'label',
  'patient',
  'site',
  'split',
  'case',
  'repeat',
] as const;
type Column = (typeof COLUMNS)[number];
type Cells = Readonly<Record<Column, string>>;

interface Row extends RegionSource {
  readonly line: number;
  readonly cells: Cells;
  readonly patient: string;
}

/** Reads a table whose paths are relative to it. Called by readCases. */
export async function casesOfTable(
  file: string,
  options: CaseOptions,
  patientOf: PatientFinder,
): Promise<RegionCases> {
  const text = decodeText(await readBytes(file));
  const [titles = [], ...lines] = parseDelimited(text, findDelimiter(text.replace(/^\ufeff/, '')));
  const header = titles.map((name) => name.trim().toLowerCase());
  requireColumns(file, header, options);
  const problems: ManifestProblem[] = [];
  const masks = header.includes('mask') ? undefined : await findMasks(path.dirname(file));
  const rows = lines.flatMap((cells, i) => {
    const row = readRow(file, header, cells, i + 2, { options, patientOf, masks, problems });
    return row ? [row] : [];
  });
  problems.push(...(await absentFiles(rows)));
  const { cases, repeats, classes } = gather(rows, header, options, problems);
  throwProblems(file, problems, 'Mend these lines, and run again; nothing was read or written.');
  const name = path.basename(
    /^(manifest|labels)\.[ct]sv$/.test(path.basename(file)) ? path.dirname(path.resolve(file)) : file,
  );
  const grouped = header.includes('patient') || patientOf !== undefined;
  const notes = cases.some(({ sample }) => sample.split) ? ['The split is the one given by the table.'] : [];
  return finishCases({ name, cases, repeats, grouped, notes, options, location: file }, classes);
}

function requireColumns(file: string, header: readonly string[], { labels }: CaseOptions): void {
  const needed: readonly Column[] = labels === 'needed' ? ['image', 'label'] : ['image'];
  const absent = needed.filter((name) => !header.includes(name));
  if (absent.length === 0) return;
  throw new HounsfieldError(
    'MANIFEST_COLUMNS',
    `${file} has the columns ${header.map((name) => `'${name}'`).join(', ') || '(none)'}; ` +
      `${absent.map((name) => `'${name}'`).join(' and ')} not among them. The first line must name image, mask and label, ` +
      'and may name mask_value, patient, site, split, case and repeat.',
  );
}

interface RowContext {
  readonly options: CaseOptions;
  readonly patientOf: PatientFinder;
  /** Masks found beside the images, by the name that they share. */
  readonly masks: ReadonlyMap<string, string> | undefined;
  readonly problems: ManifestProblem[];
}

function readRow(
  file: string,
  header: readonly string[],
  fields: readonly string[],
  line: number,
  { options, patientOf, masks, problems }: RowContext,
): Row | undefined {
  const fault = (text: string, code = 'MANIFEST_INVALID') => {
    problems.push({ code, text: `row ${line}: ${text}` });
    return undefined;
  };
  if (fields.length !== header.length) return fault(`${fields.length} fields of ${header.length}`);
  const cells = Object.fromEntries(
    COLUMNS.map((name) => [name, fields[header.indexOf(name)]?.trim() ?? '']),
  ) as Record<Column, string>; // each name of the list
  if (cells.image === '') return fault('image empty');
  if (options.labels === 'needed' && cells.label === '') return fault('label empty');
  const folder = path.dirname(file);
  const id = tidy(cells.image);
  const found = masks?.get(roleOf(id).key);
  const maskId = cells.mask === '' ? found : tidy(cells.mask);
  if (maskId === undefined && (options.region === 'mask' || options.region === 'box')) {
    return fault(`${id} has no mask`, 'MASK_MISSING');
  }
  const value = cells.mask_value === '' ? undefined : maskValueOf(cells.mask_value);
  if (value === 0) return fault('mask_value is 0, which is the background');
  const patient = header.includes('patient') ? cells.patient : patientOf ? patientOf(id) : id;
  if (patient === undefined || patient === '') return fault(`${id} has no patient`, 'PATIENT_UNKNOWN');
  return {
    line,
    id,
    image: path.resolve(folder, cells.image),
    ...(maskId === undefined || options.region === 'image'
      ? {}
      : {
          mask: path.resolve(folder, maskId),
          maskId,
          ...(value === undefined ? {} : { maskValue: value }),
        }),
    cells,
    patient,
  };
}

const tidy = (name: string): string => path.normalize(name).split(path.sep).join('/');

interface Gathered extends Pick<RegionCases, 'cases' | 'repeats'> {
  readonly classes: readonly string[];
}

/** Cases, and what repeats them: rows of one case after its first, by what their column 'repeat' says. */
function gather(
  rows: readonly Row[],
  header: readonly string[],
  options: CaseOptions,
  problems: ManifestProblem[],
): Gathered {
  const repeated = header.includes('repeat');
  const keyed = header.includes('case');
  const cases: RegionCase[] = [];
  const repeats: Repeat[] = [];
  const known = new Map<string, number>();
  const seen = new Map<string, number>();
  const classes =
    options.classes ??
    [...new Set(rows.map(({ cells }) => cells.label))].filter((name) => name !== '').sort(compareNaturally);
  for (const row of rows) {
    const { line, cells, patient, ...source } = row;
    const place = [source.image, source.mask ?? '', source.maskValue ?? '', cells.case].join('\n');
    const before = seen.get(place);
    if (before !== undefined) {
      problems.push({
        code: 'MANIFEST_INVALID',
        text: `row ${line}: the same image and mask as in row ${before}`,
      });
      continue;
    }
    seen.set(place, line);
    const key = keyed ? `case ${cells.case}` : repeated ? `patient ${patient}` : `row ${line}`;
    const of = known.get(key);
    if (of !== undefined) {
      repeats.push({ ...source, of, by: cells.repeat || `row ${line}` });
      continue;
    }
    known.set(key, cases.length);
    const label = classes.indexOf(cells.label);
    if (label < 0 && cells.label !== '') {
      const text = `row ${line}: label '${cells.label}' is not among ${classes.join(', ')}`;
      problems.push({ code: 'LABEL_UNKNOWN', text });
    }
    const split = splitOfWord(cells.split);
    if (cells.split !== '' && split === undefined) {
      const text = `row ${line}: split is '${cells.split}', not train, validation or test`;
      problems.push({ code: 'MANIFEST_INVALID', text });
    }
    const sample: Sample = {
      id: uniqueId(source, cells.case, cases),
      source: { kind: 'file', path: source.image },
      label,
      patient,
      ...(cells.site ? { site: cells.site } : {}),
      ...(split ? { split } : {}),
    };
    cases.push({ ...source, sample });
  }
  return { cases, repeats, classes };
}

/** The image's path; of an image with several regions also the mask's, its value or the case's name. */
function uniqueId(
  { id, maskId, maskValue }: RegionSource,
  name: string,
  before: readonly RegionCase[],
): string {
  const taken = (candidate: string) => before.some(({ sample }) => sample.id === candidate);
  const parts = [
    maskId ?? '',
    maskValue === undefined ? '' : String(maskValue),
    name,
    String(before.length + 1),
  ];
  let candidate = id;
  for (const part of parts) {
    if (!taken(candidate)) return candidate;
    if (part !== '') candidate = `${candidate}#${part}`;
  }
  return candidate;
}

async function absentFiles(rows: readonly Row[]): Promise<ManifestProblem[]> {
  const problems: ManifestProblem[] = [];
  for (const { line, id, image, mask, maskId } of rows) {
    for (const [name, file] of [
      [id, image],
      [maskId ?? '', mask],
    ] as const) {
      if (file !== undefined && !(await stat(file).catch(() => undefined))) {
        problems.push({ code: 'FILE_MISSING', text: `row ${line}: ${name} does not exist` });
      }
    }
  }
  return problems;
}
