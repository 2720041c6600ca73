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
import { maskFinder } from './mask-names.ts';
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
  const images = lines.map((cells) => tidy(cells[header.indexOf('image')]?.trim() ?? ''));
  const maskOf = masks && maskFinder([...new Set(images)], masks);
  const rows = lines.flatMap((cells, i) => {
    const row = readRow(file, header, cells, i + 2, { options, patientOf, maskOf, problems });
    return row ? [row] : [];
  });
  problems.push(...(await absentFiles(rows)));
  const { cases, repeats, classes } = gather(rows, options, problems);
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
  /** The mask found beside an image. */
  readonly maskOf: ((image: string) => string | undefined) | undefined;
  readonly problems: ManifestProblem[];
}

function readRow(
  file: string,
  header: readonly string[],
  fields: readonly string[],
  line: number,
  { options, patientOf, maskOf, problems }: RowContext,
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
  const found = maskOf?.(id);
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

/** Cases, and what repeats them: rows of one case, or of one patient with something in their column 'repeat'. */
function gather(rows: readonly Row[], options: CaseOptions, problems: ManifestProblem[]): Gathered {
  const cases: RegionCase[] = [];
  const repeats: Repeat[] = [];
  const classes =
    options.classes ??
    [...new Set(rows.map(({ cells }) => cells.label))].filter((name) => name !== '').sort(compareNaturally);
  const { own, repeated } = firstRows(withoutDoubles(rows, problems), problems);
  const places = new Map<Row, number>();
  for (const row of own) {
    const { line, cells, patient, ...source } = row;
    places.set(row, cases.length);
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
  for (const [row, first] of repeated) {
    const { line, cells, patient, ...source } = row;
    const differs = (
      [
        ['patient', patient, first.patient],
        ['label', cells.label, first.cells.label],
      ] as const
    )
      .filter(([, one, other]) => one !== '' && one !== other)
      .map(([name]) => name);
    if (differs.length > 0) {
      const text = `row ${line}: repeats row ${first.line}, but has another ${differs.join(' and ')}`;
      problems.push({ code: 'MANIFEST_INVALID', text });
    }
    repeats.push({ ...source, of: places.get(first)!, by: cells.repeat || `row ${line}` });
  }
  return { cases, repeats, classes };
}

function withoutDoubles(rows: readonly Row[], problems: ManifestProblem[]): readonly Row[] {
  const seen = new Map<string, number>();
  return rows.filter(({ line, image, mask, maskValue, cells }) => {
    const place = [image, mask ?? '', maskValue ?? '', cells.case].join('\n');
    const before = seen.get(place);
    if (before === undefined) {
      seen.set(place, line);
      return true;
    }
    const text = `row ${line}: the same image and mask as in row ${before}`;
    problems.push({ code: 'MANIFEST_INVALID', text });
    return false;
  });
}

/** Rows that are cases of their own, and of each other row the one that it repeats. */
function firstRows(
  rows: readonly Row[],
  problems: ManifestProblem[],
): { readonly own: readonly Row[]; readonly repeated: ReadonlyMap<Row, Row> } {
  const keyOf = ({ cells, patient, line }: Row): string =>
    cells.case !== '' ? `case ${cells.case}` : cells.repeat !== '' ? `patient ${patient}` : `row ${line}`;
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  // Without a case's name a repeat belongs to the one region of its patient.
  const single = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.cells.case === '' && row.cells.repeat === '') {
      single.set(row.patient, [...(single.get(row.patient) ?? []), row]);
    }
  }
  const first = new Map<Row, Row>();
  for (const [key, group] of groups) {
    const { patient, line } = group[0]!;
    const named = !key.startsWith('patient ');
    const others = named ? [] : (single.get(patient) ?? []);
    const kinds = new Set(group.map(({ cells }) => cells.repeat));
    // A patient whose only row says 'retest' is measured once; without patients its first measurement cannot be told.
    const lost = others.length === 0 && group.length === 1 && patient === group[0]!.id;
    if (!named && (others.length > 1 || kinds.size < group.length || lost)) {
      const text = `row ${line}: it is not told which region this repeats (its patient has ${others.length}); name both in the column 'case'`;
      problems.push({ code: 'MANIFEST_INVALID', text });
    }
    const leader = others[0] ?? group.find(({ cells }) => cells.repeat === '') ?? group[0]!;
    for (const row of group) first.set(row, leader);
  }
  return {
    own: rows.filter((row) => first.get(row) === row),
    repeated: new Map([...first].filter(([row, leader]) => row !== leader)),
  };
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
