import type { VolumeFormat } from '../volume-file.ts';
import { analyzeInfo, isAnalyze, readAnalyze } from './read-analyze.ts';

/** Analyze 7.5, with what SPM99 and SPM2 added to it. */
export const ANALYZE: VolumeFormat = {
  name: 'Analyze',
  extensions: ['.hdr.gz', '.img.gz', '.hdr', '.img'],
  matches: isAnalyze,
  read: readAnalyze,
  info: analyzeInfo,
};
