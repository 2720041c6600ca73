import { throwProblems } from '../dataset/dataset.ts';
import type { RegionCases, RegionKind } from './cases.ts';

/** What 'auto' means of these cases: the mask where every case has one, the whole image where none has. @throws MASK_MISSING */
export function regionOfCases(
  { dataset, cases, repeats }: RegionCases,
  region: RegionKind,
): Exclude<RegionKind, 'auto'> {
  if (region !== 'auto') return region;
  const sources = [...cases, ...repeats];
  const without = sources.filter(({ mask }) => mask === undefined);
  if (without.length === sources.length) return 'image';
  throwProblems(
    dataset.name,
    without.map(({ id }) => ({ code: 'MASK_MISSING', text: `${id} has no mask, and other cases have one` })),
    'Give every case a mask, or measure the whole images (--region image).',
  );
  return 'mask';
}
