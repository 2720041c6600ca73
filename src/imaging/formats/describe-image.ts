import { type Geometry, orientationCode, origin, spacingMm } from '../geometry/geometry.ts';
import type { ImageShape } from '../image/medical-image.ts';

type Fact = readonly [name: string, value: string];

const short = (value: number): string => String(Number(value.toPrecision(6)));

/** Sides, spacing and place of an image in words. */
export function gridFacts(
  shape: Required<ImageShape>,
  place: { readonly geometry?: Geometry | undefined; readonly timeStepS?: number | undefined },
): readonly Fact[] {
  const { width, height, depth, channels, timePoints } = shape;
  const facts: Fact[] = [['size', [width, height, ...(depth > 1 ? [depth] : [])].join(' × ')]];
  if (channels > 1) facts.push(['channels', String(channels)]);
  if (timePoints > 1) {
    const step = place.timeStepS === undefined ? '' : `, ${short(place.timeStepS)} s apart`;
    facts.push(['time points', `${timePoints}${step}`]);
  }
  const { geometry } = place;
  if (!geometry) return [...facts, ['spacing', 'not stated']];
  const spacing = spacingMm(geometry);
  const used = depth > 1 || geometry.frame === 'patient' ? spacing : spacing.slice(0, 2);
  facts.push(['spacing', `${used.map(short).join(' × ')} mm`]);
  if (geometry.frame === 'patient') {
    facts.push(['orientation', orientationText(geometry)]);
    facts.push(['origin (LPS)', `${origin(geometry).map(short).join(', ')} mm`]);
  }
  return facts;
}

/** 'LPS', or 'LPS, oblique by 12.5°' where an axis leaves the patient's by more than a tenth of a degree. */
function orientationText(geometry: Geometry): string {
  const { affine } = geometry;
  const code = orientationCode(geometry);
  const worst = [0, 1, 2].map((axis) => {
    const column = [affine[axis]!, affine[4 + axis]!, affine[8 + axis]!];
    return Math.acos(Math.min(1, Math.max(...column.map(Math.abs)) / Math.hypot(...column)));
  });
  const degrees = (Math.max(...worst) * 180) / Math.PI;
  return degrees > 0.1 ? `${code}, oblique by ${degrees.toFixed(1)}°` : code;
}
