import { describe, expect, test } from 'vitest';
import { takeColumns, takeRows } from '../../src/learning/classifiers/matrix.ts';
import { fitPipeline } from '../../src/learning/classifiers/pipeline/pipeline.ts';
import { presentValues } from '../../src/learning/classifiers/preparations/columns.ts';
import { preparations } from '../../src/learning/classifiers/preparations/registry.ts';
import { meanScales } from '../../src/learning/classifiers/preparations/standardize.ts';
import {
  extendPca,
  type IncrementalPca,
} from '../../src/learning/classifiers/projections/incremental-pca.ts';
import {
  fitPca,
  type Pca,
  pcaInverse,
  pcaTransform,
} from '../../src/learning/classifiers/projections/pca.ts';
import { correlationMatrix } from '../../src/learning/classifiers/selection/correlation.ts';
import { mrmrOrder } from '../../src/learning/classifiers/selection/mrmr.ts';
import { mutualInformation } from '../../src/learning/classifiers/selection/mutual-information.ts';
import {
  anovaF,
  falseDiscoveryRate,
  kruskalWallis,
  mannWhitney,
} from '../../src/learning/classifiers/selection/univariate-tests.ts';
import { splitTable } from './classifier-tables.ts';
import { peerFixture } from './peer-fixture.ts';

type Numbers = readonly (number | null)[];

interface Components {
  readonly components: Numbers;
  readonly variance: Numbers;
  readonly share: Numbers;
  readonly singular: Numbers;
  readonly noise: number;
  readonly inverse: Numbers;
}

interface Part {
  readonly name: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

const fixture = peerFixture<{
  readonly transformed: readonly {
    readonly table: string;
    readonly step: string;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly columns: number;
    readonly values: Numbers;
  }[];
  readonly tests: readonly {
    readonly table: string;
    readonly f: Numbers;
    readonly fP: Numbers;
    readonly rank: Numbers;
    readonly rankP: Numbers;
    readonly information: Numbers;
    readonly discovered: Numbers;
    readonly spearman: Numbers;
    readonly pearson: Numbers;
  }[];
  readonly components: readonly {
    readonly table: string;
    readonly whole: Components;
    readonly parts: Components;
  }[];
  readonly chosen: readonly {
    readonly table: string;
    readonly form: 'quotient' | 'difference';
    readonly chosen: readonly number[];
  }[];
  readonly eliminated: readonly { readonly table: string; readonly kept: readonly number[] }[];
  readonly pipelines: readonly {
    readonly table: string;
    readonly steps: readonly Part[];
    readonly classifier: Part;
    readonly probabilities: Numbers;
  }[];
}>('classifiers/preparations.json');

const ROWS = Array.from({ length: 6 }, (_, i) => i);

/** Largest distance relative to 1 or the value's size; NaN must meet null. */
function far(found: ArrayLike<number>, expected: Numbers): number {
  expect(found.length).toBe(expected.length);
  return expected.reduce((worst: number, value, i) => {
    const own = found[i]!;
    if (value === null) return Number.isNaN(own) ? worst : Infinity;
    const away = own === value ? 0 : Math.abs(own - value) / Math.max(1, Math.abs(value));
    return Number.isNaN(away) ? Infinity : Math.max(worst, away);
  }, 0);
}

describe('preparations give what scikit-learn gives', () => {
  test.each(
    fixture.transformed.map((one) => [one.table, one.step, JSON.stringify(one.settings), one] as const),
  )('%s: %s %s', (name, step, _, { settings, columns, values }) => {
    const { train, trainY, test: rows, classes } = splitTable(name);
    const preparation = preparations.get(step)!;
    const fitted = preparation.fit(train, trainY, classes, preparation.check(settings), { seed: 1 });
    const made = fitted.transform(takeRows(rows, ROWS));
    expect(made.columns).toBe(columns);
    // The powers are found by two searches, each to its own tolerance.
    expect(far(made.values, values)).toBeLessThan(step === 'power' ? 2e-6 : 2e-7);
  });
});

describe('tests of single columns', () => {
  test.each(fixture.tests.map((one) => [one.table, one] as const))('%s', (name, expected) => {
    const { train, trainY, classes } = splitTable(name);
    const varying = Array.from({ length: train.columns }, (_, j) => j).filter((j) => {
      const values = presentValues(train, j);
      return values.some((value) => value !== values[0]);
    });
    const x = takeColumns(train, varying);
    const f = anovaF(x, trainY, classes);
    expect(far(f.statistic, expected.f)).toBeLessThan(1e-10);
    expect(far(f.p, expected.fP)).toBeLessThan(1e-11);
    const rank = classes === 2 ? mannWhitney(x, trainY) : kruskalWallis(x, trainY, classes);
    if (classes > 2) expect(far(rank.statistic, expected.rank)).toBeLessThan(1e-10);
    expect(far(rank.p, expected.rankP)).toBeLessThan(1e-11);
    const rejected = expected.discovered.flatMap((p, j) => (p! <= 0.05 ? [j] : []));
    expect(falseDiscoveryRate(f.p, 0.05)).toEqual(rejected);
    const few = takeColumns(x, [0, 1, 2, 3, 4]);
    expect(far(correlationMatrix(few, 'spearman').values, expected.spearman)).toBeLessThan(1e-12);
    expect(far(correlationMatrix(few, 'pearson').values, expected.pearson)).toBeLessThan(1e-12);
    const scores = pcaTransform(fitPca(x, { components: 4 }), x);
    const information = mutualInformation(scores, trainY, classes, { neighbours: 3, seed: 0 });
    expect(far(information, expected.information)).toBeLessThan(1e-9);
  });
});

function componentsFar(found: Pca, expected: Components, inverse: Float64Array): number {
  return Math.max(
    far(found.components.values, expected.components),
    far(found.explainedVariance, expected.variance),
    far(found.explainedShare, expected.share),
    far(found.singularValues, expected.singular),
    far([found.noiseVariance], [expected.noise]),
    far(inverse, expected.inverse),
  );
}

describe('principal components', () => {
  test.each(fixture.components.map((one) => [one.table, one] as const))('%s', (name, { whole, parts }) => {
    const { train, test: rows } = splitTable(name);
    const some = takeRows(rows, ROWS);
    const pca = fitPca(train, { components: 4 });
    expect(componentsFar(pca, whole, pcaInverse(pca, pcaTransform(pca, some)).values)).toBeLessThan(1e-9);
    let grown: IncrementalPca | undefined;
    for (let start = 0; start < train.rows; start += 50) {
      const batch = Array.from({ length: Math.min(50, train.rows - start) }, (_, i) => start + i);
      if (batch.length >= 4) grown = extendPca(grown, takeRows(train, batch), { components: 4 });
    }
    expect(componentsFar(grown!, parts, pcaInverse(grown!, pcaTransform(grown!, some)).values)).toBeLessThan(
      1e-9,
    );
  });
});

describe('selections', () => {
  test.each(fixture.chosen.map((one) => [one.table, one.form, one] as const))(
    'mRMR, %s, %s',
    (name, form, { chosen }) => {
      const { train, trainY, classes } = splitTable(name);
      const settings = { count: chosen.length, form, measure: 'f-correlation' } as const;
      expect(mrmrOrder(train, trainY, classes, settings)).toEqual(chosen);
    },
  );
});

describe('elimination', () => {
  test.each(fixture.eliminated.map((one) => [one.table, one] as const))('%s', (name, { kept }) => {
    const { train, trainY, classes } = splitTable(name);
    const { offset, scale } = meanScales(train);
    const x = {
      ...train,
      values: train.values.map(
        (value, at) => (value - offset[at % train.columns]!) / scale[at % train.columns]!,
      ),
    };
    const step = preparations.get('recursive-elimination')!;
    const settings = step.check({ count: kept.length, step: 0 });
    expect(step.fit(x, trainY, classes, settings, { seed: 1 }).kept).toEqual(kept);
  });
});

describe('whole pipelines', () => {
  const named = fixture.pipelines.map((one) => [one.table, one.classifier.name, one] as const);
  test.each(named)('%s: %s', async (name, _, { steps, classifier, probabilities }) => {
    const { train, trainY, test: rows, classes } = splitTable(name);
    const fitted = await fitPipeline({ steps, classifier }, train, trainY, classes, { seed: 1 });
    expect(far(fitted.predict(takeRows(rows, ROWS)), probabilities)).toBeLessThan(1e-5);
  });
});
