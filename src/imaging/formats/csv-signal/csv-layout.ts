import { HounsfieldError } from '../../../errors.ts';

/** How a table of samples is written. */
export interface CsvLayout {
  readonly separator: ',' | ';' | '\t' | '|' | ' ';
  readonly decimal: '.' | ',';
}

/** Words that stand for a missing sample. */
const MISSING_WORDS = new Set(['', '-', 'nan', 'na', 'n/a', 'null', 'none', '.', '?']);
/** Characters of a date and time with its zone, and room. */
const LONGEST_TIME = 64;
const SEPARATORS: readonly CsvLayout['separator'][] = ['\t', ';', '|', ',', ' '];

export function invalidCsv(name: string, line: number, what: string): HounsfieldError {
  return new HounsfieldError(
    'CSV_INVALID',
    `${name}, line ${line}: ${what}. Mend that line, or name the layout in the options.`,
  );
}

/** Fields of a line, double quotes taken off; a quoted field may hold the separator and doubled quotes. */
export function splitLine(line: string, separator: CsvLayout['separator']): string[] {
  if (separator === ' ') return line.trim().split(/[ \t]+/);
  if (!line.includes('"')) return line.split(separator).map((field) => field.trim());
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const letter = line[i]!;
    if (letter === '"') {
      if (quoted && line[i + 1] === '"') {
        field += '"';
        i++;
      } else {
        quoted = !quoted;
      }
    } else if (letter === separator && !quoted) {
      fields.push(field.trim());
      field = '';
    } else {
      field += letter;
    }
  }
  fields.push(field.trim());
  return fields;
}

/** A field's number, NaN where it is a word for a missing one, undefined where it is neither. */
export function fieldValue(field: string, decimal: CsvLayout['decimal']): number | undefined {
  if (MISSING_WORDS.has(field.toLowerCase())) return Number.NaN;
  const text = decimal === ',' ? field.replace(',', '.') : field;
  const value = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** Seconds of a clock time (0:00.125, 1:02:03.5) or of an ISO date and time, quotes or brackets around it allowed. */
export function clockValue(field: string): number | undefined {
  if (field.length > LONGEST_TIME) return undefined;
  const text = field.replace(/^['[]+|['\]]+$/g, '').trim();
  const clock = /^(?:(\d+):)?(\d+):(\d{2}(?:\.\d+)?)$/.exec(text);
  if (clock) return Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[-+]\d\d:?\d\d)?$/.test(text)) return undefined;
  // without a zone the clock's own time: only differences are used
  const zoned = /(Z|[-+]\d\d:?\d\d)$/.test(text.slice(10)) ? text : `${text}Z`;
  const milliseconds = Date.parse(zoned.replace(' ', 'T'));
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

/**
 * The separator and decimal sign under which the sample lines split into the same number of fields, most of them numbers.
 * A comma is a decimal sign only where something else separates.
 */
export function guessLayout(lines: readonly string[]): CsvLayout | undefined {
  let best: { readonly layout: CsvLayout; readonly score: number } | undefined;
  for (const separator of SEPARATORS) {
    const rows = lines.map((line) => splitLine(line, separator));
    const width = rows.at(-1)?.length ?? 0;
    const even = rows.filter((row) => row.length === width).length;
    if (even < rows.length * 0.5) continue;
    for (const decimal of separator === ',' ? (['.'] as const) : (['.', ','] as const)) {
      const body = rows.slice(-Math.max(1, Math.floor(rows.length / 2)));
      const fields = body.flat();
      const numbers = fields.filter((field) => fieldValue(field, decimal) !== undefined).length;
      const real = fields.some((field) => Number.isFinite(fieldValue(field, decimal)));
      // all else equal: more columns, then a point
      const score = real ? numbers / fields.length + Math.min(width, 50) * 1e-3 : 0;
      if (score > 0.5 && score > (best?.score ?? 0) + 1e-9) best = { layout: { separator, decimal }, score };
    }
  }
  return best?.layout;
}
