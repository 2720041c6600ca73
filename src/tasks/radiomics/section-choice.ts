import type { ReportSection } from '../report/content.ts';
import { fill } from '../report/texts.ts';
import type { CandidateScore } from './nested.ts';
import { CHOOSING_FIGURES } from './settings.ts';
import type { RadiomicsTexts } from './texts.ts';
import type { RadiomicsRun } from './train.node.ts';

const meanOf = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
};

/** The kinds of classifiers side by side, what each fold chose, and every candidate. */
export function choiceSection(
  { folds, scores, settings }: Pick<RadiomicsRun, 'folds' | 'scores' | 'settings'>,
  texts: RadiomicsTexts,
): ReportSection {
  const figure = CHOOSING_FIGURES[settings.choose].title;
  const sign = CHOOSING_FIGURES[settings.choose].better === 'larger' ? 1 : -1;
  const names = [...new Set(folds.flatMap(({ families }) => families.map(({ family }) => family)))];
  const families = names
    .map((name) => {
      const outer = folds.map(
        ({ families: own }) => own.find(({ family }) => family === name)?.outer ?? null,
      );
      return { name, outer, mean: meanOf(outer) };
    })
    .sort((a, b) => sign * ((b.mean ?? -sign * Infinity) - (a.mean ?? -sign * Infinity)));
  const chosen = folds.map(({ name, winner, families: own }) => {
    const outer = own.find(({ score }) => score.candidate === winner.candidate)?.outer ?? null;
    const optimism = winner.mean === null || outer === null ? null : sign * (winner.mean - outer);
    return [name, winner.candidate.title, winner.mean, outer, optimism] as const;
  });
  const means = [2, 3, 4].map((column) => meanOf(chosen.map((row) => row[column] as number | null))); // the numbers
  const reason = scores.find(({ failed }) => failed !== undefined)?.failed;
  return {
    id: 'choice',
    title: texts.choice,
    lead: fill(texts.choiceLead, { folds: folds.length, inner: settings.inner }),
    tables: [
      {
        caption: fill(texts.familiesCaption, { figure }),
        head: [texts.kind, ...folds.map(({ name }) => name), texts.mean],
        rows: families.map(({ name, outer, mean }) => [name, ...outer, mean]),
      },
      {
        caption: texts.foldsCaption,
        head: [
          texts.fold,
          texts.winner,
          fill(texts.innerFigure, { figure }),
          fill(texts.outerFigure, { figure }),
          texts.optimism,
        ],
        rows: [...chosen, [texts.mean, '', ...means]],
      },
      {
        caption: fill(texts.candidatesCaption, { figure }),
        head: [texts.candidate, texts.mean, texts.smallest, texts.largest],
        rows: [...scores]
          .sort((a, b) => sign * ((b.mean ?? -sign * Infinity) - (a.mean ?? -sign * Infinity)))
          .map(scoreRow),
        ...(reason === undefined ? {} : { note: fill(texts.failedNote, { reason }) }),
      },
    ],
  };
}

function scoreRow({ candidate, figures, mean }: CandidateScore): readonly (string | number | null)[] {
  const known = figures.filter((value) => value !== null);
  return [
    candidate.title,
    mean,
    known.length === 0 ? null : Math.min(...known),
    known.length === 0 ? null : Math.max(...known),
  ];
}
