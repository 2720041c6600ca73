import { HounsfieldError } from '../../../errors.ts';

/** 'default': the bits as a number; 'ror': the least of their rotations in the order of neighbours; 'var': p (1 - p) of the bits. */
export const LBP_VOLUME_METHODS = ['default', 'ror', 'count', 'var'] as const;
export type LbpVolumeMethod = (typeof LBP_VOLUME_METHODS)[number];

/**
 * Neighbours whose distance lies in (distance - 1, distance] as [dz, dy, dx], in the order of a path that goes to and fro
 * through the box (MIRP's order, so that codes are the same).
 */
export function shellOf(distance: number): readonly (readonly [number, number, number])[] {
  const reach = Math.ceil(distance + 1);
  const side = 2 * reach + 1;
  const shell: [number, number, number][] = [];
  for (let i = 0; i < side ** 3; i++) {
    const line = Math.floor(i / side);
    const layer = Math.floor(line / side);
    const dz = layer - reach;
    const dy = (layer % 2 === 0 ? 1 : -1) * ((line % side) - reach);
    const dx = (line % 2 === 0 ? 1 : -1) * ((i % side) - reach);
    const length = Math.sqrt(dx * dx + dy * dy + dz * dz);
    if (length > 0 && length <= distance && length > distance - 1) shell.push([dz, dy, dx]);
  }
  return shell;
}

/**
 * Local binary patterns of a volume: each voxel is compared with the neighbours of the shell at `distance` voxels (six at
 * 1). A neighbour outside the volume counts as less.
 *
 * @param volume [D, H, W]
 * @param distance 1 or more; 'default' and 'ror' need at most 52 neighbours, which is 2
 * @returns [D, H, W]: a code, or of 'count' the number of neighbours that are not less, or of 'var' 0 to 0.25
 * @throws PICTURE_FEATURE_SETTINGS
 */
export function lbpVolume(
  volume: ArrayLike<number>,
  [width, height, depth]: readonly [width: number, height: number, depth: number],
  { distance, method }: { readonly distance: number; readonly method: LbpVolumeMethod },
): Float64Array {
  const shell = distance >= 1 && distance <= 16 ? shellOf(distance) : [];
  const asNumber = method === 'default' || method === 'ror';
  if (shell.length === 0 || (asNumber && shell.length > 52)) {
    throw new HounsfieldError(
      'PICTURE_FEATURE_SETTINGS',
      `patterns of a volume by '${method}' at distance ${distance} are not possible. Give a distance of 1 to 16, of up to 2 for 'default' and 'ror'.`,
    );
  }
  const out = new Float64Array(width * height * depth);
  const bits = new Uint8Array(shell.length);
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const value = volume[i]!;
        for (let k = 0; k < shell.length; k++) {
          const [dz, dy, dx] = shell[k]!;
          const [nz, ny, nx] = [z + dz, y + dy, x + dx];
          const inside = nz >= 0 && nz < depth && ny >= 0 && ny < height && nx >= 0 && nx < width;
          bits[k] = inside && volume[(nz * height + ny) * width + nx]! - value >= 0 ? 1 : 0;
        }
        out[i] = numberOf(bits, method);
      }
    }
  }
  return out;
}

function numberOf(bits: Uint8Array, method: LbpVolumeMethod): number {
  const { length } = bits;
  if (method === 'count' || method === 'var') {
    let ones = 0;
    for (let k = 0; k < length; k++) ones += bits[k]!;
    const share = ones / length;
    return method === 'count' ? ones : share * (1 - share);
  }
  let least = Number.POSITIVE_INFINITY;
  const turns = method === 'ror' ? length : 1;
  for (let turn = 0; turn < turns; turn++) {
    let code = 0;
    for (let k = 0, weight = 1; k < length; k++, weight *= 2) {
      const from = k - turn;
      if (bits[from < 0 ? from + length : from] === 1) code += weight;
    }
    if (code < least) least = code;
  }
  return least;
}
