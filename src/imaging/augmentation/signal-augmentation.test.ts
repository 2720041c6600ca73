import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../random.ts';
import { type Signal, signal } from '../signal/signal.ts';
import { applySignalAugmentation, drawSignalAugmentation, signalSize } from './signal-augmentation.ts';
import { SIGNAL_RECIPE_LIMITS, type SignalRecipe, signalRecipe } from './signal-recipe.ts';

const all: SignalRecipe = {
  shiftS: 1,
  warp: 0.2,
  scale: 0.3,
  wander: 0.5,
  whiteNoise: 0.2,
  pinkNoise: 0.2,
  powerline: 0.3,
  dropout: 0.3,
  cutOut: 0.1,
};

function recording(): Signal {
  const samples = (): Float64Array =>
    Float64Array.from({ length: 2500 }, (_, i) => Math.exp(-((((i % 250) - 100) / 5) ** 2)));
  const marks = Array.from({ length: 10 }, (_, k) => ({
    timeS: (k * 250 + 100) / 250,
    sample: k * 250 + 100,
    label: 'N',
  }));
  return signal(
    ['I', 'II', 'V1'].map((name) => ({ name, unit: 'mV', samplingRateHz: 250, samples: samples() })),
    250,
    marks,
  );
}

const stream = (step: number): RandomStream => new RandomStream({ seed: 5, purpose: 'augment', step });

describe('drawn, recorded, replayed', () => {
  test.each([0, 1, 2, 3, 4])('step %i: the same key gives the same steps and the same recording', (step) => {
    const size = signalSize(recording());
    const steps = drawSignalAugmentation(all, size, stream(step));
    expect(drawSignalAugmentation(all, size, stream(step))).toEqual(steps);
    const written = JSON.parse(JSON.stringify(steps)) as typeof steps; // what was written
    const [once, again] = [
      applySignalAugmentation(recording(), steps),
      applySignalAugmentation(recording(), written),
    ];
    expect(again).toEqual(once);
    expect(once.channels.every((channel) => channel.samples.every(Number.isFinite))).toBe(true);
    expect(once.history.map((entry) => entry.transform)).toEqual(steps.map((one) => one.transform));
    const fromHistory = applySignalAugmentation(recording(), once.history);
    expect(fromHistory.channels).toEqual(once.channels);
  });

  test('different steps draw differently', () => {
    const size = signalSize(recording());
    expect(drawSignalAugmentation(all, size, stream(1))).not.toEqual(
      drawSignalAugmentation(all, size, stream(2)),
    );
  });

  test('annotations move with the same draw', () => {
    const before = recording();
    for (let step = 0; step < 10; step++) {
      const steps = drawSignalAugmentation({ shiftS: 1, warp: 0.2 }, signalSize(before), stream(step));
      const done = applySignalAugmentation(before, steps);
      expect(done.annotations.length).toBeGreaterThanOrEqual(8);
      const { samples } = done.channels[0]!;
      for (const mark of done.annotations) {
        if (mark.timeS < 0.2 || mark.timeS > 9.8) continue;
        const around = samples.subarray(mark.sample! - 20, mark.sample! + 21);
        expect(Math.abs(around.indexOf(Math.max(...around)) - 20)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('a chance of 0 does nothing, and leaves later draws where they were', () => {
    const size = signalSize(recording());
    expect(drawSignalAugmentation({ ...all, probability: 0 }, size, stream(0))).toEqual([]);
    const one = applySignalAugmentation(recording(), []);
    expect(one.channels).toEqual(recording().channels);
  });

  test('at least one lead is left', () => {
    for (let step = 0; step < 20; step++) {
      const steps = drawSignalAugmentation({ dropout: 1 }, signalSize(recording()), stream(step));
      expect(steps[0]!.parameters['channels']).toHaveLength(2);
    }
  });

  test('missing instead of filled', () => {
    const steps = drawSignalAugmentation(
      { cutOut: 0.2, shiftS: 1, missing: 'missing' },
      signalSize(recording()),
      stream(3),
    );
    const done = applySignalAugmentation(recording(), steps);
    expect(done.channels[0]!.samples.filter(Number.isNaN).length).toBeGreaterThanOrEqual(500);
  });
});

describe('recipes', () => {
  test.each([
    [{ shiftS: -1 }, /shiftS is -1, outside 0/],
    [{ wobble: 1 }, /'wobble' is not known/],
    [{ missing: 'zero', warp: 2 }, /missing is 'zero'.*warp is 2/],
    [{ toString: 1 }, /'toString' is not known/],
  ])('%j is refused', (recipe, message) => {
    expect(() => signalRecipe(recipe)).toThrow(message);
  });

  test('every limit can be used', () => {
    for (const [name, [low, high]] of Object.entries(SIGNAL_RECIPE_LIMITS)) {
      expect(signalRecipe({ [name]: low })).toEqual({ [name]: low });
      const steps = drawSignalAugmentation(
        signalRecipe({ [name]: high }),
        signalSize(recording()),
        stream(1),
      );
      const done = applySignalAugmentation(recording(), steps);
      expect(done.channels.length).toBe(3);
    }
  });
});
