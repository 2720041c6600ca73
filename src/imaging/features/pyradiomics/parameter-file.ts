import { LineCounter, parseDocument } from 'yaml';
import { HounsfieldError } from '../../../errors.ts';
import { checkParameters, type PyradiomicsParameters } from './parameters.ts';

/** Most characters of a parameter file, and most that its aliases may make of it. */
const MOST_TEXT = 1 << 20;
const MOST_ALIASES = 100;

/**
 * Reads a parameter file of pyradiomics: YAML, of which JSON is a part. The settings for voxel-based extraction are left
 * out. Throws FEATURE_SETTINGS, which names the line.
 *
 * @example pyradiomicsFeatures(image, mask, readPyradiomicsParameters('setting:\n  binWidth: 10\n'))
 */
export function readPyradiomicsParameters(text: string): PyradiomicsParameters {
  if (text.length > MOST_TEXT) throw fault(1, `the file has more than ${MOST_TEXT} characters`);
  const found = readYaml(text);
  if (found !== null && (typeof found !== 'object' || Array.isArray(found))) {
    throw fault(1, 'the file is no map of setting, imageType and featureClass');
  }
  const { voxelSetting: _, ...parameters } = (found ?? {}) as Record<string, unknown>; // a map, as was just seen
  for (const [part, value] of Object.entries(parameters)) {
    if (typeof value !== 'object' || Array.isArray(value)) throw fault(1, `${part} is no map`);
  }
  const known = Object.entries(parameters).filter(([, value]) => value !== null);
  const read = Object.fromEntries(known) as PyradiomicsParameters; // checked next
  checkParameters(read);
  return read;
}

function readYaml(text: string): unknown {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [error] = document.errors;
    if (error) throw fault(lines.linePos(error.pos[0]).line, error.message.split('\n')[0]!);
    return document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
  } catch (cause) {
    if (cause instanceof HounsfieldError) throw cause;
    throw fault(1, cause instanceof Error ? cause.message : String(cause));
  }
}

function fault(line: number, what: string): HounsfieldError {
  return new HounsfieldError(
    'FEATURE_SETTINGS',
    `line ${line} of the parameter file: ${what}. Write it as pyradiomics' own examples are written, or as JSON.`,
  );
}
