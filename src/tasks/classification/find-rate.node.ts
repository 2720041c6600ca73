import { writeFileAtomically } from '../../atomic-file.node.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import type { TrainingBatch } from '../../learning/training/loop.ts';
import { findLearningRate, type RateSearch } from '../../learning/training/rate-finder.ts';
import type { TrainingStep } from '../../learning/training/step.ts';
import { drawChart } from '../report/charts.ts';
import type { Phase } from './phases.ts';
import type { Run } from './train-phase.node.ts';

/** Steps of a search, and the epochs at most that they are taken from. */
const STEPS = 60;

/**
 * Looks for a phase's learning rate on its own batches, puts the weights back, and leaves the curve in the run's folder.
 *
 * @throws RATE_NOT_FOUND
 */
export async function findPhaseRate(
  { file, around }: Run,
  phase: Phase,
  step: TrainingStep,
  batches: (epoch: number, fromStep: number) => AsyncIterable<TrainingBatch>,
): Promise<number> {
  const { state } = step;
  const before = new Map<string, Tensor>(state.names.map((name) => [name, structuredClone(state.get(name))]));
  const search = await findLearningRate(step, counted(repeated(batches), around), { steps: STEPS });
  for (const [name, value] of before) state.set(name, value);
  const base = file('config').replace(/config\.json$/, `learning-rate-${phase.name.replace(/\W+/g, '-')}`);
  await writeFileAtomically(`${base}.json`, `${JSON.stringify(search, null, 2)}\n`);
  await writeFileAtomically(`${base}.svg`, await curve(search));
  around.report({
    kind: 'note',
    text: `learning rate of the phase '${phase.name}': ${search.suggestion.toPrecision(3)}, where the loss fell fastest (${base.split('/').at(-1)}.svg)`,
  });
  return search.suggestion;
}

/** The batches of one epoch after another, counted from far above those of the training. */
async function* repeated(
  batches: (epoch: number, fromStep: number) => AsyncIterable<TrainingBatch>,
): AsyncGenerator<TrainingBatch> {
  for (let epoch = 1_000_000; ; epoch++) yield* batches(epoch, 0);
}

/** Tells of each step, at which a run that is asked to stop ends. */
async function* counted(
  batches: AsyncIterable<TrainingBatch>,
  around: Run['around'],
): AsyncGenerator<TrainingBatch> {
  let done = 0;
  for await (const batch of batches) {
    if (done < STEPS)
      around.report({ kind: 'count', text: 'looking for a learning rate', done: ++done, of: STEPS });
    yield batch;
  }
}

/** The smoothed loss over the rate as a picture of its own: SVG. */
export async function curve({ trials, suggestion }: RateSearch): Promise<string> {
  const colours = {
    '--soft': '#555',
    '--grid': '#ddd',
    '--axis': '#999',
    '--first': '#0072b2',
    '--second': '#d55e00',
  };
  const { markup } = await drawChart(
    {
      width: 460,
      height: 280,
      layer: [
        {
          data: { values: trials.map(({ rate, smoothed }) => ({ rate, loss: smoothed })) },
          mark: { type: 'line', color: 'var(--first)' },
          encoding: {
            x: { field: 'rate', type: 'quantitative', scale: { type: 'log' }, title: 'learning rate' },
            y: { field: 'loss', type: 'quantitative', scale: { zero: false }, title: 'loss, smoothed' },
          },
        },
        {
          data: { values: [{ rate: suggestion }] },
          mark: { type: 'rule', strokeDash: [4, 3], color: 'var(--second)' },
          encoding: { x: { field: 'rate', type: 'quantitative' } },
        },
      ],
    },
    `Loss over learning rate; it falls fastest at ${suggestion.toPrecision(3)}.`,
  );
  const style = Object.entries(colours)
    .map(([name, value]) => `${name}:${value}`)
    .join(';');
  return `${markup}\n`.replace(
    '<svg ',
    `<svg xmlns="http://www.w3.org/2000/svg" style="${style};background:#fff;font:13px sans-serif" `,
  );
}
