import { stat } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../src/errors.ts';
import { repository } from './repository.ts';

/** A file or folder of the shared data, in $HOUNSFIELD_DATA or beside the repository. @throws DATA_MISSING */
export async function sharedFile(name: string): Promise<string> {
  const root = process.env['HOUNSFIELD_DATA'] ?? path.join(repository, '..', 'shared', 'data');
  const file = path.join(root, name);
  if (await stat(file).catch(() => undefined)) return file;
  throw new HounsfieldError(
    'DATA_MISSING',
    `${file} is not there. Name the folder of the data by HOUNSFIELD_DATA.`,
  );
}
