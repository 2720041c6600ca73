import { HounsfieldError } from '../../../../errors.ts';
import type { SliceGroup } from './stack-split.ts';

/** Says of each group how many slices it has and in what it differs from the others. */
export function describeGroups(groups: readonly SliceGroup[]): readonly string[] {
  const firsts = groups.map(({ timePoints }) => timePoints[0]![0]!);
  const differ = <T>(read: (i: number) => T) =>
    new Set(firsts.map((_, i) => JSON.stringify(read(i)))).size > 1;
  const sizes = differ((i) => [firsts[i]!.rows, firsts[i]!.columns]);
  const turns = differ((i) => firsts[i]!.orientation);
  const frames = differ((i) => firsts[i]!.frameOfReferenceUid);
  const spacings = differ((i) => firsts[i]!.pixelSpacingMm);
  const frameNames = [...new Set(firsts.map(({ frameOfReferenceUid }) => frameOfReferenceUid))];
  return groups.map(({ timePoints, distinction }, i) => {
    const first = firsts[i]!;
    const slices = timePoints.reduce((sum, part) => sum + part.length, 0);
    const parts = [
      `${slices} slices`,
      ...(sizes ? [`${first.rows} x ${first.columns}`] : []),
      ...(turns
        ? [
            first.orientation
              ? `orientation ${first.orientation.flat().map(short).join(' ')}`
              : 'no orientation',
          ]
        : []),
      ...(spacings && first.pixelSpacingMm
        ? [`pixels of ${first.pixelSpacingMm.map(short).join(' x ')} mm`]
        : []),
      ...(frames ? [`frame of reference ${frameNames.indexOf(first.frameOfReferenceUid) + 1}`] : []),
      ...(first.position ? [] : ['no position']),
      ...distinction,
    ];
    return `${i}: ${parts.join(', ')}`;
  });
}

const short = (value: number): string => String(Number(value.toFixed(3)));

/** The one group, or the one that was asked for. Throws DICOM_STACKS. */
export function requireOneGroup(groups: readonly SliceGroup[], index: number | undefined): SliceGroup {
  const chosen = index === undefined ? (groups.length === 1 ? groups[0] : undefined) : groups[index];
  if (chosen) return chosen;
  throw new HounsfieldError(
    'DICOM_STACKS',
    `the series holds ${groups.length} stacks, of which one is expected: ${describeGroups(groups).slice(0, 10).join('; ')}. ` +
      'Pass stack: (--stack) with the number of the one to read.',
  );
}
