import { openImage } from '../../imaging/formats/open.node.ts';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import type { ReportCase, ReportContent } from '../report/content.ts';
import { openMask } from './open-mask.node.ts';
import { regionPictures } from './region-picture.ts';
import type { RadiomicsRun } from './train.node.ts';

const MISTAKES = 8;
const CORRECT = 4;

/** The most certain mistakes of the test part and some right answers of each class, with the region outlined; none where only a table is known. */
export async function regionCases({
  prepared,
  testProbabilities,
  card,
  sources,
}: RadiomicsRun): Promise<ReportContent['cases']> {
  if (!sources) return { mistakes: [], correct: [] };
  const { dataset, splits } = prepared;
  const width = card.labels.length;
  const answers = splits.test
    .map((index, i) => {
      const row = testProbabilities.subarray(i * width, (i + 1) * width);
      const predicted = row.indexOf(Math.max(...row));
      return { index, predicted, probability: row[predicted]!, truth: dataset.samples[index]!.label };
    })
    .sort((a, b) => b.probability - a.probability || a.index - b.index);
  const wrong = answers.filter(({ predicted, truth }) => predicted !== truth).slice(0, MISTAKES);
  const each = Math.max(1, Math.floor(CORRECT / width));
  const right = card.labels.flatMap((_, k) =>
    answers.filter(({ predicted, truth }) => predicted === truth && truth === k).slice(0, each),
  );
  const draw = async ({
    index,
    predicted,
    probability,
    truth,
  }: (typeof answers)[number]): Promise<ReportCase> => {
    const { image, mask, maskValue } = sources[index]!;
    const opened = await openImage(image);
    const region = mask === undefined ? undefined : await openMask(mask, opened, maskValue);
    const { plain, outlined } = regionPictures(opened, region?.mask, region?.value);
    return {
      image: dataUrl(encodePng(plain)),
      ...(outlined ? { heatMap: dataUrl(encodePng(outlined)) } : {}),
      truth: card.labels[truth]!,
      predicted: card.labels[predicted]!,
      probability,
    };
  };
  const cases = { mistakes: [] as ReportCase[], correct: [] as ReportCase[] };
  for (const answer of wrong) cases.mistakes.push(await draw(answer));
  for (const answer of right) cases.correct.push(await draw(answer));
  return cases;
}

const dataUrl = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
