import { expect, test } from 'vitest';
import { matrix } from '../matrix.ts';
import { ledoitWolf, spreadOf } from './covariance.ts';

const ROWS = 39;
const table = (constant: number) =>
  matrix(
    Float64Array.from({ length: ROWS * 3 }, (_, at) =>
      at % 3 === 2 ? constant : Math.sin(at * at) * (1 + (at % 3)),
    ),
    ROWS,
    3,
  );
const rows = Int32Array.from({ length: ROWS }, (_, i) => i);

test.each([0.1, -0.0612345, 1 / 3])(
  'a column of %s alone counts like one of 0: rounding is no deviation',
  (constant) => {
    const shrunk = ledoitWolf(spreadOf(table(constant), rows));
    const zero = ledoitWolf(spreadOf(table(0), rows));
    for (const [at, value] of shrunk.entries()) expect(value).toBeCloseTo(zero[at]!, 12);
  },
);
