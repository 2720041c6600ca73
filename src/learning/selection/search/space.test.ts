import { expect, test } from 'vitest';
import { RandomStream } from '../../../random.ts';
import { randomSampler } from './samplers.ts';
import { groupsOf, holds, parseSpace, positionOf, type SearchSpace, spaceFaults } from './space.ts';

const space: SearchSpace = {
  lr: { type: 'float', low: 1e-5, high: 1e-1, scale: 'log' },
  batch: { type: 'int', low: 8, high: 64, step: 8 },
  optimizer: { choices: ['sgd', 'adamw'] },
  momentum: { type: 'float', low: 0.5, high: 0.9, step: 0.1, when: { optimizer: 'sgd' } },
  nesterov: { choices: [true, false], when: { optimizer: ['sgd'], momentum2: 2 } },
  momentum2: { type: 'int', low: 1, high: 3, when: { optimizer: 'sgd' } },
  'augment.rotateDegrees': { type: 'float', low: 0, high: 30 },
};

test('a space without fault is taken as it is', () => {
  expect(parseSpace(space)).toBe(space);
});

const float = { type: 'float', low: 0, high: 1 };
test.each([
  ['a list', [], 'the space is a list'],
  ['nothing in it', {}, 'no parameter'],
  ['a number', { lr: 3 }, 'lr: is a number, expected {'],
  ['low above high', { lr: { ...float, low: 2 } }, 'low 2 is above high 1'],
  ['logarithm of 0', { lr: { ...float, scale: 'log' } }, 'low 0 has no logarithm'],
  ['no choice', { a: { choices: [] } }, 'choices is empty'],
  ['a choice twice', { a: { choices: ['x', { y: 1 }, { y: 1 }] } }, 'the choice {"y":1} more than once'],
  ['no kind', { a: { low: 0, high: 1 } }, 'type is missing'],
  ['no bound', { a: { type: 'int', low: 0 } }, 'high is missing'],
  ['a bound that is no number', { a: { type: 'float', low: Number.NaN, high: 1 } }, 'low is null'],
  [
    'part of a whole number',
    { a: { type: 'int', low: 0.5, high: 2 } },
    'low is 0.5, expected a whole number',
  ],
  ['a step of 0', { a: { ...float, step: 0 } }, 'step is 0'],
  ['a step too wide', { a: { ...float, step: 2 } }, 'step 2 is wider'],
  [
    'a step on a logarithm',
    { a: { type: 'float', low: 1, high: 9, scale: 'log', step: 1 } },
    'step does not go with',
  ],
  ['an unknown scale', { a: { ...float, scale: 'exp' } }, 'scale is "exp"'],
  ['an unknown field', { a: { ...float, logarithmic: true } }, "has 'logarithmic'"],
  [
    'a condition on nothing',
    { a: { ...float, when: { b: 1 } } },
    "when names 'b', which is not in the space",
  ],
  ['a condition on a float', { a: float, b: { ...float, when: { a: 1 } } }, 'which is a float'],
  [
    'a value that never is',
    { a: { choices: [1] }, b: { ...float, when: { a: 2 } } },
    'when a is 2, which it never is',
  ],
  ['an empty condition', { a: { ...float, when: {} } }, 'when is a object'],
  [
    'a circle',
    { a: { choices: [1], when: { b: 1 } }, b: { choices: [1], when: { a: 1 } } },
    'a, b go in a circle',
  ],
  [
    'a setting and its part',
    { augment: { choices: [{}] }, 'augment.scale': float },
    'augment.scale is a part of it',
  ],
  ['no name', { 'a..b': float }, 'is no name of a setting'],
])('%s is refused', (_, value, message) => {
  expect(spaceFaults(value).join('; ')).toContain(message);
  expect(() => parseSpace(value)).toThrow(expect.objectContaining({ code: 'SEARCH_SPACE' }));
});

test('all that is wrong is told at once', () => {
  const faults = spaceFaults({
    a: { ...float, low: 5 },
    b: { choices: [] },
    c: { ...float, when: { z: 1 } },
  });
  expect(faults).toHaveLength(3);
  expect(() => parseSpace({ a: { choices: [] } }, ['x: is no setting'])).toThrow(
    /choices is empty.*; x: is no setting/,
  );
});

test('groups share a condition and come after what it names', () => {
  expect(groupsOf(space).map(({ names }) => names)).toEqual([
    ['lr', 'batch', 'optimizer', 'augment.rotateDegrees'],
    ['momentum', 'momentum2'],
    ['nesterov'],
  ]);
});

test('seed 1: what is drawn lies in the space, with what its conditions ask for', () => {
  const stream = new RandomStream({ seed: 1, purpose: 'test' });
  const seen = { batch: new Set<unknown>(), momentum: new Set<unknown>(), below: 0 };
  for (let i = 0; i < 1000; i++) {
    const values = randomSampler(space, [], stream);
    for (const [name, parameter] of Object.entries(space)) {
      expect(name in values).toBe(holds(parameter.when, values));
      if (!(name in values)) continue;
      expect(positionOf(parameter, values[name])).toBeGreaterThanOrEqual(0);
      expect(positionOf(parameter, values[name])).toBeLessThanOrEqual(1);
    }
    seen.batch.add(values['batch']);
    if ('momentum' in values) seen.momentum.add(values['momentum']);
    if (Number(values['lr']) < 1e-3) seen.below++;
  }
  expect([...seen.batch].sort((a, b) => Number(a) - Number(b))).toEqual([8, 16, 24, 32, 40, 48, 56, 64]);
  expect([...seen.momentum].sort()).toEqual([0.5, 0.6, 0.7, 0.8, 0.9]);
  // Half of the logarithmic range lies below 1e-3: five standard deviations of a fair coin.
  expect(Math.abs(seen.below - 500)).toBeLessThan(5 * Math.sqrt(250));
});
