import { analyzeInfo, isAnalyze, readAnalyze } from '../analyze/read-analyze.ts';
import type { ByteSource } from '../byte-source.ts';
import { plainHead } from '../gunzip.ts';
import type { VolumeFormat, VolumeReadOptions } from '../volume-file.ts';
import { isNifti } from './nifti-header.ts';
import { niftiInfo, openTwin, readNifti } from './read-nifti.ts';
import { writeNifti } from './write-nifti.ts';

/** True for the .img of an Analyze pair: a file of bare values, which only its header tells from a NIfTI's. */
async function belongsToAnalyze(source: ByteSource, options: VolumeReadOptions = {}): Promise<boolean> {
  if (!/\.img(\.gz)?$/i.test(source.name) || isNifti(await plainHead(source, 540))) return false;
  const header = await openTwin(source, options);
  const head = await plainHead(header, 540);
  await header.close();
  return isAnalyze(head);
}

/** NIfTI-1 and -2, https://nifti.nimh.nih.gov; an .img whose header is Analyze's is read as that. */
export const NIFTI: VolumeFormat = {
  name: 'NIfTI',
  extensions: ['.nii.gz', '.nii', '.hdr.gz', '.img.gz', '.hdr', '.img'],
  matches: isNifti,
  read: async (source, options) =>
    (await belongsToAnalyze(source, options)) ? readAnalyze(source, options) : readNifti(source, options),
  info: async (source, options) =>
    (await belongsToAnalyze(source, options)) ? analyzeInfo(source, options) : niftiInfo(source, options),
  write: (image, name) => writeNifti(image, { compressed: /\.gz$/i.test(name) }),
};
