/**
 * Complementary error function, relative error about 1e-14: Taylor's series of erf near 0, Legendre's continued
 * fraction (Abramowitz and Stegun 7.1.5, 7.1.14) further out.
 */
function complementaryError(x: number): number {
  if (x < 0) return 2 - complementaryError(-x);
  if (x > 27) return 0; // below the least double
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 120; n >= 1; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** Probability that a standard normal lies between a and b (a <= b); right in the tails too. */
export function normalMass(a: number, b: number): number {
  if (a > 0) return normalMass(-b, -a);
  const below = (z: number) => complementaryError(-z / Math.SQRT2) / 2;
  return Math.max(0, below(b) - below(a));
}

/** Logarithm of the standard normal's density. */
export const logNormalDensity = (z: number): number => -0.5 * z * z - 0.5 * Math.log(2 * Math.PI);
