import { HounsfieldError } from '../../../errors.ts';
import { checkParameters, type PyradiomicsParameters } from './parameters.ts';

/** Most characters of a parameter file and of one of its lines, and most levels of what is in it. */
const MOST_TEXT = 1 << 20;
const MOST_LINE = 1 << 12;
const MOST_DEPTH = 8;

/**
 * Reads a parameter file of pyradiomics: JSON, or the part of YAML that such files use (maps and lists by indentation or in
 * brackets, quoted and plain scalars, comments). The settings for voxel-based extraction are left out.
 * Throws FEATURE_SETTINGS, which names the line.
 *
 * @example pyradiomicsFeatures(image, mask, readPyradiomicsParameters('setting:\n  binWidth: 10\n'))
 */
export function readPyradiomicsParameters(text: string): PyradiomicsParameters {
  if (text.length > MOST_TEXT) throw fault(1, `the file has more than ${MOST_TEXT} characters`);
  const found = text.trimStart().startsWith('{') ? readJson(text) : readBlock(linesOf(text));
  if (found !== null && (typeof found !== 'object' || Array.isArray(found))) {
    throw fault(1, 'the file is no map of setting, imageType and featureClass');
  }
  const { voxelSetting: _, ...parameters } = (found ?? {}) as Record<string, unknown>; // a map, as was just seen
  for (const [part, value] of Object.entries(parameters)) {
    if (typeof value !== 'object' || Array.isArray(value)) throw fault(1, `${part} is no map`);
  }
  const known = Object.entries(parameters).filter(([, value]) => value !== null);
  const read = Object.fromEntries(known) as PyradiomicsParameters; // checked next
  checkParameters(read);
  return read;
}

function fault(line: number, what: string): HounsfieldError {
  return new HounsfieldError(
    'FEATURE_SETTINGS',
    `line ${line} of the parameter file: ${what}. Write it as pyradiomics' own examples are written, or as JSON.`,
  );
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw fault(1, 'the JSON is broken');
  }
}

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

interface Lines {
  readonly all: readonly Line[];
  next: number;
}

function linesOf(text: string): Lines {
  const all = text.split(/\r?\n/).flatMap((line, index) => {
    if (line.length > MOST_LINE) throw fault(index + 1, `it has more than ${MOST_LINE} characters`);
    const content = withoutComment(line).trimEnd();
    const indent = content.length - content.trimStart().length;
    if (content.trim() === '' || content === '---' || content === '...') return [];
    if (content.slice(0, indent).includes('\t')) throw fault(index + 1, 'it is indented by a tab');
    return [{ number: index + 1, indent, text: content.trimStart() }];
  });
  return { all, next: 0 };
}

/** Up to a # that begins the line or follows a space, outside quotes. */
function withoutComment(line: string): string {
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '#' && (at === 0 || /\s/.test(line[at - 1]!))) return line.slice(0, at);
  }
  return line;
}

/** A map or list whose lines are all indented alike. */
function readBlock(lines: Lines, depth = 0): unknown {
  const first = lines.all[lines.next];
  if (!first) return null;
  if (depth > MOST_DEPTH) throw fault(first.number, `it lies more than ${MOST_DEPTH} levels deep`);
  return isItem(first) ? readList(lines, first.indent) : readMap(lines, first.indent, depth);
}

const isItem = ({ text }: Line): boolean => text === '-' || text.startsWith('- ');

function readList(lines: Lines, indent: number): unknown[] {
  const items: unknown[] = [];
  for (
    let line = lines.all[lines.next];
    line && line.indent === indent && isItem(line);
    line = lines.all[lines.next]
  ) {
    items.push(scalar(line.text.slice(1).trim(), line.number));
    lines.next++;
  }
  return items;
}

function readMap(lines: Lines, indent: number, depth: number): Record<string, unknown> {
  const entries = new Map<string, unknown>();
  for (let line = lines.all[lines.next]; line && line.indent >= indent; line = lines.all[lines.next]) {
    const [, key, rest] = /^("[^"]*"|'[^']*'|[^:{}[\],]+?)\s*:(?:\s+(.*))?$/.exec(line.text) ?? [];
    if (line.indent > indent || key === undefined)
      throw fault(line.number, 'there is no name with a colon where one is expected');
    const name = unquoted(key);
    if (entries.has(name)) throw fault(line.number, `${name} is there twice`);
    lines.next++;
    entries.set(name, rest ? scalar(rest, line.number) : below(lines, indent, depth));
  }
  return Object.fromEntries(entries);
}

/** What is indented more than a name, or a list that is indented as much. */
function below(lines: Lines, indent: number, depth: number): unknown {
  const next = lines.all[lines.next];
  if (!next || next.indent < indent || (next.indent === indent && !isItem(next))) return null;
  return readBlock(lines, depth + 1);
}

const unquoted = (text: string): string => (/^(["']).*\1$/.test(text) ? text.slice(1, -1) : text);

/** A value on one line: in brackets or plain. */
function scalar(text: string, line: number): unknown {
  if (text.startsWith('[') || text.startsWith('{')) {
    const tokens = text.match(
      /"[^"]*"|'[^']*'|[[\]{},]|:(?=\s|$)|[^[\]{},:\s'"](?:[^[\]{},]*?[^[\]{},:\s])?(?=\s*(?:[[\]{},]|:\s|$))/g,
    );
    const state = { tokens: tokens ?? [], next: 0, line };
    const value = inBrackets(state, 0);
    if (state.next < state.tokens.length) throw fault(line, 'something follows the closing bracket');
    return value;
  }
  return plain(text);
}

interface Tokens {
  readonly tokens: readonly string[];
  readonly line: number;
  next: number;
}

function inBrackets(state: Tokens, depth: number): unknown {
  const token = state.tokens[state.next++];
  if (token === undefined || depth > MOST_DEPTH)
    throw fault(state.line, 'its brackets do not close, or are too many');
  if (token === '[') {
    const items: unknown[] = [];
    while (state.tokens[state.next] !== ']') {
      items.push(inBrackets(state, depth + 1));
      if (state.tokens[state.next] === ',') state.next++;
      else if (state.tokens[state.next] !== ']')
        throw fault(state.line, 'a comma or a closing bracket is missing');
    }
    state.next++;
    return items;
  }
  if (token !== '{') return plain(token);
  const entries: [string, unknown][] = [];
  while (state.tokens[state.next] !== '}') {
    const key = state.tokens[state.next++];
    if (key === undefined || state.tokens[state.next++] !== ':')
      throw fault(state.line, 'a name without a colon');
    entries.push([unquoted(key), inBrackets(state, depth + 1)]);
    if (state.tokens[state.next] === ',') state.next++;
    else if (state.tokens[state.next] !== '}')
      throw fault(state.line, 'a comma or a closing brace is missing');
  }
  state.next++;
  return Object.fromEntries(entries);
}

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['', null],
  ['~', null],
  ['null', null],
  ['none', null],
  ['true', true],
  ['false', false],
]);

/** As YAML reads a scalar: quoted is text, then null and truth, then numbers. */
function plain(text: string): unknown {
  if (unquoted(text) !== text) return unquoted(text);
  const word = WORDS.get(text.toLowerCase());
  if (word !== undefined) return word;
  return /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : text;
}
