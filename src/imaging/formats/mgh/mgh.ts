import type { VolumeFormat } from '../volume-file.ts';
import { isMgh, mghInfo, readMgh } from './read-mgh.ts';
import { writeMgh } from './write-mgh.ts';

/** FreeSurfer's MGH and MGZ. */
export const MGH: VolumeFormat = {
  name: 'MGH',
  extensions: ['.mgh.gz', '.mgz', '.mgh'],
  matches: isMgh,
  read: readMgh,
  info: mghInfo,
  write: (image, name) => writeMgh(image, { compressed: !/\.mgh$/i.test(name) }),
};
