import { HounsfieldError } from '../../errors.ts';
import { filterTransforms } from './filter-transforms.ts';
import { intensityTransforms } from './intensity-transforms.ts';
import { morphologyTransforms } from './morphology-transforms.ts';
import { spatialTransforms } from './spatial-transforms.ts';
import type { Transform } from './transform.ts';

/** Every transform by its name: what history and a model's steps may name. */
export const transforms: ReadonlyMap<string, Transform> = new Map(
  [...spatialTransforms, ...intensityTransforms, ...filterTransforms, ...morphologyTransforms].map(
    (transform) => [transform.name, transform],
  ),
);

/** A transform by its name. Throws TRANSFORM_UNKNOWN. */
export function transformNamed(name: string): Transform {
  const transform = transforms.get(name);
  if (transform) return transform;
  throw new HounsfieldError(
    'TRANSFORM_UNKNOWN',
    `'${String(name).slice(0, 60)}' is not a transform (known: ${[...transforms.keys()].join(', ')}). Correct the name, or ` +
      'read the history with the version that wrote it.',
  );
}
