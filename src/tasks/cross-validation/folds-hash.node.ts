import { createHash } from 'node:crypto';
import type { FoldsFile } from '../dataset/folds-file.node.ts';

/** SHA-256 over which samples each fold tests. */
export function testPartsHash({ folds }: Pick<FoldsFile, 'folds'>): string {
  const rows = folds.map(({ name, repeat, test }) => `${name}\t${repeat}\t${[...test].sort().join('\t')}`);
  return createHash('sha256').update(rows.sort().join('\n')).digest('hex');
}
