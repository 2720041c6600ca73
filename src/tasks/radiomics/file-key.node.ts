import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { RegionSource } from './cases.ts';

/** What a region's files are known by: paths, sizes and times of change, of a folder those of its files. */
export async function fileKey({ image, mask, maskValue }: RegionSource): Promise<string> {
  const hash = createHash('sha256');
  for (const file of mask === undefined ? [image] : [image, mask]) {
    for (const one of await filesOf(file)) {
      const { size, mtimeMs, ctimeMs } = await stat(one);
      hash.update(`${path.resolve(one)}\0${size} ${mtimeMs} ${ctimeMs}\0`);
    }
  }
  return hash.update(String(maskValue ?? '')).digest('hex');
}

async function filesOf(file: string): Promise<readonly string[]> {
  if (!(await stat(file)).isDirectory()) return [file];
  return (await readdir(file)).sort().map((name) => path.join(file, name));
}
