import { describe, expect, test } from 'vitest';
import { describePhase, planPhases, totalEpochs } from './phases.ts';
import { completeSettings } from './settings.ts';

const weights = (name: string) => ({ name: `${name}.weight`, shape: [4, 4] });
const scale = (name: string) => ({ name: `${name}.weight`, shape: [4] });
const parameters = [
  weights('conv1'),
  scale('bn1'),
  weights('layer1.0'),
  weights('layer2.0'),
  scale('layer2.1'),
  weights('fc'),
];

const plan = (settings: Readonly<Record<string, unknown>>) =>
  planPhases(completeSettings(settings), parameters, 'fc');

const phases = [
  { name: 'head', train: 'head', epochs: 2, lr: 0.1, augment: false },
  { name: 'last', train: { lastBlocks: 1 }, epochs: 3, patience: 4 },
  { name: 'all', train: 'all', epochs: 5, statistics: 'keep' },
];

describe('phases', () => {
  test('open the network from its head towards its input', () => {
    const found = plan({ phases, depthDecay: 0.5, lr: 0.01, patience: 9 });
    expect(found.map(({ blocks }) => blocks)).toEqual([
      ['fc'],
      ['layer2', 'fc'],
      ['conv1', 'layer1', 'layer2', 'fc'],
    ]);
    expect(found.map(({ lr, patience, epochs, augment }) => [lr, patience, epochs, augment])).toEqual([
      [0.1, 9, 2, false],
      [0.01, 4, 3, true],
      [0.01, 9, 5, true],
    ]);
    expect(totalEpochs(found)).toBe(10);
    expect(parameters.map(({ name }) => found[2]!.rateFactor(name))).toEqual([
      0.125, 0.125, 0.25, 0.5, 0.5, 1,
    ]);
  });

  test('keep the statistics of layers that they do not train, and of all where asked', () => {
    const [head, last, all] = plan({ phases });
    expect(['bn1', 'layer2.1'].map((layer) => head!.keepsStatistics(layer))).toEqual([true, true]);
    expect(['bn1', 'layer2.1'].map((layer) => last!.keepsStatistics(layer))).toEqual([true, false]);
    expect(['bn1', 'layer2.1'].map((layer) => all!.keepsStatistics(layer))).toEqual([true, true]);
  });

  test('leave frozen what a pattern names, in every phase', () => {
    const [whole] = plan({ freeze: ['conv1.*', 'bn1.*'], epochs: 7 });
    expect(parameters.map(({ name }) => whole!.frozen(name))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(describePhase(whole!)).toBe(
      "phase 'all': 4 of 6 parameters (layer1, layer2, fc), 7 epochs, learning rate up to 0.001",
    );
  });

  test.each([
    [
      { freeze: ['stem.*'] },
      /^FREEZE_PATTERN: 'stem\.\*' names no parameter\. They are called conv1\.weight, /,
    ],
    [{ freeze: ['*'] }, /^NOTHING_TO_TRAIN: in the phase 'all'/],
    [{ freeze: ['fc.*'], phases }, /^NOTHING_TO_TRAIN: in the phase 'head'/],
    [
      { phases: [{ train: 'some', epochs: 0, speed: 3 }] },
      /^SETTINGS_INVALID: phases\[0\]: name is missing; .*train is "some".*; .*epochs is 0.*; .*'speed' is not part/,
    ],
    [{ phases: 'two' }, /^SETTINGS_INVALID: phases is no list/],
    [{ lr: 'fast' }, /^SETTINGS_INVALID: lr is "fast", expected a number from 0 to 1000, or 'find'/],
  ])('%j is refused', (settings, message) => expect(() => plan(settings)).toThrow(message));
});

describe('the transfer recipe', () => {
  test('trains the head first, on features that are computed once, then everything more slowly', () => {
    const settings = completeSettings({ recipe: 'transfer', epochs: 10 });
    const [head, all] = planPhases(settings, parameters, 'fc');
    expect([head!.blocks, head!.augment]).toEqual([['fc'], false]);
    expect([all!.trained, all!.augment]).toEqual([6, true]);
    expect(Number(all!.lr)).toBeLessThan(Number(head!.lr));
    expect(all!.rateFactor('conv1.weight')).toBeLessThan(1);
  });

  test('gives way to what is asked for', () => {
    const settings = completeSettings({ recipe: 'transfer', channels: 1, depthDecay: 1, imbalance: 'none' });
    expect([settings.channels, settings.depthDecay, settings.imbalance]).toEqual([1, 1, 'none']);
  });
});
