import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Paths below a folder of the repository, with '/', sorted. */
export function filesBelow(folder: string, ending: string): readonly string[] {
  const found = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  return found
    .filter((file) => file.endsWith(ending))
    .map((file) => `${folder}/${file.split(path.sep).join('/')}`)
    .sort();
}

export const textOf = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** Sources that are shipped: no tests. */
export const sources: readonly string[] = filesBelow('src', '.ts').filter(
  (file) => !/\.(test|long)\.ts$/.test(file),
);

export interface Import {
  readonly from: string;
  /** A path from the root for own files, else the package's name. */
  readonly to: string;
  /** Gone after compiling. */
  readonly typeOnly: boolean;
}

/** Every import and re-export of a file, static or dynamic. */
export function importsOf(file: string): readonly Import[] {
  const text = textOf(file).replace(/\/\*[\s\S]*?\*\//g, '');
  const pattern =
    /(?:^|\n)\s*(import|export)\b([^;'"]*?)from\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'/g;
  return [...text.matchAll(pattern)].map(([, , names = '', named, bare, dynamic]) => {
    const target = named ?? bare ?? dynamic ?? '';
    const to = target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : target;
    return { from: file, to, typeOnly: named !== undefined && onlyTypes(names) };
  });
}

function onlyTypes(names: string): boolean {
  if (/^\s*type\b/.test(names)) return true;
  const braces = /^\s*\{([\s\S]*)\}\s*$/.exec(names);
  const parts = braces?.[1]?.split(',').filter((part) => part.trim() !== '') ?? [];
  return parts.length > 0 && parts.every((part) => /^\s*type\b/.test(part));
}
