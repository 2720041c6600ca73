import { expect, test } from 'vitest';
import { storedLength } from './stored-length.ts';

const columns = [
  [0.824377117750887, 0.410085153518908, 0.390169879145115],
  [-0.450359261279149, 0.892749381216045, 0.0132317088265589],
  [-0.34289779474654, -0.186624537872914, 0.92064780683043],
] as const;

// what ITK 5.4 and the NIfTI header say of a file with these columns, each entry stored in float32
test.each([0.7, 0.9765625, 1, 1.1, 1.5, 2.2, 3.27, 5])('a turned grid of %s mm in float32', (mm) => {
  for (const column of columns) {
    const length = Math.hypot(...column.map((part) => Math.fround(part * mm)));
    expect(storedLength(length)).toBe(Math.fround(mm));
  }
});

test.each([0.7, 1.5, 2.2])('a turned grid of %s mm in float64 stays as it is', (mm) => {
  for (const column of columns) {
    const norm = Math.hypot(...column);
    const length = Math.hypot(...column.map((part) => (part / norm) * mm));
    expect(storedLength(length)).toBe(length);
  }
});

test.each([0.123456789, Math.PI, 1e-9, 0])('%s mm is what it is', (mm) => {
  expect(storedLength(mm)).toBe(mm);
});
