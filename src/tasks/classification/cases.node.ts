import type { HeatMap } from '../../evidence/explanation/grad-cam.ts';
import { gradeOf } from '../../evidence/metrics/grades.ts';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import type { ModelCard } from '../bundle/model-card.ts';
import type { Dataset, TargetKind } from '../dataset/dataset.ts';
import type { ReportCase, ReportContent } from '../report/content.ts';
import { displayPicture, overlayPicture, sideBySide } from '../report/heat-map-picture.ts';
import { explainedLogit, labelThreshold, valueInWords } from './answers.ts';
import { readInputs, type SampleInputs } from './classifier.node.ts';
import { explainedPicture } from './explained-slice.ts';

const MISTAKES = 8;
const CORRECT = 4;

/** What a set of samples was judged to be. */
export interface JudgedSamples {
  readonly dataset: Dataset;
  readonly indices: readonly number[];
  /** Probabilities, or of numbers the values. */
  readonly probabilities: Float32Array; // [N, K]
  readonly card: Pick<
    ModelCard,
    'labels' | 'input' | 'inputs' | 'table' | 'target' | 'units' | 'operatingPoints'
  >;
}

/** One answer beside the truth. */
interface Judged {
  readonly index: number;
  readonly row: ArrayLike<number>;
  readonly right: boolean;
  /** Larger comes first, among mistakes and among what is right. */
  readonly weight: number;
  /** Which class, label, grade or number the heat map is for. */
  readonly explained: number;
  /** Of correct answers some of each group are shown. */
  readonly group: number;
  readonly words: Pick<ReportCase, 'truth' | 'predicted' | 'probability' | 'caption'>;
}

/** The worst mistakes and some correct answers of each kind, with heat maps of what was predicted. */
export async function reportCases(
  judged: JudgedSamples,
  heatMaps: (inputs: SampleInputs, logit: number) => Promise<readonly HeatMap[]>,
): Promise<ReportContent['cases']> {
  const { dataset, indices, probabilities, card } = judged;
  const width = card.labels.length;
  const rows = indices.map((_, row) => probabilities.subarray(row * width, (row + 1) * width));
  const answers = judges[card.target ?? 'class'](judged, rows).sort(
    (a, b) => b.weight - a.weight || a.index - b.index,
  );
  const wrong = answers.filter(({ right }) => !right).slice(0, MISTAKES);
  const groups = [...new Set(answers.map(({ group }) => group))].sort((a, b) => a - b);
  const perGroup = Math.max(1, Math.floor(CORRECT / groups.length));
  const right = groups.flatMap((group) =>
    answers.filter((answer) => answer.right && answer.group === group).slice(0, perGroup),
  );
  const draw = async ({ index, explained, right, words }: Judged): Promise<ReportCase> => {
    const inputs = await readInputs(dataset, index, card);
    const maps = await heatMaps(inputs, explainedLogit(card.target, explained));
    const shown = inputs.images.map((image, k) => explainedPicture(image, maps[k]!)); // a map for each image
    const pictures = shown.map(({ picture }) => displayPicture(picture));
    const overlays = pictures.map((picture, k) => overlayPicture(picture, shown[k]!.map));
    return {
      image: dataUrl(encodePng(sideBySide(pictures))),
      heatMap: dataUrl(encodePng(sideBySide(overlays))),
      right,
      ...words,
    };
  };
  const cases = { mistakes: [] as ReportCase[], correct: [] as ReportCase[] };
  for (const answer of wrong) cases.mistakes.push(await draw(answer));
  for (const answer of right.slice(0, 2 * CORRECT)) cases.correct.push(await draw(answer));
  return cases;
}

const judges: Readonly<Record<TargetKind, (judged: JudgedSamples, rows: Float32Array[]) => Judged[]>> = {
  class: classCases,
  labels: labelCases,
  grade: gradeCases,
  value: valueCases,
};

function classCases({ dataset, indices, card }: JudgedSamples, rows: Float32Array[]): Judged[] {
  return indices.map((index, i) => {
    const row = rows[i]!;
    const predicted = row.indexOf(Math.max(...row));
    const { label: truth } = dataset.samples[index]!;
    const words = {
      truth: card.labels[truth]!,
      predicted: card.labels[predicted]!,
      probability: row[predicted]!,
    };
    const right = predicted === truth;
    return { index, row, right, weight: row[predicted]!, explained: predicted, group: truth, words };
  });
}

/** Far grades first. */
function gradeCases({ dataset, indices, card }: JudgedSamples, rows: Float32Array[]): Judged[] {
  return indices.map((index, i) => {
    const row = rows[i]!;
    const predicted = gradeOf(row);
    const { label: truth } = dataset.samples[index]!;
    const words = {
      truth: card.labels[truth]!,
      predicted: card.labels[predicted]!,
      probability: row[predicted]!,
    };
    const weight = Math.abs(predicted - truth) + row[predicted]!;
    return { index, row, right: predicted === truth, weight, explained: predicted, group: truth, words };
  });
}

/** By the label that the probability is furthest from the truth of. */
function labelCases({ dataset, indices, card }: JudgedSamples, rows: Float32Array[]): Judged[] {
  return indices.map((index, i) => {
    const row = rows[i]!;
    const targets = dataset.samples[index]!.targets!; // labels have them
    const called = card.labels.map((_, k) => row[k]! >= labelThreshold(card, k));
    const wrong = card.labels.map((_, k) => !Number.isNaN(targets[k]!) && called[k] !== (targets[k] === 1));
    const distance = card.labels.map((_, k) =>
      Number.isNaN(targets[k]!) ? 0 : Math.abs(row[k]! - targets[k]!),
    );
    const right = !wrong.includes(true);
    const places = card.labels.map((_, k) => k).filter((k) => right || wrong[k]);
    const explained = right
      ? places.reduce((best, k) => (row[k]! > row[best]! ? k : best))
      : places.reduce((best, k) => (distance[k]! > distance[best]! ? k : best));
    const names = (has: (k: number) => boolean) => card.labels.filter((_, k) => has(k)).join('; ') || '–';
    const words = {
      truth: names((k) => targets[k] === 1),
      predicted: names((k) => called[k]!),
      caption: `${card.labels[explained]}: ${(100 * row[explained]!).toFixed(1)} %`,
    };
    const weight = right ? 1 - Math.max(...distance) : distance[explained]!;
    return { index, row, right, weight, explained, group: dataset.samples[index]!.label, words };
  });
}

/** The largest errors, each number's in shares of its own spread of errors, and the smallest. */
function valueCases({ dataset, indices, card }: JudgedSamples, rows: Float32Array[]): Judged[] {
  const errors = indices.map((index, i) =>
    card.labels.map((_, k) => rows[i]![k]! - dataset.samples[index]!.targets![k]!),
  );
  const spread = card.labels.map((_, k) => {
    const known = errors.map((row) => row[k]!).filter((error) => !Number.isNaN(error));
    return Math.sqrt(known.reduce((sum, error) => sum + error * error, 0) / Math.max(1, known.length)) || 1;
  });
  const judged = indices.map((index, i) => {
    const relative = errors[i]!.map((error, k) => (Number.isNaN(error) ? 0 : Math.abs(error) / spread[k]!));
    const explained = relative.indexOf(Math.max(...relative));
    const write = (value: number) => valueInWords(value, card.units?.[explained]);
    const name = card.labels.length > 1 ? { caption: card.labels[explained]! } : {};
    const words = {
      truth: write(dataset.samples[index]!.targets![explained]!),
      predicted: write(rows[i]![explained]!),
      ...name,
    };
    return { index, row: rows[i]!, explained, words, error: relative[explained]! };
  });
  const sorted = judged.map(({ error }) => error).sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return judged.map(({ error, ...rest }) => {
    const right = error < middle;
    return { ...rest, right, weight: right ? -error : error, group: 0 };
  });
}

const dataUrl = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
