import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../src/errors.ts';
import { rocAuc } from '../src/evidence/metrics/ranking.ts';
import { compareAreas } from '../src/evidence/statistics/delong.ts';
import { picture } from '../src/imaging/features/picture/picture.ts';
import { pictureFeatureExtractor } from '../src/imaging/features/picture/picture-features.ts';
import { npyNumbers } from '../src/imaging/formats/npy.ts';
import { decodeNpz } from '../src/imaging/formats/npz.ts';
import { type Matrix, matrix, takeRows } from '../src/learning/classifiers/matrix.ts';
import type { PartChoice } from '../src/learning/classifiers/pipeline/needed-steps.ts';
import { fitPipeline } from '../src/learning/classifiers/pipeline/pipeline.ts';
import { RandomStream } from '../src/random.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { sharedFile } from './shared-data.ts';

const SIDE = 28;
const SEED = 1;

const glcm = { levels: 16, range: [0, 256], distances: [1, 2, 4] };
const hogOf = (cell: number, block: number, orientations = 9) => ({
  pixelsPerCell: [cell, cell],
  cellsPerBlock: [block, block],
  orientations,
});
const lbpOf = (points: number, radius: number, grid: number, method = 'uniform') => ({
  points,
  radius,
  method,
  cells: [grid, grid],
});

/** Settings of HOG, LBP and GLCM to choose from, the coarsest first. */
const featureChoices: Readonly<Record<string, object>> = {
  'cells of 7': { hog: hogOf(7, 2), lbp: [lbpOf(8, 1, 2), lbpOf(16, 2, 2)], glcm },
  'cells of 4, one block': { hog: hogOf(4, 7, 8), lbp: [lbpOf(8, 1, 4)], glcm },
  'cells of 4, each its own block': {
    hog: { ...hogOf(4, 1), norm: 'L2' },
    lbp: [lbpOf(8, 1, 4), lbpOf(16, 2, 4)],
    glcm,
  },
  'cells of 4, blocks of 2': { hog: hogOf(4, 2), lbp: [lbpOf(8, 1, 4), lbpOf(16, 2, 4)], glcm },
  'cells of 4, blocks of 2, all uniform patterns': {
    hog: hogOf(4, 2),
    lbp: [lbpOf(8, 1, 4, 'nri_uniform')],
    glcm,
  },
};

const svm = (C: number, gamma: number): PartChoice => ({
  name: 'support-vector-machine',
  settings: { C, gamma, classWeight: 'balanced', probability: 'votes' },
});
const logistic = (C: number): PartChoice => ({
  name: 'logistic-regression',
  settings: { C, classWeight: 'balanced' },
});

/** Classifiers to choose from; the width of the RBF kernel goes with the number of columns. */
const classifierChoices = (columns: number): readonly PartChoice[] => [
  ...[0.3, 1, 3].flatMap((width) => [1, 10].map((C) => svm(C, width / columns))),
  ...[0.001, 0.01, 0.1].map(logistic),
  { name: 'linear-discriminant', settings: { solver: 'lsqr', shrinkage: 'auto' } },
  { name: 'gradient-boosting', settings: { rounds: 200, learningRate: 0.1, maxLeaves: 15 } },
  { name: 'extra-trees', settings: { trees: 200, minLeaf: 1 } },
  { name: 'k-nearest-neighbours', settings: { k: 15, voting: 'distance' } },
];

interface Part {
  readonly pictures: readonly Float64Array[];
  readonly labels: Int32Array;
}

/** PneumoniaMNIST by features that have names and a classifier chosen by cross-validation. */
export const pneumoniamnistFeatures: Benchmark = {
  name: 'pneumoniamnist-features',
  describe:
    'PneumoniaMNIST by HOG, LBP and GLCM and the best classifier of a cross-validation: AUC on the test split',
  options: [
    ['--folds <n>', 'of the cross-validation on training and validation', '5'],
    ['--without-test', 'ends before the test split is read'],
  ],
  async run(options, say) {
    const folds = countOption(options, 'folds');
    const files = await readData();
    const known = partOf(files, ['train', 'val']);
    const assigned = stratified(known.labels, folds);
    const judge = async (x: Matrix, classifier: PartChoice): Promise<number> => {
      const scores = await outOfFold(x, known.labels, classifier, assigned, folds);
      const auc = rocAuc(scores, known.labels);
      say(`  ${auc.toFixed(5)}  ${classifier.name} ${JSON.stringify(classifier.settings)}`);
      return auc;
    };
    // first the features, by one kernel and one linear machine each; then the classifier on the best of them
    let features = { name: '', auc: 0, columns: 0 };
    for (const [name, settings] of Object.entries(featureChoices)) {
      const x = tableOf(known, settings);
      say(`${name}: ${x.columns} columns`);
      const aucs = [await judge(x, svm(10, 1 / x.columns)), await judge(x, logistic(0.01))];
      const auc = (aucs[0]! + aucs[1]!) / 2;
      if (auc > features.auc) features = { name, auc, columns: x.columns };
    }
    say(`chosen: ${features.name}`);
    const x = tableOf(known, featureChoices[features.name]!);
    let chosen = { classifier: svm(1, 1), auc: 0 };
    for (const classifier of classifierChoices(x.columns)) {
      const auc = await judge(x, classifier);
      if (auc > chosen.auc) chosen = { classifier, auc };
    }
    say(`chosen: ${JSON.stringify(chosen.classifier)}`);
    const figures: Figure[] = [{ what: 'AUC, cross-validation', value: chosen.auc, unit: '' }];
    if (options['withoutTest'] !== true) {
      const test = partOf(files, ['test']);
      const fitted = await fitPipeline({ steps: [], classifier: chosen.classifier }, x, known.labels, 2, {
        seed: SEED,
      });
      const scores = positives(fitted.predict(tableOf(test, featureChoices[features.name]!)));
      figures.push(...testFigures(scores, test.labels));
    }
    return {
      versions: productVersions(),
      settings: {
        folds,
        seed: SEED,
        features: featureChoices[features.name]!,
        columns: x.columns,
        classifier: chosen.classifier,
      },
      figures,
      notes: [
        `Features and classifier are chosen by ${folds}-fold cross-validation on training and validation together; the test split is read once, after that.`,
        "The interval is DeLong's, 95 %. The set does not say which pictures are of one patient.",
        'Published at 28 pixels (MedMNIST v2): ResNet-18 AUC .944, auto-sklearn .942, AutoKeras .947.',
      ],
    };
  },
};

function testFigures(scores: Float64Array, labels: Int32Array): Figure[] {
  const { first, covariance } = compareAreas({ first: scores, second: scores, isPositive: labels });
  const half = 1.959964 * Math.sqrt(covariance[0]![0]!);
  const right = labels.reduce((sum, label, i) => sum + (scores[i]! >= 0.5 === (label === 1) ? 1 : 0), 0);
  return [
    {
      what: 'AUC, test',
      value: first,
      unit: '',
      spread: [first - half, Math.min(1, first + half)],
      target: { is: 'at least', value: 0.93 },
    },
    { what: 'accuracy, test', value: right / labels.length, unit: '' },
  ];
}

type Files = ReturnType<typeof decodeNpz>;

async function readData(): Promise<Files> {
  const folder = await sharedFile('pneumoniamnist');
  const found = (await readdir(folder)).find((name) => name.endsWith('.npz'));
  if (!found) throw new HounsfieldError('DATA_MISSING', `there is no .npz file in ${folder}.`);
  return decodeNpz(await readFile(path.join(folder, found)), found);
}

function partOf(files: Files, names: readonly string[]): Part {
  const pictures: Float64Array[] = [];
  const labels: number[] = [];
  for (const name of names) {
    const values = npyNumbers(files.get(`${name}_images`)!);
    const truths = npyNumbers(files.get(`${name}_labels`)!);
    for (let i = 0; i < truths.length; i++) {
      pictures.push(Float64Array.from(values.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE)));
      labels.push(truths[i]!);
    }
  }
  return { pictures, labels: Int32Array.from(labels) };
}

function tableOf({ pictures }: Part, settings: object): Matrix {
  const { names, extract } = pictureFeatureExtractor(settings, SIDE, SIDE);
  const values = new Float64Array(pictures.length * names.length);
  for (const [i, one] of pictures.entries()) values.set(extract(picture(one, SIDE, SIDE)), i * names.length);
  return matrix(values, pictures.length, names.length);
}

/** A fold for each row: rows of a class in random order, dealt out in turn. */
function stratified(labels: Int32Array, folds: number): Int32Array {
  const assigned = new Int32Array(labels.length);
  const order = new RandomStream({ seed: SEED, purpose: 'folds' }).permutation(labels.length);
  const dealt = [0, 0];
  for (const row of order) assigned[row] = dealt[labels[row]!]!++ % folds;
  return assigned;
}

async function outOfFold(
  x: Matrix,
  labels: Int32Array,
  classifier: PartChoice,
  assigned: Int32Array,
  folds: number,
): Promise<Float64Array> {
  const scores = new Float64Array(x.rows);
  const rows = Array.from(labels, (_, i) => i);
  for (let fold = 0; fold < folds; fold++) {
    const inside = rows.filter((row) => assigned[row] !== fold);
    const outside = rows.filter((row) => assigned[row] === fold);
    const y = Int32Array.from(inside, (row) => labels[row]!);
    const fitted = await fitPipeline({ steps: [], classifier }, takeRows(x, inside), y, 2, { seed: SEED });
    const found = positives(fitted.predict(takeRows(x, outside)));
    for (const [i, row] of outside.entries()) scores[row] = found[i]!;
  }
  return scores;
}

const positives = (probabilities: Float64Array): Float64Array => probabilities.filter((_, i) => i % 2 === 1);
