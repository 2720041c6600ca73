import type { RandomStream } from '../../random.ts';

/** Which image each image of a batch is mixed with, and how much of itself it keeps (0.5..1). */
export interface MixupRecord {
  readonly partner: readonly number[];
  readonly lambda: number;
}

/**
 * Draws mixup for a batch (Zhang et al., "mixup: Beyond empirical risk minimization", ICLR 2018, eq. 1): one lambda
 * from Beta(alpha, alpha), taken as max(lambda, 1 - lambda) so that each image stays the greater part of itself.
 */
export function drawMixup(alpha: number, count: number, stream: RandomStream): MixupRecord {
  const drawn = stream.beta(alpha, alpha);
  return { partner: Array.from(stream.permutation(count)), lambda: Math.max(drawn, 1 - drawn) };
}

/**
 * lambda x_i + (1 - lambda) x_partner(i) for each of the first `partner.length` rows of a batch, in place; used for
 * images [B, C*H*W] and, with the same record, for labels [B, K], which so become soft.
 */
export function applyMixup(rows: Float32Array, rowLength: number, record: MixupRecord): void {
  const { partner, lambda } = record;
  const original = rows.slice(0, partner.length * rowLength);
  for (let i = 0; i < partner.length; i++) {
    const other = partner[i]! * rowLength;
    const row = i * rowLength;
    for (let k = 0; k < rowLength; k++) {
      rows[row + k] = lambda * original[row + k]! + (1 - lambda) * original[other + k]!;
    }
  }
}
