import type { VolumeFormat } from '../volume-file.ts';
import { isNifti } from './nifti-header.ts';
import { niftiInfo, readNifti } from './read-nifti.ts';
import { writeNifti } from './write-nifti.ts';

/** NIfTI-1 and -2, https://nifti.nimh.nih.gov. */
export const NIFTI: VolumeFormat = {
  name: 'NIfTI',
  extensions: ['.nii.gz', '.nii', '.hdr.gz', '.img.gz', '.hdr', '.img'],
  matches: isNifti,
  read: readNifti,
  info: niftiInfo,
  write: (image, name) => writeNifti(image, { compressed: /\.gz$/i.test(name) }),
};
