import type { HeatMap } from '../../evidence/explanation/grad-cam.ts';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import type { FloatImage } from '../../imaging/image/medical-image.ts';
import type { ModelCard } from '../bundle/model-card.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { readSample } from '../dataset/read-sample.node.ts';
import type { ReportCase, ReportContent } from '../report/content.ts';
import { displayPicture, overlayPicture } from '../report/heat-map-picture.ts';
import { conformToModel } from './classifier.node.ts';

const MISTAKES = 8;
const CORRECT = 4;

/** What a set of samples was judged to be. */
export interface JudgedSamples {
  readonly dataset: Dataset;
  readonly indices: readonly number[];
  readonly probabilities: Float32Array; // [N, K]
  readonly card: Pick<ModelCard, 'labels' | 'input'>;
}

/** The most certain mistakes and some correct answers of each class, with heat maps of the predicted class. */
export async function reportCases(
  judged: JudgedSamples,
  heatMap: (image: FloatImage, classIndex: number) => Promise<HeatMap>,
): Promise<ReportContent['cases']> {
  const { dataset, indices, probabilities, card } = judged;
  const classes = card.labels.length;
  const answers = indices.map((index, row) => {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    const predicted = own.indexOf(Math.max(...own));
    return { index, predicted, probability: own[predicted]!, truth: dataset.samples[index]!.label };
  });
  answers.sort((a, b) => b.probability - a.probability || a.index - b.index);
  const wrong = answers.filter(({ predicted, truth }) => predicted !== truth).slice(0, MISTAKES);
  const perClass = Math.max(1, Math.floor(CORRECT / classes));
  const right = card.labels.flatMap((_, k) =>
    answers.filter(({ predicted, truth }) => predicted === truth && truth === k).slice(0, perClass),
  );
  const draw = async ({
    index,
    predicted,
    probability,
    truth,
  }: (typeof answers)[number]): Promise<ReportCase> => {
    const { source, id } = dataset.samples[index]!;
    const image = conformToModel(await readSample(source, dataset), { input: card.input }, id);
    const picture = displayPicture(image);
    return {
      image: dataUrl(encodePng(picture)),
      heatMap: dataUrl(encodePng(overlayPicture(picture, await heatMap(image, predicted)))),
      truth: card.labels[truth]!,
      predicted: card.labels[predicted]!,
      probability,
    };
  };
  const cases = { mistakes: [] as ReportCase[], correct: [] as ReportCase[] };
  for (const answer of wrong) cases.mistakes.push(await draw(answer));
  for (const answer of right.slice(0, 2 * CORRECT)) cases.correct.push(await draw(answer));
  return cases;
}

const dataUrl = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
