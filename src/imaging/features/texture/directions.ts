/** A step from a voxel to a neighbour, in voxels. */
export type Step = readonly [x: number, y: number, z: number];

export type Norm = 'chebyshev' | 'euclidean' | 'manhattan';

/** 'inverse': 1 / |m|; 'exponential': exp(-|m|^2), where |m| is a step's length in voxels. */
export type Weighting = 'none' | 'inverse' | 'exponential';

/** All steps of Chebyshev length 1 to `reach`, one of each pair of opposite ones. */
export function halfNeighbourhood(reach: number, dimensions: 2 | 3): readonly Step[] {
  const steps: Step[] = [];
  const reachZ = dimensions === 3 ? reach : 0;
  for (let z = 0; z <= reachZ; z++) {
    for (let y = z > 0 ? -reach : 0; y <= reach; y++) {
      for (let x = z > 0 || y > 0 ? -reach : 1; x <= reach; x++) steps.push([x, y, z]);
    }
  }
  return steps;
}

/** The 13 directions of a volume or the 4 of a slice, each `distance` voxels long in the Chebyshev norm. */
export function directions(distance: number, dimensions: 2 | 3): readonly Step[] {
  return halfNeighbourhood(1, dimensions).map(([x, y, z]) => [x * distance, y * distance, z * distance]);
}

export function lengthOf([x, y, z]: Step, norm: Norm): number {
  if (norm === 'chebyshev') return Math.max(Math.abs(x), Math.abs(y), Math.abs(z));
  if (norm === 'manhattan') return Math.abs(x) + Math.abs(y) + Math.abs(z);
  return Math.sqrt(x * x + y * y + z * z);
}

export function weightOf(step: Step, weighting: Weighting, norm: Norm): number {
  if (weighting === 'none') return 1;
  const length = lengthOf(step, norm);
  return weighting === 'inverse' ? 1 / length : Math.exp(-length * length);
}

/** How far apart a voxel and its neighbour lie in memory. */
export function offsetOf(
  [x, y, z]: Step,
  grid: { readonly strideY: number; readonly strideZ: number },
): number {
  return x + y * grid.strideY + z * grid.strideZ;
}
