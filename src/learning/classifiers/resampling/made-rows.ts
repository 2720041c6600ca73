import type { RandomStream } from '../../../random.ts';
import type { Matrix } from '../matrix.ts';
import type { Resampled } from '../preparation.ts';

/** Rows that are made one by one behind those that there are. */
export interface MadeRows {
  /**
   * A row of class `one` between a row and another: numbers a share of the way, categories those that most of
   * `voters` have (of equals the first voter's).
   */
  add(one: number, row: number, other: number, share: number, voters: Int32Array): void;
  done(): Resampled;
}

export function madeRows(x: Matrix, y: Int32Array, categories: readonly number[]): MadeRows {
  const { columns, values } = x;
  const made: Float64Array[] = [];
  const classes: number[] = [];
  const bases: number[] = [];
  return {
    add(one, row, other, share, voters) {
      const fresh = new Float64Array(columns);
      for (let j = 0; j < columns; j++) {
        const from = values[row * columns + j]!;
        fresh[j] = from + share * (values[other * columns + j]! - from);
      }
      for (const j of categories) fresh[j] = favourite(x, voters.length > 0 ? voters : Int32Array.of(row), j);
      made.push(fresh);
      classes.push(one);
      bases.push(row);
    },
    done() {
      const all = new Float64Array((x.rows + made.length) * columns);
      all.set(values);
      for (const [k, row] of made.entries()) all.set(row, (x.rows + k) * columns);
      return {
        x: { values: all, rows: x.rows + made.length, columns },
        y: Int32Array.from([...y, ...classes]),
        rows: Int32Array.from([...y.keys(), ...bases]),
      };
    },
  };
}

function favourite({ values, columns }: Matrix, voters: Int32Array, j: number): number {
  const counts = new Map<number, number>();
  let best = values[voters[0]! * columns + j]!;
  for (const voter of voters) {
    const value = values[voter * columns + j]!;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  for (const [value, count] of counts) if (count > counts.get(best)!) best = value;
  return best;
}

/** One of the rows. */
export const anyOf = (rows: Int32Array, random: RandomStream): number => rows[random.integer(rows.length)]!;
