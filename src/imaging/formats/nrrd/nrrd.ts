import type { VolumeFormat } from '../volume-file.ts';
import { isNrrd } from './nrrd-header.ts';
import { nrrdInfo, readNrrd } from './read-nrrd.ts';
import { writeNrrd } from './write-nrrd.ts';

/** NRRD, http://teem.sourceforge.net/nrrd, with 3D Slicer's segmentations. */
export const NRRD: VolumeFormat = {
  name: 'NRRD',
  extensions: ['.seg.nrrd', '.nrrd', '.nhdr'],
  matches: isNrrd,
  read: readNrrd,
  info: nrrdInfo,
  write: (image) => writeNrrd(image),
};
