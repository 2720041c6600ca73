import { describe, expect, test } from 'vitest';
import { learningFixture } from '../../../test/peers/learning-fixture.ts';
import {
  constantRate,
  cosine,
  observePlateau,
  oneCycle,
  type PlateauOptions,
  plateauRate,
  type Schedule,
  scheduleNamed,
  scheduleNames,
  startPlateau,
  stepDecay,
  type WarmUpOptions,
  warmUp,
} from './schedules.ts';

interface ScheduleCase {
  readonly schedule: string;
  // The options of whichever schedule is named.
  readonly options: never;
  readonly warmUp: WarmUpOptions | null;
  readonly total: number;
  readonly expected: readonly number[];
}

interface PlateauCase {
  readonly schedule: 'plateau';
  readonly options: PlateauOptions;
  readonly figures: readonly number[];
  readonly expected: readonly number[];
}

const schedules: Readonly<Record<string, (options: never) => Schedule>> = {
  constantRate: ({ rate }: { rate: number }) => constantRate(rate),
  stepDecay,
  cosine,
  oneCycle,
};

const cases = learningFixture<(ScheduleCase | PlateauCase)[]>('schedules');

describe('schedules', () => {
  const plain = cases.filter((item): item is ScheduleCase => item.schedule !== 'plateau');
  test.each(plain.map((item) => [item.schedule, JSON.stringify([item.options, item.warmUp]), item] as const))(
    '%s %s',
    (_, __, item) => {
      const bare = schedules[item.schedule]!(item.options);
      const schedule = item.warmUp ? warmUp(bare, item.warmUp) : bare;
      item.expected.forEach((rate, step) => {
        expect(schedule(step, item.total)).toBeCloseTo(rate, 12);
      });
    },
  );

  test('every schedule has a case', () => {
    expect(new Set(plain.map(({ schedule }) => schedule))).toEqual(new Set(Object.keys(schedules)));
  });

  const plateaus = cases.filter((item): item is PlateauCase => item.schedule === 'plateau');
  test.each(plateaus.map((item) => [item.options, item] as const))(
    'plateau %o',
    (options, { figures, expected }) => {
      let state = startPlateau(options);
      figures.forEach((figure, i) => {
        state = JSON.parse(JSON.stringify(observePlateau(options, state, figure)));
        expect(state.rate).toBeCloseTo(expected[i]!, 12);
        expect(plateauRate(options, figures.slice(0, i + 1))).toBe(state.rate);
      });
      expect(new Set(expected).size).toBeGreaterThan(1);
    },
  );

  test.each(scheduleNames)('%s by name never leaves 0..rate', (name) => {
    const schedule = scheduleNamed(name, 0.1);
    for (const total of [1, 2, 3, 7, 100]) {
      for (let step = 0; step < total; step++) {
        const rate = schedule(step, total);
        expect(rate >= 0 && rate <= 0.1 + 1e-12, `${name}, step ${step} of ${total}: ${rate}`).toBe(true);
      }
    }
  });

  test.each([
    [2, 0.5],
    [10, 0.1],
    [1, 0.3],
    [5, 1],
  ])('one-cycle over %d steps with a rise of %d stays within 0..maximum', (total, rise) => {
    const schedule = oneCycle({ maximum: 0.1, rise });
    const rates = Array.from({ length: total }, (_, step) => schedule(step, total));
    expect(
      rates.every((rate) => rate >= 0 && rate <= 0.1),
      `${rates}`,
    ).toBe(true);
  });

  test('an unknown name', () => {
    expect(() => scheduleNamed('cosin', 1)).toThrow(
      /^SCHEDULE_UNKNOWN: there is no schedule 'cosin'.*one-cycle/,
    );
  });
});
