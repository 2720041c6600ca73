import { createHash } from 'node:crypto';
import type { Matrix } from '../../learning/classifiers/matrix.ts';
import type { FeatureInput } from '../bundle/model-card.ts';

/** SHA-256 (hex) over cases' features and classes: what tells whether a model was made from these very cases. */
export function featuresFingerprint(
  { settingsSha256, names }: Pick<FeatureInput, 'settingsSha256' | 'names'>,
  { values }: Matrix,
  labels: ArrayLike<number>,
): string {
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .update(JSON.stringify([settingsSha256, names, Array.from(labels)]))
    .digest('hex');
}
