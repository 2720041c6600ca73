import type { Vector3 } from '../../geometry/geometry.ts';
import { type Connectivity, connectedComponents } from '../connected-components.ts';

/**
 * A mask without its small pieces.
 *
 * @param mask [D, H, W]; what is not 0 is set
 * @param fewerThan pieces of fewer voxels than this go
 * @param connectivity default 6
 * @returns 0 and 1
 * @throws IMAGE_SHAPE
 */
export function removeSmallObjects(
  mask: ArrayLike<number>,
  [width, height, depth]: Vector3,
  fewerThan: number,
  connectivity: Connectivity = 6,
): Uint8Array {
  const { labels, sizes } = connectedComponents(mask, width, height, depth, connectivity);
  const stays = new Uint8Array(sizes.length);
  for (let label = 1; label < sizes.length; label++) stays[label] = sizes[label]! >= fewerThan ? 1 : 0;
  const out = new Uint8Array(labels.length);
  for (let i = 0; i < out.length; i++) out[i] = stays[labels[i]!]!;
  return out;
}

/** A mask whose small gaps are closed: pieces of what is not set, also at the border. Otherwise as removeSmallObjects. */
export function removeSmallHoles(
  mask: ArrayLike<number>,
  sides: Vector3,
  fewerThan: number,
  connectivity: Connectivity = 6,
): Uint8Array {
  const unset = new Uint8Array(mask.length);
  for (let i = 0; i < unset.length; i++) unset[i] = mask[i] ? 0 : 1;
  const left = removeSmallObjects(unset, sides, fewerThan, connectivity);
  for (let i = 0; i < left.length; i++) left[i] = 1 - left[i]!;
  return left;
}
