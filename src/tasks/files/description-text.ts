import type {
  SeriesListing,
  StackListing,
  StudyListing,
} from '../../imaging/formats/dicom/series/series-listing.ts';
import { uidName } from '../../imaging/formats/dicom/uid-names.ts';
import type { PathDescription } from './describe-path.node.ts';

type Fact = readonly [name: string, value: string];

/** A description as lines no wider than `columns`. */
export function descriptionText(description: PathDescription, columns: number): string {
  if (description.format === 'folder' && 'studies' in description) return folderText(description, columns);
  if (!('facts' in description)) return '';
  const { path, format, facts, identity, warnings } = description;
  const lines = [path, ...factLines([['format', format], ...facts], columns)];
  if (identity.length > 0) lines.push('', 'identity', ...factLines(identity, columns));
  if (warnings.length > 0)
    lines.push('', 'warnings', ...warnings.flatMap((text) => wrapped(text, columns, '  ')));
  return lines.join('\n');
}

function factLines(facts: readonly Fact[], columns: number): string[] {
  const width = Math.min(18, Math.max(...facts.map(([name]) => name.length)));
  return facts.flatMap(([name, value]) => {
    const lines = value.split('\n').flatMap((line) => wrapped(line, columns - width - 4, ''));
    return lines.map((line, i) => `  ${(i === 0 ? name : '').padEnd(width)}  ${line}`.trimEnd());
  });
}

/** A text broken at spaces, and inside of words that are longer than a line. */
export function wrapped(text: string, columns: number, indent: string): string[] {
  const room = Math.max(16, columns - indent.length);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (joined.length <= room) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (line.length > room) {
      lines.push(line.slice(0, room));
      line = line.slice(room);
    }
  }
  return [...lines, line].map((one) => indent + one);
}

function folderText(
  folder: Extract<PathDescription, { readonly studies: readonly StudyListing[] }>,
  columns: number,
): string {
  const { studies, instances, others, dicomdirs, unreadable, skipped } = folder;
  const lines = [folder.path];
  studies.forEach((study, i) => {
    lines.push('', `study ${i + 1} of ${studies.length}`);
    for (const series of study.series) lines.push(...seriesLines(series, columns));
  });
  lines.push(
    '',
    `${instances} DICOM ${instances === 1 ? 'object' : 'objects'} in ${studies.length} ${studies.length === 1 ? 'study' : 'studies'}`,
  );
  const counts = Object.entries(others).map(([format, count]) => `${count} ${format}`);
  if (counts.length > 0) lines.push(...wrapped(`besides: ${counts.join(', ')}`, columns, ''));
  if (dicomdirs.length > 0) lines.push(`${dicomdirs.length} DICOMDIR`);
  for (const { message } of unreadable) lines.push(...wrapped(`cannot be read: ${message}`, columns, '  '));
  for (const path of skipped) lines.push(...wrapped(`passed over: ${path}`, columns, '  '));
  return lines.join('\n');
}

function seriesLines(series: SeriesListing, columns: number): string[] {
  const { number, modality, instances, sopClassUids, stacks, patient, uid } = series;
  const kinds = [...new Set(sopClassUids.map((one) => uidName(one)?.replace(/ Storage$/, '') ?? 'unknown'))];
  const title = `series ${number ?? '?'}, ${modality || 'no modality'}, ${instances} ${instances === 1 ? 'object' : 'objects'}`;
  const lines = wrapped(`${title}: ${kinds.join(', ')}`, columns, '  ');
  for (const stack of stacks) lines.push(...stackLines(stack, columns));
  const named = Object.entries(patient ?? {}).map(([name, value]) => `${name} ${value}`);
  if (named.length > 0) lines.push(...wrapped(`${named.join('; ')}; series UID ${uid}`, columns, '    '));
  return lines;
}

function stackLines(stack: StackListing, columns: number): string[] {
  const {
    columns: across,
    rows,
    slices,
    timePoints,
    timeAxis,
    spacingMm,
    orientation,
    distinction,
    problem,
  } = stack;
  const parts = [
    `${across} × ${rows}${slices > 1 ? ` × ${slices}` : ''}`,
    ...(timePoints > 1 ? [`${timePoints} time points${timeAxis ? ` by ${timeAxis}` : ''}`] : []),
    ...(spacingMm ? [`${spacingMm.map((value) => Number(value.toPrecision(4))).join(' × ')} mm`] : []),
    ...(orientation ? [orientation] : []),
    ...distinction,
  ];
  const lines = wrapped(parts.join(', '), columns, '    ');
  return problem ? [...lines, ...wrapped(problem.message, columns, '      ')] : lines;
}
