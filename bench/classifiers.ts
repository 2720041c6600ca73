import path from 'node:path';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { rocAuc, rocAucMacro } from '../src/evidence/metrics/ranking.ts';
import type { Classifier } from '../src/learning/classifiers/classifier.ts';
import { type Matrix, matrix, takeRows } from '../src/learning/classifiers/matrix.ts';
import { classifiers } from '../src/learning/classifiers/registry.ts';
import { type FoldedTable, foldedTables, otherRows, type TableName } from '../test/peers/folded-tables.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { type Side, startSide } from './json-lines-process.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';

/** scikit-learn's name for a classifier, and the settings with which the two are the same. */
interface Counterpart {
  readonly kind: string;
  readonly theirs?: Readonly<Record<string, unknown>>;
  readonly ours?: Readonly<Record<string, unknown>>;
  /** Whether random numbers decide: the figures are then means over seeds, ten times as many for what varies most. */
  readonly random?: boolean | 'much';
  /** How far the areas may be apart; .01 where nothing is said. */
  readonly areaWithin?: number;
}

const counterparts: Readonly<Record<string, Counterpart>> = {
  'logistic-regression': {
    kind: 'LogisticRegression',
    theirs: { max_iter: 5000 },
    ours: { penalty: 'l2', C: 1 },
  },
  'linear-discriminant': { kind: 'LinearDiscriminantAnalysis' },
  'quadratic-discriminant': {
    kind: 'QuadraticDiscriminantAnalysis',
    theirs: { reg_param: 0.1 },
    ours: { regParam: 0.1 },
  },
  'gaussian-naive-bayes': { kind: 'GaussianNB' },
  'k-nearest-neighbours': { kind: 'KNeighborsClassifier', ours: { k: 5 } },
  'support-vector-machine': { kind: 'SVC', theirs: { probability: true }, random: true },
  'multilayer-perceptron': { kind: 'MLPClassifier', random: true },
  'decision-tree': {
    kind: 'DecisionTreeClassifier',
    theirs: { max_depth: 6, min_samples_leaf: 3 },
    ours: { maxDepth: 6, minLeaf: 3 },
    random: 'much',
  },
  'random-forest': { kind: 'RandomForestClassifier', random: true },
  'extra-trees': { kind: 'ExtraTreesClassifier', random: true },
  'ada-boost': { kind: 'AdaBoostClassifier', random: true },
  'gradient-boosting': {
    kind: 'HistGradientBoostingClassifier',
    theirs: { early_stopping: false },
    areaWithin: 0.005,
  },
};

const TABLES: readonly TableName[] = ['breast-cancer', 'digits', 'wine'];

interface Scores {
  readonly accuracy: number;
  readonly auc: number;
}

/** How right every classifier is, beside scikit-learn on the same folds. */
export const classifierAccuracy: Benchmark = {
  name: 'classifiers',
  describe:
    'accuracy and area under the curve of every classifier on three tables, beside scikit-learn, same folds',
  options: [
    ['--seeds <n>', 'seeds of those that random numbers decide', '3'],
    ['--only <names>', 'classifiers, separated by commas'],
  ],
  async run(options, say) {
    const seeds = countOption(options, 'seeds');
    const only = typeof options['only'] === 'string' ? options['only'].split(',') : [...classifiers.keys()];
    const tables = foldedTables(path.join(repository, 'fixtures', 'classifiers', 'tables.json.gz'));
    const peer = startSide(
      'scikit-learn',
      await peerPython(),
      [path.join(repository, 'bench', 'classifiers_peer.py')],
      {
        OMP_NUM_THREADS: '1',
      },
    );
    const figures: Figure[] = [];
    const notes: string[] = [];
    try {
      for (const name of only) {
        const one = classifiers.get(name);
        const counterpart = counterparts[name];
        if (!one || !counterpart) {
          notes.push(`${name}: scikit-learn has no counterpart of it.`);
          continue;
        }
        for (const table of TABLES) {
          const turns = counterpart.random === 'much' ? 10 * seeds : counterpart.random ? seeds : 1;
          const ours = await ourScores(one, counterpart, tables[table], turns);
          const theirs = await theirScores(one, counterpart, tables[table], turns, peer);
          figures.push(...figuresOf(name, table, ours, theirs, counterpart));
          say(
            `${name}, ${table}: accuracy ${ours.accuracy.toFixed(4)} (${theirs.accuracy.toFixed(4)}), area ${ours.auc.toFixed(4)} (${theirs.auc.toFixed(4)})`,
          );
        }
      }
      const { error: _error, ...versions } = (await peer.ask({ command: 'describe' })) as Record<
        string,
        string
      >; // texts
      return {
        versions: { ...productVersions(), ...versions },
        settings: { seeds, folds: 5 },
        figures,
        notes: [
          'Means over five stored stratified folds; of those that random numbers decide also over seeds. A decision tree is one: equally good splits are drawn.',
          'Columns are standardised inside of the fold where the classifier wants them so, on both sides.',
          ...notes,
        ],
      };
    } finally {
      await peer.close();
    }
  },
};

function figuresOf(
  name: string,
  table: TableName,
  ours: Scores,
  theirs: Scores,
  counterpart: Counterpart,
): Figure[] {
  const apart = (what: string, difference: number, within: number): Figure => ({
    what: `${name}, ${table}: ${what} less than scikit-learn's`,
    value: difference,
    unit: '',
    target: { is: 'at most', value: within },
  });
  return [
    { what: `${name}, ${table}: accuracy`, value: ours.accuracy, unit: '' },
    { what: `${name}, ${table}: area under the curve`, value: ours.auc, unit: '' },
    apart('accuracy', theirs.accuracy - ours.accuracy, 0.01),
    apart('area under the curve', theirs.auc - ours.auc, counterpart.areaWithin ?? 0.01),
  ];
}

async function ourScores(
  one: Classifier,
  { ours = {} }: Counterpart,
  { x, y, classes, folds }: FoldedTable,
  seeds: number,
): Promise<Scores> {
  let [accuracy, auc] = [0, 0];
  for (let seed = 0; seed < seeds; seed++) {
    for (const test of folds) {
      const train = otherRows(x.rows, test);
      const classOf = (rows: Int32Array) => Int32Array.from(rows, (row) => y[row]!);
      const [learning, unseen] = partsOf(x, train, test, one.scaled);
      const fitted = await one.fit(learning, classOf(train), classes, one.check({ ...ours }), {
        seed,
        runtime: nodeRuntime,
      });
      const scores = scoresOf(fitted.predict(unseen), classOf(test), classes);
      accuracy += scores.accuracy / (seeds * folds.length);
      auc += scores.auc / (seeds * folds.length);
    }
  }
  return { accuracy, auc };
}

async function theirScores(
  { scaled }: Classifier,
  { kind, theirs = {} }: Counterpart,
  { x, y, folds }: FoldedTable,
  seeds: number,
  peer: Side,
): Promise<Scores> {
  const reply = await peer.ask({
    command: 'folds',
    kind,
    settings: theirs,
    scaled,
    seeds,
    values: [...x.values],
    columns: x.columns,
    y: [...y],
    folds: folds.map((rows) => [...rows]),
  });
  return { accuracy: reply['accuracy'] as number, auc: reply['auc'] as number }; // the peer's numbers
}

/** Training and test rows; columns by the training rows' mean and deviation where that is asked for. */
function partsOf(x: Matrix, train: Int32Array, test: Int32Array, scaled: boolean): readonly [Matrix, Matrix] {
  const parts = [takeRows(x, train), takeRows(x, test)] as const;
  if (!scaled) return parts;
  const { columns, rows, values } = parts[0];
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  for (let i = 0; i < values.length; i++) mean[i % columns]! += values[i]! / rows;
  for (let i = 0; i < values.length; i++)
    square[i % columns]! += (values[i]! - mean[i % columns]!) ** 2 / rows;
  const deviation = square.map((value) => Math.sqrt(value) || 1);
  const standardised = (part: Matrix) =>
    matrix(
      part.values.map((value, i) => (value - mean[i % columns]!) / deviation[i % columns]!),
      part.rows,
      columns,
    );
  return [standardised(parts[0]), standardised(parts[1])];
}

function scoresOf(probabilities: Float64Array, y: Int32Array, classes: number): Scores {
  let right = 0;
  for (let row = 0; row < y.length; row++) {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    if (own.indexOf(Math.max(...own)) === y[row]) right++;
  }
  const auc =
    classes === 2
      ? rocAuc(
          Float64Array.from(y, (_, i) => probabilities[2 * i + 1]!),
          y,
        )
      : rocAucMacro(probabilities, y, classes);
  return { accuracy: right / y.length, auc };
}
