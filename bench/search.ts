import { samplerNamed } from '../src/learning/selection/search/samplers.ts';
import { type Benchmark, type Figure, median } from './benchmark.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { signedRank } from './rank-tests.ts';
import { curveEpochs, knownFunctions } from './search-functions.ts';
import { type CurvedTask, curveBest, curved, regretOf } from './search-simulation.ts';
import { trainingEpochs, trainingTask } from './search-training.ts';

/** The name of a way to search, and what it reached for each seed; smaller is better. */
type Reached = readonly [way: string, values: readonly number[]];

/** TPE and halving beside random search, seed by seed, at equal cost. */
export const search: Benchmark = {
  name: 'search',
  describe: 'hyper-parameter search: TPE and successive halving beside random search at equal cost',
  options: [
    ['--seeds <n>', 'how many', '20'],
    ['--first-seed <n>', 'the first of them; the samplers were chosen on seeds 0 to 40', '101'],
    ['--evaluations <n>', 'of a function, a seed', '60'],
    ['--trials <n>', 'whole trials whose epochs a seed of the training task may spend', '25'],
    ['--part <name>', 'all, functions or training', 'all'],
  ],
  async run(options, say) {
    const firstSeed = countOption(options, 'firstSeed');
    const seeds = Array.from({ length: countOption(options, 'seeds') }, (_, i) => i + firstSeed);
    const evaluations = countOption(options, 'evaluations');
    const trials = countOption(options, 'trials');
    const part = String(options['part']);
    const figures: Figure[] = [];
    const compare = (where: string, random: Reached, others: readonly Reached[]) => {
      figures.push(...comparison(where, random, others));
      say(
        `${where}: ${[random, ...others].map(([way, values]) => `${way} ${median(values).toFixed(4)}`).join(', ')}`,
      );
    };
    if (part !== 'training') {
      for (const known of knownFunctions) {
        const ways = (['random', 'tpe'] as const).map(
          (name): Reached => [
            name,
            seeds.map((seed) => regretOf(samplerNamed(name), known, seed, evaluations)),
          ],
        );
        compare(known.name, ways[0]!, ways.slice(1));
      }
      const epochs = 20 * curveEpochs;
      for (const known of knownFunctions) {
        const task = curved(known);
        const ways = await reachedBy(task, seeds, { epochs, parallel: 4 }, known.least);
        compare(`${known.name} with learning curves`, ways[0]!, ways.slice(1));
      }
    }
    if (part !== 'functions') {
      const cost = { epochs: trials * trainingEpochs, parallel: 2 };
      const [random, ...others] = await reachedBy(await trainingTask(), seeds, cost, 0, say);
      compare('small network on 256 radiographs, validation loss', random!, others);
    }
    return {
      versions: productVersions(),
      settings: {
        seeds: seeds.length,
        evaluations,
        curveEpochs: 20 * curveEpochs,
        trainingEpochs: trials * trainingEpochs,
      },
      figures,
      notes: [
        'Medians over seeds of the least value found, above the least there is (of the training task: the loss itself).',
        'p: Wilcoxon signed-rank test over seeds, one-sided. All ways of a row spend the same evaluations or epochs.',
        'With learning curves four trials run at a time, of the training task two; the best trial that came to its end counts.',
      ],
    };
  },
};

const curveWays = [
  ['random', 'random', 'none'],
  ['random, ASHA', 'random', 'asha'],
  ['tpe', 'tpe', 'none'],
  ['tpe, ASHA', 'tpe', 'asha'],
] as const;

/** What each way reaches on a task for each seed, above the least there is. */
async function reachedBy(
  task: CurvedTask,
  seeds: readonly number[],
  cost: { readonly epochs: number; readonly parallel: number },
  least: number,
  say?: (line: string) => void,
): Promise<readonly Reached[]> {
  const found: [string, number[]][] = curveWays.map(([way]) => [way, []]);
  for (const seed of seeds) {
    for (const [i, [, sampler, pruner]] of curveWays.entries()) {
      found[i]![1].push((await curveBest(samplerNamed(sampler), pruner, task, { seed, ...cost })) - least);
    }
    say?.(`seed ${seed}: ${found.map(([way, values]) => `${way} ${values.at(-1)!.toFixed(4)}`).join(', ')}`);
  }
  return found;
}

function comparison(where: string, [, random]: Reached, others: readonly Reached[]): Figure[] {
  const rows: Figure[] = [{ what: `${where}: random`, value: median(random), unit: '' }];
  for (const [way, values] of others) {
    const wins = values.filter((value, i) => value < random[i]!).length / values.length;
    const p = signedRank(values.map((value, i) => random[i]! - value));
    const target = { is: 'at most', value: median(random) } as const;
    rows.push(
      { what: `${where}: ${way}`, value: median(values), unit: '', target },
      { what: `${where}: ${way}, share of seeds better than random`, value: wins, unit: '' },
      { what: `${where}: ${way}, p`, value: p, unit: '' },
    );
  }
  return rows;
}
