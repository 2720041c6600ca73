/**
 * Quantile of the standard normal by rational functions (Wichura, Algorithm AS 241: The percentage points of the normal
 * distribution, 1988, PPND16), to about 1e-16.
 */
export const CENTRAL = {
  above: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
    67265.7709270087, 33430.57558358813, 2509.0809287301227,
  ],
  below: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
    28729.085735721943, 5226.495278852854,
  ],
} as const;

export const MIDDLE = {
  above: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
    0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  below: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
    0.0005475938084995345, 1.0507500716444169e-9,
  ],
} as const;

/** Of tails no further than some 1e-11; what is beyond is not asked for. */
export const FARTHEST = Math.exp(-25);

function ratio(
  r: number,
  { above, below }: { readonly above: readonly number[]; readonly below: readonly number[] },
) {
  let [a, b] = [0, 0];
  for (let i = above.length - 1; i >= 0; i--) {
    a = a * r + above[i]!;
    b = b * r + below[i]!;
  }
  return a / b;
}

/** z with P(Z <= z) = p, p in FARTHEST .. 1 - FARTHEST. */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratio(0.180625 - q * q, CENTRAL);
  const tail = q < 0 ? p : 1 - p;
  const z = ratio(Math.sqrt(-Math.log(tail)) - 1.6, MIDDLE);
  return q < 0 ? -z : z;
}
