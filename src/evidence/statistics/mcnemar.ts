import { HounsfieldError } from '../../errors.ts';
import { clusterBy } from './bootstrap.ts';
import { normalTwoSided, signTwoSided } from './distributions.ts';

/** Right and wrong answers of two methods on the same samples. */
export interface McNemar {
  /** Samples that only the first has right, and that only the second has. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Share that is right, of each. */
  readonly first: number;
  readonly second: number;
  /** Exact, two-sided, each sample by itself (McNemar, Psychometrika 12, 1947). */
  readonly p: number;
  /**
   * Two-sided, each patient's samples together (Durkalski et al., Statistics in Medicine 22, 2003, equation 3); null where
   * every patient has one sample, or no difference.
   */
  readonly pByPatient: number | null;
}

/**
 * Whether two methods are right equally often.
 *
 * @param patients [N] whose sample it is
 * @throws EVIDENCE_EMPTY, EVIDENCE_SIZE_MISMATCH
 */
export function mcNemar(
  first: ArrayLike<number | boolean>,
  second: ArrayLike<number | boolean>,
  patients: readonly string[],
): McNemar {
  const count = patients.length;
  if (count === 0) {
    throw new HounsfieldError('EVIDENCE_EMPTY', 'no sample was passed. Give at least one labelled sample.');
  }
  if (first.length !== count || second.length !== count) {
    throw new HounsfieldError(
      'EVIDENCE_SIZE_MISMATCH',
      `${first.length} and ${second.length} answers for ${count} patients, expected as many of each. Pass rows of the same ` +
        'samples in the same order.',
    );
  }
  const clusters = clusterBy(patients);
  const differences = new Float64Array(clusters.count);
  const sizes = new Float64Array(clusters.count);
  let [onlyFirst, onlySecond, rightFirst, rightSecond] = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [a, b] = [Number(Boolean(first[i])), Number(Boolean(second[i]))];
    rightFirst += a;
    rightSecond += b;
    if (a > b) onlyFirst++;
    if (b > a) onlySecond++;
    differences[clusters.index[i]!]! += a - b;
    sizes[clusters.index[i]!]! += 1;
  }
  const shares = differences.map((difference, k) => difference / sizes[k]!);
  const squares = shares.reduce((sum, share) => sum + share * share, 0);
  const whole = shares.reduce((sum, share) => sum + share, 0);
  const clustered = clusters.count < count && squares > 0;
  return {
    onlyFirst,
    onlySecond,
    first: rightFirst / count,
    second: rightSecond / count,
    p: signTwoSided(onlyFirst, onlySecond),
    pByPatient: clustered ? normalTwoSided(whole / Math.sqrt(squares)) : null,
  };
}
