import { HounsfieldError } from '../../errors.ts';
import {
  type Block,
  depthRates,
  isPartOf,
  matcher,
  parameterBlocks,
} from '../../learning/training/blocks.ts';
import type { ClassificationSettings, PhaseSettings } from './settings.ts';

/** A part of the training as it will be done. */
export interface Phase {
  readonly name: string;
  readonly epochs: number;
  /** Highest learning rate; 'find': looked for when the phase begins. */
  readonly lr: number | 'find';
  readonly patience: number;
  readonly augment: boolean;
  readonly frozen: (parameter: string) => boolean;
  readonly keepsStatistics: (layer: string) => boolean;
  readonly rateFactor: (parameter: string) => number;
  /** Names of the blocks in which something is trained, from input to head. */
  readonly blocks: readonly string[];
  /** Numbers of parameter tensors trained, and of all. */
  readonly trained: number;
  readonly of: number;
}

interface Named {
  readonly name: string;
  readonly shape?: readonly unknown[] | undefined;
}

/**
 * The phases of a run for a network's parameters.
 *
 * @param head what the names of the head's parameters begin with, or several such
 * @param given the blocks, where names do not tell; without the head
 * @throws NOTHING_TO_TRAIN naming the phase, FREEZE_PATTERN when a pattern names no parameter
 */
export function planPhases(
  settings: ClassificationSettings,
  parameters: readonly Named[],
  head: string | readonly string[],
  given?: readonly Block[],
): readonly Phase[] {
  requireMatches(settings.freeze, parameters);
  const byName = parameterBlocks(parameters, head);
  const blocks = given ? [...given, ...byName.slice(-1)] : byName;
  const rates = depthRates(blocks, settings.depthDecay);
  const isFrozen = matcher(settings.freeze);
  const whole: PhaseSettings = { name: 'all', train: 'all', epochs: settings.epochs };
  const asked = settings.phases.length > 0 ? settings.phases : [whole];
  return asked.map((phase) => {
    const open = blocks.slice(firstOpen(phase, blocks.length));
    const trained = new Set(open.flatMap((block) => block.parameters).filter((name) => !isFrozen(name)));
    if (trained.size === 0) {
      throw new HounsfieldError(
        'NOTHING_TO_TRAIN',
        `in the phase '${phase.name}' every parameter is frozen. Leave at least one free to learn (--freeze, --phases).`,
      );
    }
    const frozen = (name: string) => !trained.has(name);
    return {
      name: phase.name,
      epochs: phase.epochs,
      lr: phase.lr ?? settings.lr,
      patience: phase.patience ?? settings.patience,
      augment:
        phase.augment !== false &&
        (Object.keys(settings.augment).length > 0 || settings.augmentVolumes !== undefined),
      frozen,
      keepsStatistics: (layer) =>
        phase.statistics === 'keep' ||
        parameters.filter(({ name }) => isPartOf(name, layer)).every(({ name }) => frozen(name)),
      rateFactor: (name) => rates.get(name) ?? 1,
      blocks: open
        .filter((block) => block.parameters.some((name) => trained.has(name)))
        .map(({ name }) => name),
      trained: trained.size,
      of: parameters.length,
    };
  });
}

/** Epochs of all phases together. */
export const totalEpochs = (phases: readonly Phase[]): number =>
  phases.reduce((sum, { epochs }) => sum + epochs, 0);

function firstOpen({ train }: PhaseSettings, blocks: number): number {
  if (train === 'all') return 0;
  return Math.max(0, blocks - 1 - (train === 'head' ? 0 : train.lastBlocks));
}

function requireMatches(patterns: readonly string[], parameters: readonly Named[]): void {
  const idle = patterns.filter((pattern) => !parameters.some(({ name }) => matcher([pattern])(name)));
  if (idle.length === 0) return;
  const some = parameters.slice(0, 5).map(({ name }) => name);
  throw new HounsfieldError(
    'FREEZE_PATTERN',
    `${idle.map((pattern) => `'${pattern}'`).join(', ')} names no parameter. They are called ${some.join(', ')}, …; ` +
      "'*' stands for any text.",
  );
}

/** One phase in words: what is trained, for how long, how fast. */
export function describePhase({ name, epochs, lr, blocks, trained, of }: Phase): string {
  const what = trained === of ? 'every parameter' : `${trained} of ${of} parameters (${shortened(blocks)})`;
  return `phase '${name}': ${what}, ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, learning rate ${lr === 'find' ? 'to be found' : `up to ${Number(lr.toPrecision(3))}`}`;
}

const shortened = (blocks: readonly string[]): string =>
  blocks.length <= 3 ? blocks.join(', ') : `${blocks[0]} to ${blocks.at(-1)}`;
