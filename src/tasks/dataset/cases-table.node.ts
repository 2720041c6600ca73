import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { readBytes } from '../../imaging/formats/file-source.node.ts';
import { readClinicalCells } from './clinical-table.ts';
import { type Dataset, throwProblems } from './dataset.ts';
import { findDelimiter, parseDelimited } from './delimited-text.ts';
import { findInputColumns } from './input-columns.ts';
import type { LoadOptions } from './load-options.ts';
import { decodeText, missingFiles } from './table-manifest.node.ts';

/**
 * Reads cases without answers from a CSV or TSV whose image paths are relative to it: the columns that a model takes,
 * others are passed over.
 *
 * @throws MANIFEST_COLUMNS, MANIFEST_INVALID, INPUT_MISSING, TABLE_MISSING, TABLE_UNIT_MIXED, TABLE_VALUE, FILE_MISSING
 */
export async function loadCases(
  file: string,
  wanted: Required<Pick<LoadOptions, 'inputs' | 'table'>>,
): Promise<Dataset> {
  const text = decodeText(await readBytes(file));
  const [titles = [], ...cells] = parseDelimited(text, findDelimiter(text.replace(/^\ufeff/, '')));
  const inputs = findInputColumns(file, titles, wanted);
  if (inputs.images.length === 0) {
    throw new HounsfieldError(
      'MANIFEST_COLUMNS',
      `${file} has no column of images. The first line must name image, or image:<name> for each of several.`,
    );
  }
  const rows = cells.map((row, i) => {
    const named = inputs.images.map(({ at }) => row[at] ?? '');
    const [first, ...others] = named.map((name) => ({
      id: path.normalize(name).split(path.sep).join('/'),
      file: path.resolve(path.dirname(file), name),
    }));
    const gap = inputs.images.find((_, k) => named[k] === '');
    const clinical = inputs.clinical.map(({ at }) => row[at] ?? '');
    return { line: i + 2, ...first!, others, cells: clinical, gap, fields: row.length }; // one column of images at least
  });
  const broken = rows.filter(({ gap, fields }) => gap || fields !== titles.length);
  const clinical = readClinicalCells(
    inputs.clinical,
    rows,
    wanted.table.map(({ kind }) => kind),
  );
  const problems = [
    ...broken.map(({ line, gap, fields }) => ({
      code: 'MANIFEST_INVALID',
      text: `row ${line}: ${fields} fields of ${titles.length}${gap ? `, ${titles[gap.at]!.trim()} empty` : ''}`,
    })),
    ...(rows.length === 0 ? [{ code: 'MANIFEST_INVALID', text: 'it has no rows' }] : []),
    ...clinical.problems,
    ...(broken.length > 0 ? [] : await missingFiles(rows)),
  ];
  throwProblems(file, problems, 'Mend these lines, and run again.');
  return {
    name: path.basename(file),
    classes: [],
    ...(inputs.named ? { inputs: inputs.images.map(({ name }) => name) } : {}),
    ...(clinical.columns.length > 0 ? { table: clinical.columns } : {}),
    samples: rows.map(({ id, file: own, others }, i) => ({
      id,
      source: { kind: 'file', path: own },
      ...(others.length > 0
        ? { others: others.map((one) => ({ id: one.id, source: { kind: 'file', path: one.file } as const })) }
        : {}),
      ...(clinical.columns.length > 0 ? { row: clinical.values[i]! } : {}),
      label: 0,
      patient: id,
    })),
    stacks: new Map(),
    grouping: 'image',
    notes: [],
  };
}
