import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { rocAuc } from '../src/evidence/metrics/ranking.ts';
import type { FittedClassifier } from '../src/learning/classifiers/classifier.ts';
import { type Matrix, matrix } from '../src/learning/classifiers/matrix.ts';
import {
  fitSupportVectorMachine,
  supportVectorMachine,
} from '../src/learning/classifiers/svm/support-vector-machine.ts';
import {
  fitGradientBoosting,
  gradientBoosting,
} from '../src/learning/classifiers/trees/gradient-boosting.ts';
import { fitRandomForest, randomForest } from '../src/learning/classifiers/trees/random-forest.ts';
import { RandomStream } from '../src/random.ts';
import { type Benchmark, type Figure, median, spreadOf } from './benchmark.ts';
import { type Side, startSide } from './json-lines-process.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';

/** The same learner on both sides. */
interface Contest {
  readonly name: string;
  /** Rows to learn from: all, or this many. */
  readonly rows?: number;
  readonly ours: (x: Matrix, y: Int32Array) => FittedClassifier;
  readonly kind: string;
  readonly theirs: Readonly<Record<string, unknown>>;
  readonly target?: number;
}

const SEED = { seed: 1 };

const contestsOf = (trees: number): readonly Contest[] => [
  {
    name: `random forest, ${trees} trees`,
    ours: (x, y) => fitRandomForest(x, y, 2, randomForest.check({ trees }), SEED),
    kind: 'RandomForestClassifier',
    theirs: { n_estimators: trees, n_jobs: 1, random_state: 1 },
    target: 1 / 1.5,
  },
  {
    name: 'histogram gradient boosting, 100 rounds of 31 leaves',
    ours: (x, y) => fitGradientBoosting(x, y, 2, gradientBoosting.check({}), SEED),
    kind: 'HistGradientBoostingClassifier',
    theirs: { max_iter: 100, max_leaf_nodes: 31, early_stopping: false },
    target: 1 / 1.5,
  },
  {
    name: 'RBF support vectors, 5,000 rows',
    rows: 5000,
    ours: (x, y) =>
      fitSupportVectorMachine(x, y, 2, supportVectorMachine.check({ probability: 'votes' }), SEED),
    kind: 'SVC',
    theirs: {},
    target: 1 / 1.5,
  },
  {
    name: 'RBF support vectors with probabilities, 5,000 rows',
    rows: 5000,
    ours: (x, y) => fitSupportVectorMachine(x, y, 2, supportVectorMachine.check({}), SEED),
    kind: 'SVC',
    theirs: { probability: true, random_state: 1 },
  },
];

/** Time to learn from a table of numbers on one thread, beside scikit-learn. */
export const classifierTraining: Benchmark = {
  name: 'classifier-training',
  describe:
    'processor time of fitting forests, boosting and support vectors, one thread, against scikit-learn',
  options: [
    ['--rows <n>', 'rows to learn from', '100000'],
    ['--columns <n>', 'columns, at least 8', '50'],
    ['--trees <n>', 'trees of the forest', '100'],
    ['--rounds <n>', 'turns of each side, alternating', '3'],
  ],
  async run(options, say) {
    const [rows, columns] = [countOption(options, 'rows'), Math.max(8, countOption(options, 'columns'))];
    const [trees, rounds] = [countOption(options, 'trees'), countOption(options, 'rounds')];
    const held = Math.ceil(rows / 5);
    const table = madeTable(rows + held, columns);
    const folder = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-bench-'));
    const peer = startSide(
      'scikit-learn',
      await peerPython(),
      [path.join(repository, 'bench', 'classifiers_peer.py')],
      {
        OMP_NUM_THREADS: '1',
      },
    );
    try {
      const files = { x: path.join(folder, 'x'), y: path.join(folder, 'y') };
      await writeFile(files.x, new Uint8Array(Float32Array.from(table.x.values).buffer));
      await writeFile(files.y, new Uint8Array(table.y.buffer));
      await peer.ask({ command: 'table', columns, ...files });
      const figures: Figure[] = [];
      for (const contest of contestsOf(trees)) {
        figures.push(...(await measured(contest, table, held, peer, rounds, say)));
      }
      const { error: _error, ...versions } = (await peer.ask({ command: 'describe' })) as Record<
        string,
        string
      >; // texts
      return {
        versions: { ...productVersions(), ...versions },
        settings: { rows, columns, held, rounds, threads: 1 },
        figures,
        notes: [
          `Both sides learn from the same float32 table of ${rows} rows and ${columns} columns, two classes, one thread; medians of alternating turns.`,
          'The time is that of the processor, of all threads of a side together.',
          'The area under the curve is of rows that neither side learned from.',
        ],
      };
    } finally {
      await peer.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

interface Table {
  readonly x: Matrix;
  readonly y: Int32Array;
}

/** Normal columns; the class depends on five of them, not linearly, and on chance. */
function madeTable(rows: number, columns: number): Table {
  const stream = new RandomStream({ seed: 20, purpose: 'bench-classifier-training' });
  const values = new Float64Array(rows * columns);
  const y = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const at = i * columns;
    for (let j = 0; j < columns; j++) values[at + j] = Math.fround(stream.normal());
    const [a, b, c, d, e] = values.subarray(at, at + 5) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ]; // five are there
    y[i] = a + b * c + Math.sin(2 * d) + 0.5 * e * e - 0.5 + stream.normal() > 0 ? 1 : 0;
  }
  return { x: matrix(values, rows, columns), y };
}

const firstRows = ({ x, y }: Table, rows: number): Table => ({
  x: matrix(x.values.slice(0, rows * x.columns), rows, x.columns),
  y: y.slice(0, rows),
});

async function measured(
  { name, ours, kind, theirs, target, ...contest }: Contest,
  table: Table,
  held: number,
  peer: Side,
  rounds: number,
  say: (line: string) => void,
): Promise<Figure[]> {
  const { columns } = table.x;
  const rows = contest.rows ?? table.x.rows - held;
  const learning = firstRows(table, rows);
  const unseen = matrix(table.x.values.slice(-held * columns), held, columns);
  const [ourTimes, theirTimes]: [number[], number[]] = [[], []];
  let [ourArea, theirArea] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    const fitted = ours(learning.x, learning.y);
    const { user, system } = process.cpuUsage(start);
    ourTimes.push((user + system) / 1000);
    if (round === 0) ourArea = area(fitted.predict(unseen), table.y.subarray(-held));
    const reply = await peer.ask({ command: 'train', kind, settings: theirs, rows, held });
    theirTimes.push(reply['ms'] as number); // the peer's numbers
    theirArea = reply['auc'] as number;
    say(`${name}: ${ourTimes.at(-1)!.toFixed(0)} ms, scikit-learn ${theirTimes.at(-1)!.toFixed(0)} ms`);
  }
  const ratios = ourTimes.map((ms, i) => theirTimes[i]! / ms);
  const time = (who: string, all: readonly number[]): Figure => ({
    what: `${name}, ${who}`,
    value: median(all),
    unit: 'ms',
    spread: spreadOf(all),
  });
  return [
    time('Hounsfield', ourTimes),
    time('scikit-learn', theirTimes),
    {
      what: `${name}, speed`,
      value: median(theirTimes) / median(ourTimes),
      unit: 'x',
      spread: spreadOf(ratios),
      ...(target === undefined ? {} : { target: { is: 'at least', value: target } as const }),
    },
    { what: `${name}, area under the curve, Hounsfield`, value: ourArea, unit: '' },
    { what: `${name}, area under the curve, scikit-learn`, value: theirArea, unit: '' },
  ];
}

/** Of the second class's probabilities. */
function area(probabilities: Float64Array, y: Int32Array): number {
  return rocAuc(
    Float64Array.from(y, (_, i) => probabilities[2 * i + 1]!),
    y,
  );
}
