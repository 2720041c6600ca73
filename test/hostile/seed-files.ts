import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Seed } from './mutate.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
/** This file runs as test/hostile/*.ts and, compiled, as dist/test/hostile/*.js. */
export const repository = path.resolve(
  here,
  here.includes(`${path.sep}dist${path.sep}`) ? '../../..' : '../..',
);
export const dataRoot = process.env['HOUNSFIELD_DATA'] ?? path.join(repository, '..', 'shared', 'data');

export interface Choice {
  /** How many, spread over the sorted list. */
  readonly most: number;
  readonly largestBytes: number;
  /** Of names, below the folder. */
  readonly matching?: RegExp;
  /** Files that belong to one: all with the same name up to the extension. */
  readonly companions?: boolean;
}

/** Small files of the shared data as seeds; none where the folder is absent. */
export function dataSeeds(folder: string, choice: Choice): readonly Seed[] {
  const root = path.join(dataRoot, folder);
  if (!existsSync(root)) return [];
  const all = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  const fitting = all.filter((name) => {
    const info = statSync(path.join(root, name));
    const size = info.isFile() ? info.size : 0;
    if (/(^|\/)(LICENSE|README)|\.(json|md|txt|jpe?g|csv)$/i.test(name) && choice.matching === undefined)
      return false;
    return size > 0 && size <= choice.largestBytes && (choice.matching ?? /./).test(name);
  });
  const step = Math.max(1, fitting.length / choice.most);
  const chosen = Array.from(
    { length: Math.min(choice.most, fitting.length) },
    (_, i) => fitting[Math.floor(i * step)]!,
  );
  return chosen.map((name) => {
    const stem = name.replace(/\.[^./]*$/, '.');
    const beside =
      choice.companions === true ? all.filter((other) => other !== name && other.startsWith(stem)) : [];
    const files = [name, ...beside].map((file) => ({
      name: path.basename(file),
      bytes: Uint8Array.from(readFileSync(path.join(root, file))),
    }));
    return { name: `${folder}/${name}`, files };
  });
}
