import { expect, test } from 'vitest';
import { goesOn, halvingRungs, leastSoFar } from './halving.ts';

test.each([
  [27, { least: 1 }, [1, 3, 9]],
  [20, {}, [3, 9]],
  [9, {}, [1, 3]],
  [1, {}, []],
  [64, { least: 4, reduction: 2 }, [4, 8, 16, 32]],
])('rungs of %i epochs with %j', (epochs, options, rungs) => {
  expect(halvingRungs(epochs, options).rungs).toEqual(rungs);
});

const halving = halvingRungs(9);
test.each([
  ['the first goes on', 5, [], true],
  ['the second, worse, stops', 5, [4], false],
  ['the second, better, goes on', 3, [4], true],
  ['one of three', 3.5, [4, 3], false],
  ['the second best of six', 2, [1, 3, 4, 5, 6], true],
  ['the third best of six', 3.5, [1, 3, 4, 5, 6], false],
  ['equals go on', 4, [4, 4], true],
  ['no figure', Number.NaN, [], false],
])('%s', (_, loss, others, expected) => {
  expect(goesOn(halving, loss, others)).toBe(expected);
});

test('of many trials whose order never changes a third goes on, or those that came early', () => {
  const seen: number[] = [];
  let gone = 0;
  for (let i = 0; i < 300; i++) {
    const loss = (i * 0.6180339887) % 1;
    if (goesOn(halving, loss, seen)) gone++;
    seen.push(loss);
  }
  expect(gone).toBeGreaterThanOrEqual(95);
  expect(gone).toBeLessThanOrEqual(110);
});

test('the least so far passes over what is not a number', () => {
  expect(leastSoFar([Number.NaN, 3, 4, Number.NaN, 2])).toEqual([Number.NaN, 3, 3, 3, 2]);
});
