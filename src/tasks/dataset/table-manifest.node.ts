import { stat } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { readBytes } from '../../imaging/formats/file-source.node.ts';
import {
  compareNaturally,
  type Dataset,
  type ManifestProblem,
  requireTwoClasses,
  type Sample,
  splitOfWord,
  throwProblems,
} from './dataset.ts';
import { findDelimiter, parseDelimited } from './delimited-text.ts';
import type { LoadOptions, PatientFinder } from './load-options.ts';

/** UTF-8, or UTF-16 by its byte-order mark, as spreadsheets may save. */
function decodeText(bytes: Uint8Array): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

interface Row {
  readonly line: number;
  readonly id: string;
  readonly file: string;
  readonly label: string;
  readonly patient: string | undefined;
  readonly split: string | undefined;
}

/** Reads a CSV or TSV whose image paths are relative to it. Called by loadDataset. */
export async function loadTable(
  file: string,
  options: LoadOptions,
  patientOf: PatientFinder,
): Promise<Dataset> {
  const text = decodeText(await readBytes(file));
  const { rows, problems } = readRows(file, text, options, patientOf);
  const classes = options.classes ?? [...new Set(rows.map((row) => row.label))].sort(compareNaturally);
  problems.push(...checkRows(rows, classes), ...(await missingFiles(rows)));
  throwProblems(file, problems, 'Mend these lines, and run again; nothing was read or written.');
  const samples = rows.map((row): Sample => {
    const split = row.split === undefined ? undefined : splitOfWord(row.split);
    return {
      id: row.id,
      source: { kind: 'file', path: row.file },
      label: classes.indexOf(row.label),
      patient: row.patient ?? row.id,
      ...(split ? { split } : {}),
    };
  });
  requireTwoClasses(classes, samples, file);
  const grouped = rows.some((row) => row.patient !== undefined);
  const notes: string[] = [];
  if (!grouped) {
    notes.push('There is no patient column: each image counts as a patient of its own.');
  }
  if (samples.some((sample) => sample.split)) notes.push('The split is the one given by the table.');
  return {
    // A manifest inside a folder describes the folder.
    name: path.basename(
      /^manifest\.[ct]sv$/.test(path.basename(file)) ? path.dirname(path.resolve(file)) : file,
    ),
    classes,
    samples,
    stacks: new Map(),
    grouping: grouped ? 'patient' : 'image',
    notes,
  };
}

function readRows(
  file: string,
  text: string,
  options: LoadOptions,
  patientOf: PatientFinder,
): { rows: Row[]; problems: ManifestProblem[] } {
  const table = parseDelimited(text, findDelimiter(text.replace(/^\ufeff/, '')));
  const header = (table[0] ?? []).map((name) => name.trim().toLowerCase());
  const column = (name: 'image' | 'label' | 'patient' | 'split'): number =>
    header.indexOf((options.columns?.[name] ?? name).trim().toLowerCase());
  const at = {
    image: column('image'),
    label: column('label'),
    patient: column('patient'),
    split: column('split'),
  };
  const absent = (['image', 'label', 'patient', 'split'] as const).filter(
    (name) => at[name] < 0 && (name === 'image' || name === 'label' || options.columns?.[name] !== undefined),
  );
  if (absent.length > 0) {
    throw new HounsfieldError(
      'MANIFEST_COLUMNS',
      `${file} has the columns ${header.map((name) => `'${name}'`).join(', ') || '(none)'}; ` +
        `${absent.map((name) => `'${options.columns?.[name] ?? name}'`).join(' and ')} not among them. ` +
        'The first line must name image and label, and may name patient and split.',
    );
  }
  const problems: ManifestProblem[] = [];
  const rows: Row[] = [];
  for (const [i, cells] of table.slice(1).entries()) {
    const line = i + 2;
    const image = cells[at.image] ?? '';
    const label = cells[at.label] ?? '';
    if (cells.length !== header.length || image === '' || label === '') {
      const text = `row ${line}: ${cells.length} fields of ${header.length}${image === '' ? ', image empty' : ''}${label === '' ? ', label empty' : ''}`;
      problems.push({ code: 'MANIFEST_INVALID', text });
      continue;
    }
    const id = path.normalize(image).split(path.sep).join('/');
    const given = at.patient >= 0 ? (cells[at.patient] ?? '') : patientOf?.(id);
    if (given === '' || (given === undefined && (at.patient >= 0 || patientOf))) {
      problems.push({ code: 'PATIENT_UNKNOWN', text: `row ${line}: ${image} has no patient` });
    }
    rows.push({
      line,
      id,
      file: path.resolve(path.dirname(file), image),
      label,
      patient: given,
      split: at.split >= 0 ? (cells[at.split] ?? '') : undefined,
    });
  }
  return { rows, problems };
}

function checkRows(rows: readonly Row[], classes: readonly string[]): ManifestProblem[] {
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
    if (!classes.includes(row.label)) {
      const text = `row ${row.line}: label '${row.label}' is not among ${classes.join(', ')}`;
      problems.push({ code: 'LABEL_UNKNOWN', text });
    }
    if (row.split !== undefined && splitOfWord(row.split) === undefined) {
      const text = `row ${row.line}: split is '${row.split}', not train, validation or test`;
      problems.push({ code: 'MANIFEST_INVALID', text });
    }
  }
  return problems;
}

async function missingFiles(rows: readonly Row[]): Promise<ManifestProblem[]> {
  const problems: ManifestProblem[] = [];
  const batch = 256;
  for (let start = 0; start < rows.length; start += batch) {
    const part = rows.slice(start, start + batch);
    const present = await Promise.all(
      part.map((row) =>
        stat(row.file).then(
          (info) => info.isFile() || info.isDirectory(),
          () => false,
        ),
      ),
    );
    for (const [i, row] of part.entries()) {
      if (!present[i])
        problems.push({ code: 'FILE_MISSING', text: `row ${row.line}: ${row.id} does not exist` });
    }
  }
  return problems;
}
