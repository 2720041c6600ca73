import type { Vector3 } from '../../geometry/geometry.ts';
import { thinPicture } from './skeleton-picture.ts';
import { thinVolume } from './skeleton-volume.ts';
import { requireVolume } from './volume-sides.ts';

/**
 * The middle lines of a mask, one voxel wide, that hang together as the mask does. 'zhang': pictures (Zhang and Suen, "A
 * fast parallel algorithm for thinning digital patterns", CACM 1984); 'lee': volumes, and pictures as one slice (Lee,
 * Kashyap and Chu, "Building skeleton models via 3-D medial surface/axis thinning algorithms", CVGIP 1994). What lies
 * beyond the border is not set.
 *
 * @param mask [D, H, W]
 * @param method default 'zhang' for one slice, 'lee' for more; 'zhang' takes each slice for itself
 * @returns 0 and 1
 * @throws IMAGE_SHAPE
 */
export function skeletonize(
  mask: ArrayLike<number>,
  sides: Vector3,
  method: 'zhang' | 'lee' = sides[2] === 1 ? 'zhang' : 'lee',
): Uint8Array {
  requireVolume(mask, sides, 'skeleton');
  if (method === 'lee') return thinVolume(mask, sides);
  const [width, height, depth] = sides;
  const plane = width * height;
  const skeleton = new Uint8Array(mask.length);
  for (let z = 0; z < depth; z++) thinPicture(mask, skeleton, z * plane, width, height);
  return skeleton;
}
