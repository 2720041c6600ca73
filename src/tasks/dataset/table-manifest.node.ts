import { stat } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { readBytes } from '../../imaging/formats/file-source.node.ts';
import { readClinicalCells } from './clinical-table.ts';
import { type Dataset, type ManifestProblem, type Sample, splitOfWord, throwProblems } from './dataset.ts';
import { findDelimiter, parseDelimited } from './delimited-text.ts';
import { findInputColumns, type InputColumns } from './input-columns.ts';
import type { LoadOptions, PatientFinder, TableColumn } from './load-options.ts';
import { labelStrata, requireVariety, valueStrata } from './strata.ts';
import { type AnswerColumns, findAnswerColumns, readAnswers, type TableAnswers } from './table-targets.ts';

/** UTF-8, or UTF-16 by its byte-order mark, as spreadsheets may save. */
export function decodeText(bytes: Uint8Array): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

interface Row {
  readonly line: number;
  readonly id: string;
  readonly file: string;
  /** Of several image inputs those after the first. */
  readonly others: readonly { readonly id: string; readonly file: string }[];
  /** Cells of the clinical columns. */
  readonly clinical: readonly string[];
  /** Cells of the answer columns. */
  readonly cells: readonly string[];
  readonly patient: string | undefined;
  readonly site: string | undefined;
  readonly split: string | undefined;
}

/** Reads a CSV or TSV whose image paths are relative to it. Called by loadDataset. */
export async function loadTable(
  file: string,
  options: LoadOptions,
  patientOf: PatientFinder,
): Promise<Dataset> {
  const text = decodeText(await readBytes(file));
  const { rows, problems, columns, inputs } = readRows(file, text, options, patientOf);
  const read = readAnswers(file, columns, rows, options);
  const clinical = readClinicalCells(
    inputs.clinical,
    rows.map(({ line, clinical: cells }) => ({ line, cells })),
    options.table?.map(({ kind }) => kind),
  );
  problems.push(...checkRows(rows), ...read.problems, ...clinical.problems, ...(await missingFiles(rows)));
  throwProblems(file, problems, 'Mend these lines, and run again; nothing was read or written.');
  const grouped = rows.some((row) => row.patient !== undefined);
  const samples = samplesOf(rows, read).map((sample, i) => ({
    ...sample,
    ...(clinical.columns.length > 0 ? { row: clinical.values[i]! } : {}),
  }));
  const notes: string[] = [...read.notes];
  if (!grouped) {
    notes.push('There is no patient column: each image counts as a patient of its own.');
  }
  if (samples.some((sample) => sample.split)) notes.push('The split is the one given by the table.');
  const homeless = samples.filter((sample) => !sample.site).length;
  if (homeless > 0 && homeless < samples.length) notes.push(`${homeless} images name no site.`);
  const dataset: Dataset = {
    // A manifest inside a folder describes the folder.
    name: path.basename(
      /^manifest\.[ct]sv$/.test(path.basename(file)) ? path.dirname(path.resolve(file)) : file,
    ),
    ...(read.target === 'class' ? {} : { target: read.target }),
    classes: read.classes,
    ...(read.units ? { units: read.units } : {}),
    ...(inputs.named ? { inputs: inputs.images.map(({ name }) => name) } : {}),
    ...(clinical.columns.length > 0 ? { table: clinical.columns } : {}),
    samples,
    stacks: new Map(),
    grouping: grouped ? 'patient' : 'image',
    notes,
  };
  return { ...dataset, notes: [...notes, ...requireVariety(dataset, file)] };
}

function samplesOf(rows: readonly Row[], { target, classes, answers }: TableAnswers): Sample[] {
  const several = target === 'labels' || target === 'value';
  const targets = several ? (answers as readonly (readonly number[])[]) : []; // of these kinds every answer is a row
  const strata =
    target === 'labels'
      ? labelStrata(targets, classes.length)
      : target === 'value'
        ? valueStrata(
            targets.map((row) => row[0]!),
            rows.map((row) => row.patient ?? row.id),
          )
        : (answers as readonly number[]); // a class or a grade; problems were thrown
  return rows.map((row, i): Sample => {
    const split = row.split === undefined ? undefined : splitOfWord(row.split);
    return {
      id: row.id,
      source: { kind: 'file', path: row.file },
      ...(row.others.length > 0 ? { others: row.others.map(sourceOf) } : {}),
      label: strata[i]!,
      ...(several ? { targets: targets[i]! } : {}),
      patient: row.patient ?? row.id,
      ...(row.site ? { site: row.site } : {}),
      ...(split ? { split } : {}),
    };
  });
}

const sourceOf = ({ id, file }: { readonly id: string; readonly file: string }) => ({
  id,
  source: { kind: 'file', path: file } as const,
});

function readRows(
  file: string,
  text: string,
  options: LoadOptions,
  patientOf: PatientFinder,
): { rows: Row[]; problems: ManifestProblem[]; columns: AnswerColumns; inputs: InputColumns } {
  const table = parseDelimited(text, findDelimiter(text.replace(/^\ufeff/, '')));
  const titles = table[0] ?? [];
  const header = titles.map((name) => name.trim().toLowerCase());
  const column = (name: TableColumn): number =>
    header.indexOf((options.columns?.[name] ?? name).trim().toLowerCase());
  const inputs = findInputColumns(file, titles, options);
  const at = {
    image: inputs.images[0]?.at ?? -1,
    patient: column('patient'),
    site: options.columns?.site
      ? column('site')
      : header.indexOf(SITE_COLUMNS.find((name) => header.includes(name)) ?? 'site'),
    split: column('split'),
  };
  const columns = findAnswerColumns(file, titles, options);
  const absent = (['image', 'patient', 'site', 'split'] as const)
    .filter((name) => at[name] < 0 && (name === 'image' || options.columns?.[name] !== undefined))
    .map((name): string => options.columns?.[name] ?? name);
  if (!columns)
    absent.splice(absent.length > 0 && at.image < 0 ? 1 : 0, 0, options.columns?.label ?? 'label');
  if (absent.length > 0 || !columns) {
    throw new HounsfieldError(
      'MANIFEST_COLUMNS',
      `${file} has the columns ${header.map((name) => `'${name}'`).join(', ') || '(none)'}; ` +
        `${absent.map((name) => `'${name}'`).join(' and ')} not among them. ` +
        'The first line must name image (or image:<name> for each of several) and label (or grade, value, or label:<name> for each of several labels), and may name patient, site and split.',
    );
  }
  const problems: ManifestProblem[] = [];
  const rows: Row[] = [];
  for (const [i, cells] of table.slice(1).entries()) {
    const line = i + 2;
    const images = inputs.images.map((input) => cells[input.at] ?? '');
    const image = images[0]!;
    const gap = inputs.images.find((_, k) => images[k] === '');
    const label = columns.columns.map((own) => cells[own.at] ?? '');
    const empty = columns.form === 'label' && label[0] === '';
    if (cells.length !== header.length || gap || empty) {
      const what =
        columns.form === 'label' && options.target === 'labels' ? "; write 'none' for no label" : '';
      const text = `row ${line}: ${cells.length} fields of ${header.length}${gap ? `, ${titles[gap.at]!.trim()} empty` : ''}${empty ? `, label empty${what}` : ''}`;
      problems.push({ code: 'MANIFEST_INVALID', text });
      continue;
    }
    const [{ id, file: found }, ...others] = images.map((name) => ({
      id: path.normalize(name).split(path.sep).join('/'),
      file: path.resolve(path.dirname(file), name),
    })) as [NamedFile, ...NamedFile[]]; // one image column at least
    const strangers = others.filter((other) => patientOf && patientOf(other.id) !== patientOf(id));
    if (strangers.length > 0) {
      const text = `row ${line}: by the patient pattern its images are of different patients`;
      problems.push({ code: 'PATIENT_MIXED', text });
    }
    const given = at.patient >= 0 ? (cells[at.patient] ?? '') : patientOf?.(id);
    if (given === '' || (given === undefined && (at.patient >= 0 || patientOf))) {
      problems.push({ code: 'PATIENT_UNKNOWN', text: `row ${line}: ${image} has no patient` });
    }
    const site = at.site >= 0 ? (cells[at.site] ?? '').trim() : undefined;
    rows.push({
      line,
      id,
      file: found,
      others,
      clinical: inputs.clinical.map((own) => cells[own.at] ?? ''),
      cells: label,
      patient: given,
      site,
      split: at.split >= 0 ? (cells[at.split] ?? '') : undefined,
    });
  }
  return { rows, problems, columns, inputs };
}

interface NamedFile {
  readonly id: string;
  readonly file: string;
}

/** Where an image was taken. */
const SITE_COLUMNS = ['site', 'hospital', 'scanner'] as const;

function checkRows(rows: readonly Row[]): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const lineOf = new Map<string, number>();
  for (const row of rows) {
    const before = lineOf.get(row.file);
    if (before !== undefined) {
      problems.push({
        code: 'MANIFEST_INVALID',
        text: `row ${row.line}: ${row.id} is already in row ${before}`,
      });
    } else lineOf.set(row.file, row.line);
    if (row.split !== undefined && splitOfWord(row.split) === undefined) {
      const text = `row ${row.line}: split is '${row.split}', not train, validation or test`;
      problems.push({ code: 'MANIFEST_INVALID', text });
    }
  }
  return problems;
}

export async function missingFiles(
  rows: readonly Pick<Row, 'line' | 'id' | 'file' | 'others'>[],
): Promise<ManifestProblem[]> {
  const problems: ManifestProblem[] = [];
  const files = rows.flatMap(({ line, id, file, others }) =>
    [{ id, file }, ...others].map((one) => ({ line, ...one })),
  );
  const batch = 256;
  for (let start = 0; start < files.length; start += batch) {
    const part = files.slice(start, start + batch);
    const present = await Promise.all(
      part.map(({ file }) =>
        stat(file).then(
          (info) => info.isFile() || info.isDirectory(),
          () => false,
        ),
      ),
    );
    for (const [i, { line, id }] of part.entries()) {
      if (!present[i]) problems.push({ code: 'FILE_MISSING', text: `row ${line}: ${id} does not exist` });
    }
  }
  return problems;
}
