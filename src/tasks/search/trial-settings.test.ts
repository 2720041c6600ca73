import { expect, test } from 'vitest';
import { completeSettings } from '../classification/settings.ts';
import { settingFaults, withValues } from './trial-settings.ts';

test('values are put in, nested ones into a copy', () => {
  const settings = { lr: 1, augment: { scale: 0.1, shift: 0.2 } };
  expect(withValues(settings, { lr: 2, 'augment.scale': 0.3 })).toEqual({
    lr: 2,
    augment: { scale: 0.3, shift: 0.2 },
  });
  expect(settings.augment.scale).toBe(0.1);
  expect(withValues({}, { 'augment.scale': 0.3 })).toEqual({ augment: { scale: 0.3 } });
});

const float = (low: number, high: number) => ({ type: 'float', low, high });
test.each([
  ['an unknown setting', { rate: float(0, 1) }, "'rate' is not a setting"],
  [
    'a bound that the setting cannot have',
    { momentum: float(0, 1) },
    'momentum is 1, expected a number from 0 to 0.9999',
  ],
  ['a part of a number', { batch: float(8.5, 9) }, 'batch is 8.5'],
  ['a choice that there is not', { optimizer: { choices: ['sgd', 'lion'] } }, 'optimizer is "lion"'],
  ['an unknown part', { 'augment.rotateDegree': float(0, 1) }, 'augment'],
  ['the seed', { seed: { type: 'int', low: 1, high: 3 } }, "is the search's own"],
  ['the figure that decides', { watch: { choices: ['auc', 'loss'] } }, "is the search's own"],
])('%s is told', (_, space, message) => {
  expect(settingFaults(space, {}, completeSettings).join('; ')).toContain(message);
});

test('a sound space has no fault, and what is wrong with the settings themselves is not the space', () => {
  const space = {
    lr: float(1e-4, 1),
    optimizer: { choices: ['sgd', 'adamw'] },
    'augment.rotateDegrees': float(0, 30),
  };
  expect(settingFaults(space, {}, completeSettings)).toEqual([]);
  expect(settingFaults({ lr: float(0, 0.1) }, { momentum: 3 }, completeSettings)).toEqual([]);
});
