import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { HounsfieldError } from '../../errors.ts';
import { readDataLiteral } from '../../learning/selection/search/data-literal.ts';

/** Longest file that is read, in bytes. */
const LONGEST = 1_000_000;

/**
 * What a space file holds, not yet checked: JSON; TypeScript, read as data on every Node.js and never run; or
 * JavaScript, run by Node.js, whose default export it is.
 *
 * @throws SPACE_UNREADABLE
 */
export async function readSpaceFile(file: string): Promise<unknown> {
  const kind = path.extname(file).toLowerCase();
  if (!['.json', '.ts', '.mts', '.js', '.mjs'].includes(kind)) {
    throw unreadable(file, `is of kind '${kind}', expected .json, .ts or .mjs`);
  }
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unreadable(file, `cannot be read (${reasonOf(cause)})`, cause);
  });
  if (text.length > LONGEST)
    throw unreadable(file, `has ${text.length} characters, expected at most ${LONGEST}`);
  try {
    if (kind === '.json') return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
    if (kind === '.ts' || kind === '.mts') return readDataLiteral(text);
    const loaded = (await import(pathToFileURL(path.resolve(file)).href)) as { default?: unknown }; // a module's shape
    if (loaded.default === undefined) throw new Error('there is no default export');
    // What is searched is written down as JSON: no functions, no dates.
    return JSON.parse(JSON.stringify(loaded.default)) as unknown;
  } catch (cause) {
    throw unreadable(file, `cannot be read as ${kindNames[kind]!} (${reasonOf(cause)})`, cause);
  }
}

const kindNames: Readonly<Record<string, string>> = {
  '.json': 'JSON',
  '.ts': 'TypeScript',
  '.mts': 'TypeScript',
  '.js': 'JavaScript',
  '.mjs': 'JavaScript',
};

function unreadable(file: string, what: string, cause?: unknown): HounsfieldError {
  return new HounsfieldError(
    'SPACE_UNREADABLE',
    `${file} ${what}. docs/how-to/hyper-parameter-search.md shows a space.`,
    {
      cause,
    },
  );
}

function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/^SPACE_UNREADABLE: /, '').replace(/\.$/, '');
}
