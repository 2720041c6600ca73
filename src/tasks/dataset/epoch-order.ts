import { RandomStream } from '../../random.ts';
import { type Dataset, strataCount } from './dataset.ts';
import { type Balance, balancedLength, balancedOrder } from './imbalance.ts';

/** Which samples an epoch shows, and how. */
export interface OrderOptions {
  readonly dataset: Dataset;
  /** Which of dataset.samples, by index. */
  readonly samples: readonly number[];
  readonly seed: number;
  readonly balance?: Balance;
  /** A new random order each epoch (default), or the order of `samples`. */
  readonly shuffle?: boolean;
}

/** Images that an epoch shows. */
export function epochLength({ dataset, samples, balance = 'none' }: OrderOptions): number {
  const counts = new Array<number>(strataCount(dataset)).fill(0);
  for (const index of samples) counts[dataset.samples[index]!.label]!++;
  return balancedLength(counts, balance);
}

/** Positions into `samples` in the order of an epoch: the same each time it is asked. */
export function epochOrder(options: OrderOptions, epoch: number): ArrayLike<number> {
  const { dataset, samples, seed, balance = 'none', shuffle = true } = options;
  if (!shuffle && balance === 'none') return samples.map((_, position) => position);
  const labels = samples.map((index) => dataset.samples[index]!.label);
  return balancedOrder(
    labels,
    strataCount(dataset),
    balance,
    new RandomStream({ seed, purpose: 'shuffle', epoch }),
  );
}
