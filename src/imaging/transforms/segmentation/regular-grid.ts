import type { Vector3 } from '../../geometry/geometry.ts';

/** Where places of a regular grid begin along each axis, and how far apart they are. */
export interface RegularGrid {
  readonly start: Vector3;
  readonly step: Vector3;
}

/** A grid of about as many places as asked for, as even as the sides allow: a side shorter than a step has one place. */
export function regularGrid(sides: Vector3, places: number): RegularGrid {
  const space = sides[0] * sides[1] * sides[2];
  if (space <= places) return { start: [0, 0, 0], step: [1, 1, 1] };
  // shorter sides first; of equal ones z, y, x
  const order = [2, 1, 0].sort((a, b) => sides[a]! - sides[b]!);
  const rising = order.map((axis) => sides[axis]!);
  const steps = [0, 0, 0].fill((space / places) ** (1 / 3));
  if (rising.some((side, i) => side < steps[i]!)) {
    for (let i = 0; i < 3; i++) {
      steps[i] = rising[i]!;
      const rest = rising.slice(i + 1).reduce((product, side) => product * side, 1);
      steps.fill((rest / places) ** (1 / (2 - i)), i + 1);
      if (rising.every((side, k) => side >= steps[k]!)) break;
    }
  }
  const [start, step] = [[0, 0, 0] as [number, number, number], [1, 1, 1] as [number, number, number]];
  order.forEach((axis, i) => {
    start[axis] = Math.floor(steps[i]! / 2);
    step[axis] = roundHalfEven(steps[i]!);
  });
  return { start, step };
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** The grid's places as x, y, z, x fastest. */
export function gridPlaces(sides: Vector3, { start, step }: RegularGrid): readonly Vector3[] {
  const places: Vector3[] = [];
  for (let z = start[2]; z < sides[2]; z += step[2]) {
    for (let y = start[1]; y < sides[1]; y += step[1]) {
      for (let x = start[0]; x < sides[0]; x += step[0]) places.push([x, y, z]);
    }
  }
  return places;
}
