/** Tails of the distributions that tests need, to about 1e-13. */

/** Logarithm of the gamma function for x > 0 (Lanczos, 1964; coefficients for g = 7, n = 9 after Godfrey, 2001). */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const coefficients = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const shifted = x - 1;
  let sum = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) sum += coefficients[i]! / (shifted + i);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Regularised incomplete beta function I_x(a, b), x in 0..1, a and b > 0, by Lentz's continued fraction (DLMF 8.17.22). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  const tiny = 1e-300;
  const apart = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / apart(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / apart(1 + even * d);
    c = apart(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / apart(1 + odd * d);
    c = apart(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return (front * fraction) / a;
}

/** P(|T| >= |t|) of Student's t with `freedom` > 0 degrees. */
export function studentTwoSided(t: number, freedom: number): number {
  if (Number.isNaN(t)) return Number.NaN;
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** P(T <= t) of Student's t with `freedom` > 0 degrees. */
export function studentCumulative(t: number, freedom: number): number {
  const tail = studentTwoSided(t, freedom) / 2;
  return t > 0 ? 1 - tail : tail;
}

/** t with P(T <= t) = p, 0 < p < 1, by bisection. */
export function studentQuantile(p: number, freedom: number): number {
  if (p < 0.5) return -studentQuantile(1 - p, freedom);
  const tail = 2 * (1 - p);
  let high = 1;
  while (studentTwoSided(high, freedom) > tail && high < 1e300) high *= 2;
  let low = 0;
  for (let i = 0; i < 200 && high - low > 1e-15 * high; i++) {
    const middle = (low + high) / 2;
    if (studentTwoSided(middle, freedom) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * P(|Z| >= |z|) of the standard normal: the complementary error function by its series near 0 (DLMF 7.6.1) and its
 * continued fraction beyond (DLMF 7.9.1).
 */
export function normalTwoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  if (Number.isNaN(x)) return Number.NaN;
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 200 && Math.abs(term) > 1e-18 * sum; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 120; n >= 1; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** Two-sided exact test of b against c out of b + c with probability one half each; 1 when both are 0. */
export function signTwoSided(b: number, c: number): number {
  const least = Math.min(b, c);
  if (b === c) return 1;
  // P(X <= k) of the binomial is I_{1/2}(n - k, k + 1).
  return Math.min(1, 2 * incompleteBeta(0.5, b + c - least, least + 1));
}

/** P(F <= f) of Fisher's F with `freedom1`, `freedom2` > 0 degrees (DLMF 8.17, by the incomplete beta function). */
export function fisherCumulative(f: number, freedom1: number, freedom2: number): number {
  if (Number.isNaN(f)) return Number.NaN;
  if (f <= 0) return 0;
  if (f === Number.POSITIVE_INFINITY) return 1;
  return incompleteBeta((freedom1 * f) / (freedom1 * f + freedom2), freedom1 / 2, freedom2 / 2);
}

/** f with P(F <= f) = p, 0 < p < 1, by bisection on a logarithmic scale; NaN where a degree of freedom is not a number. */
export function fisherQuantile(p: number, freedom1: number, freedom2: number): number {
  if (!(freedom1 > 0 && freedom2 > 0 && p > 0 && p < 1)) return Number.NaN;
  let [low, high] = [-300, 300];
  for (let round = 0; round < 120; round++) {
    const middle = (low + high) / 2;
    if (fisherCumulative(10 ** middle, freedom1, freedom2) < p) low = middle;
    else high = middle;
  }
  return 10 ** ((low + high) / 2);
}
