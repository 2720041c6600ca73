import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../errors.ts';
import { VOLUME_RECIPE_LIMITS, volumeRecipeFaults } from '../augmentation/volume-recipe.ts';
import { medicalImage } from '../image/medical-image.ts';
import { applySteps, invertHistory, type NamedStep, replay, undo } from './history.ts';
import type { JsonObject } from './read-parameters.ts';
import { transformNamed, transforms } from './registry.ts';
import { apply } from './transform.ts';

const seed = 31;

/** What a hand-written file may hold in the place of a parameter. */
const strange = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -0,
    1e308,
    -1,
    2 ** 53,
    [],
    {},
    [[]],
    [[null]],
    'constructor',
  ),
  fc.array(fc.double(), { maxLength: 12 }),
) as fc.Arbitrary<unknown>;

describe(`strange parameters are taken or refused by name (seed ${seed})`, () => {
  test.each([...transforms.values()].map((transform) => [transform.name, transform] as const))(
    '%s',
    (_, transform) => {
      const example = transform.example as JsonObject; // plain JSON by the contract
      let known: string[] = [];
      try {
        known = Object.keys(transform.check(example));
      } catch {
        known = Object.keys(example);
      }
      const names = fc.constantFrom(...known, 'before', 'unknown', '__proto__', 'toString');
      fc.assert(
        fc.property(fc.array(fc.tuple(names, strange), { minLength: 1, maxLength: 3 }), (changes) => {
          const parameters = { ...example, ...Object.fromEntries(changes) };
          try {
            const checked = transform.check(parameters);
            expect(transform.check(checked as JsonObject)).toEqual(checked); // what is checked is plain JSON again
          } catch (error) {
            if (!isHounsfieldError(error, 'TRANSFORM_PARAMETERS')) throw error;
          }
        }),
        { seed, numRuns: 300 },
      );
    },
  );
});

test(`strange recipes have faults, not crashes (seed ${seed})`, () => {
  const names = fc.constantFrom(...Object.keys(VOLUME_RECIPE_LIMITS), 'crop', 'border', '__proto__', 'other');
  const fields = fc.constantFrom(
    'probability',
    'scale',
    'size',
    'axes',
    'factor',
    'kind',
    'points',
    'constructor',
  );
  const entry = fc.oneof(
    strange,
    fc.array(fc.tuple(fields, strange), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(names, entry), { maxLength: 5 }), (pairs) => {
      const faults = volumeRecipeFaults(Object.fromEntries(pairs));
      expect(faults.every((fault) => fault.length > 10 && fault.length < 600)).toBe(true);
    }),
    { seed, numRuns: 2000 },
  );
});

describe(`strange steps from JSON are done or refused by a code (seed ${seed})`, () => {
  const image = medicalImage(
    Float32Array.from({ length: 24 }, (_, i) => i),
    { depth: 2, height: 3, width: 4 },
  );
  const turned = apply(transformNamed('turn-axes'), image, { order: [1, 0, 2], sign: [1, -1, 1] });
  const strangeStep = fc.oneof(
    strange,
    fc.record(
      {
        transform: fc.oneof(fc.constantFrom('min-max', 'turn-axes', 'crop-or-pad', 'noise'), strange),
        parameters: strange,
        images: fc.oneof(fc.constantFrom(['image'], null), strange),
      },
      { requiredKeys: [] },
    ),
  );
  const ways: Readonly<Record<string, (list: never) => unknown>> = {
    applySteps: (list) => applySteps(list, { images: { image } }),
    replay: (list) => replay(list, image),
    invertHistory: (list) => invertHistory(turned, list),
    undo: (list) => undo({ ...turned, history: list }),
  };

  test.each(Object.entries(ways))('%s', (_, way) => {
    fc.assert(
      fc.property(fc.oneof(strange, fc.array(strangeStep, { maxLength: 3 })), (list) => {
        try {
          way(list as never); // whatever a file holds
        } catch (error) {
          if (!isHounsfieldError(error)) throw error;
        }
      }),
      { seed, numRuns: 500 },
    );
  });

  test('parameters may be left out where none is needed', () => {
    const [bare, full] = [[{ transform: 'min-max' }], [{ transform: 'min-max', parameters: {} }]] as const;
    const done = (steps: readonly unknown[]) =>
      applySteps(steps as readonly NamedStep[], { images: { image } }).images['image'];
    expect(done(bare)).toEqual(done(full));
  });
});
