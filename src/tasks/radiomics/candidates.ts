import { checkPipeline, type PipelineSettings } from '../../learning/classifiers/pipeline/needed-steps.ts';
import { classifiers } from '../../learning/classifiers/registry.ts';
import type { RadiomicsSettings } from './settings.ts';

/** One pipeline that is compared with others. */
export interface Candidate {
  /** The classifier's name: candidates of one family differ in its settings. */
  readonly family: string;
  /** 'support-vector-machine (kernel rbf, C 10)'. */
  readonly title: string;
  readonly pipeline: PipelineSettings;
}

/**
 * The candidates of a run: of each classifier named without settings those that its registry entry offers.
 *
 * @throws what checkPipeline throws
 */
export function candidatesOf({
  steps,
  resampling,
  classWeights,
  classifiers: named,
}: Pick<RadiomicsSettings, 'steps' | 'resampling' | 'classWeights' | 'classifiers'>): readonly Candidate[] {
  const found = named.flatMap(({ name, settings }) => {
    const offered = settings ? [settings] : (classifiers.get(name)?.candidates ?? [{}]);
    return offered.map((own): Candidate => {
      const plain = { ...own } as Readonly<Record<string, unknown>>; // settings are plain JSON
      return {
        family: name,
        title: titleOf(name, plain),
        pipeline: {
          steps,
          ...(resampling ? { resampling } : {}),
          ...(classWeights === 'none' ? {} : { classWeights }),
          classifier: { name, settings: plain },
        },
      };
    });
  });
  for (const { pipeline } of found) checkPipeline(pipeline);
  return found;
}

function titleOf(name: string, settings: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(settings).map(
    ([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  return words.length === 0 ? name : `${name} (${words.join(', ')})`;
}
