import { expect, test } from 'vitest';
import { RandomStream } from '../../../random.ts';
import { inJavaScript, rowProducts } from './inner-products.ts';

test.each([1, 2, 3, 4, 5, 7, 8, 50, 129])(
  '%i columns: both ways give the same bits, and the right sums',
  (columns) => {
    const count = 37;
    const random = new RandomStream({ seed: columns, purpose: 'inner products' });
    const values = Float64Array.from({ length: count * columns }, () => random.normal(0, 3));
    const quick = rowProducts(values, count, columns);
    const plain = inJavaScript(values, count, columns);
    expect(quick.values.buffer.byteLength % 65_536).toBe(0); // WebAssembly is here
    const rows = [5, 0, 36, 5, 12, 20, 7];
    for (const place of [quick, plain]) {
      place.which.set(rows);
      place.multiply(5, rows.length);
    }
    expect([...quick.products.subarray(0, rows.length)]).toEqual([
      ...plain.products.subarray(0, rows.length),
    ]);
    for (const [q, row] of rows.entries()) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += values[5 * columns + c]! * values[row * columns + c]!;
      expect(quick.products[q]!).toBeCloseTo(sum, 10);
    }
    quick.multiply(0, 0);
    quick.values[0] = 100;
    quick.which[0] = 0;
    quick.multiply(0, 1);
    expect(quick.products[0]!).toBeGreaterThanOrEqual(10_000);
  },
);
