import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import type { NamedStep } from '../../imaging/transforms/history.ts';
import type { Dataset, TargetKind } from './dataset.ts';
import { findDuplicates, joinDuplicates } from './duplicates.ts';
import { type Fingerprint, fingerprint } from './fingerprint.ts';
import { loadDataset } from './manifest.node.ts';
import { preparationFaults } from './preparation.ts';
import { DEFAULT_FRACTIONS, type SplitFractions, type Splits, splitDataset } from './split.ts';
import { surveyInputs } from './survey.node.ts';

export interface InspectOptions {
  readonly patientPattern?: string;
  readonly target?: 'auto' | TargetKind;
  /** See LoadOptions. */
  readonly classes?: readonly string[];
  /** Done to every image after it is opened, as in training. */
  readonly preprocess?: readonly NamedStep[];
  /** Whether samples are volumes, as for 3-D networks and --pooling. */
  readonly volumes?: boolean;
  /** Of the split shown; 1 when left out, as in training. */
  readonly seed?: number;
  readonly fractions?: SplitFractions;
  readonly onProgress?: (done: number, of: number) => void;
}

/**
 * Opens every image once and tells what the data set holds and how training would divide it. Unreadable images,
 * duplicates and a split that cannot be drawn are part of the answer, not errors.
 *
 * @throws what loadDataset throws; SETTINGS_INVALID
 */
export async function inspectDataset(data: string, options: InspectOptions = {}): Promise<Fingerprint> {
  const faults = options.preprocess ? preparationFaults(options.preprocess) : [];
  if (faults.length > 0) {
    throw new HounsfieldError('SETTINGS_INVALID', `preprocess: ${faults.join('; ')}. Correct these.`);
  }
  const loaded = await loadDataset(data, {
    ...(options.patientPattern ? { patientPattern: options.patientPattern } : {}),
    ...(options.target ? { target: options.target } : {}),
    ...(options.classes ? { classes: options.classes } : {}),
    ...(options.volumes ? { volumes: true } : {}),
  });
  const volumes = options.volumes ? { volumes: true } : {};
  const dataset = { ...loaded, preparation: options.preprocess ?? [], ...volumes };
  const surveys = await surveyInputs(dataset, options.onProgress);
  const survey = surveys[0]!; // one image at least
  const pairs = surveys.flatMap(findDuplicates);
  const joined = dataset.samples.some(({ split }) => split) ? dataset : joinDuplicates(dataset, pairs);
  const { splits, note } = splitPreview(joined, options);
  const found = fingerprint(dataset, survey, pairs, splits, surveys);
  return note ? { ...found, notes: [...found.notes, note] } : found;
}

function splitPreview(
  dataset: Dataset,
  { seed = 1, fractions = DEFAULT_FRACTIONS }: InspectOptions,
): { splits?: Splits; note?: string } {
  try {
    return { splits: splitDataset(dataset, seed, fractions) };
  } catch (error) {
    if (isHounsfieldError(error)) return { note: `Training could not divide it: ${error.message}` };
    throw error;
  }
}
