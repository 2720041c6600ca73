import { HounsfieldError } from '../../errors.ts';
import { RandomStream } from '../../random.ts';

/** What Shapley values are asked for. */
export interface ShapleyRequest {
  /** The case's features. */
  readonly row: ArrayLike<number>;
  /** What each feature is replaced by where it does not take part: a usual value, such as the median. */
  readonly baseline: ArrayLike<number>;
  /** Features that take part; the others stay as they are in the case. */
  readonly of: readonly number[];
  /** Answers for rows [rows, columns], one a row. */
  readonly answer: (values: Float64Array, rows: number) => Promise<ArrayLike<number>>;
  /** Orders that are drawn, each used forwards and backwards; 32 when left out. */
  readonly orders?: number;
  readonly seed: number;
}

/** Shares of an answer. */
export interface ShapleyValues {
  /** Share of each column; 0 of those that do not take part. */
  readonly values: Float64Array;
  /** Standard error of each share over the orders. */
  readonly errors: Float64Array;
  /** Answer for the baseline and for the case; the shares add up to their difference. */
  readonly base: number;
  readonly answer: number;
}

/**
 * Shapley values of one answer of any model, from orders of the features drawn at random: a feature's share is the mean
 * change of the answer when it joins those before it (Strumbelj and Kononenko, "Explaining prediction models and individual
 * predictions with feature contributions", Knowledge and Information Systems 2014, algorithm 1). Each order is also used
 * backwards, which makes the errors smaller (Mitchell et al., "Sampling permutations for Shapley value estimation", JMLR
 * 2022, section 4.1).
 *
 * @throws EVIDENCE_OPTION_INVALID
 */
export async function shapleySampling(request: ShapleyRequest): Promise<ShapleyValues> {
  const { row, baseline, of, answer, orders = 32, seed } = request;
  if (!(Number.isInteger(orders) && orders >= 1) || row.length !== baseline.length) {
    throw new HounsfieldError(
      'EVIDENCE_OPTION_INVALID',
      `${orders} orders of a row of ${row.length} and a baseline of ${baseline.length} values; give 1 order or more, and equal lengths.`,
    );
  }
  const columns = row.length;
  const start = Float64Array.from(row);
  for (const column of of) start[column] = baseline[column]!;
  const [base, whole] = await ends(start, row, answer);
  const sums = new Float64Array(columns);
  const squares = new Float64Array(columns);
  const stream = new RandomStream({ seed, purpose: 'shapley' });
  for (let o = 0; o < orders; o++) {
    const order = stream.permutation(of.length);
    const pair = new Float64Array(columns);
    for (const way of [order, order.slice().reverse()]) {
      const steps = of.length;
      const rows = new Float64Array(steps * columns);
      const current = start.slice();
      for (let s = 0; s < steps; s++) {
        const column = of[way[s]!]!;
        current[column] = row[column]!;
        rows.set(current, s * columns);
      }
      const answers = steps === 0 ? [] : await answer(rows, steps);
      for (let s = 0; s < steps; s++) {
        const before = s === 0 ? base : answers[s - 1]!;
        pair[of[way[s]!]!]! += (answers[s]! - before) / 2;
      }
    }
    for (const column of of) {
      sums[column]! += pair[column]!;
      squares[column]! += pair[column]! ** 2;
    }
  }
  const values = sums.map((sum) => sum / orders);
  const errors = squares.map((square, column) =>
    orders < 2 ? Number.NaN : Math.sqrt(Math.max(0, square / orders - values[column]! ** 2) / (orders - 1)),
  );
  return { values, errors, base, answer: whole };
}

async function ends(
  start: Float64Array,
  row: ArrayLike<number>,
  answer: ShapleyRequest['answer'],
): Promise<readonly [number, number]> {
  const both = new Float64Array(2 * row.length);
  both.set(start);
  both.set(Float64Array.from(row), row.length);
  const answers = await answer(both, 2);
  return [answers[0]!, answers[1]!];
}
