/**
 * Power spectral density of unevenly sampled values (Lomb 1976; Scargle, Astrophys. J. 263, 1982), one-sided, the mean taken
 * off: where samples are even it is the periodogram.
 *
 * @param timesS rising
 * @returns in the values' unit squared by Hz, for each frequency above 0
 */
export function lombScargle(
  timesS: ArrayLike<number>,
  values: ArrayLike<number>,
  frequenciesHz: ArrayLike<number>,
): Float64Array {
  const count = values.length;
  let mean = 0;
  for (let i = 0; i < count; i++) mean += values[i]! / count;
  const rate = (count - 1) / (timesS[count - 1]! - timesS[0]!);
  const out = new Float64Array(frequenciesHz.length);
  for (let k = 0; k < out.length; k++) {
    const w = 2 * Math.PI * frequenciesHz[k]!;
    let [cc, ss, cs, xc, xs] = [0, 0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const angle = w * (timesS[i]! - timesS[0]!);
      const c = Math.cos(angle);
      const s = Math.sin(angle);
      const x = values[i]! - mean;
      cc += c * c;
      ss += s * s;
      cs += c * s;
      xc += x * c;
      xs += x * s;
    }
    const tau = 0.5 * Math.atan2(2 * cs, cc - ss);
    const [c, s] = [Math.cos(tau), Math.sin(tau)];
    const alongCosine = (c * xc + s * xs) ** 2 / (c * c * cc + 2 * c * s * cs + s * s * ss);
    const alongSine = (c * xs - s * xc) ** 2 / (c * c * ss - 2 * c * s * cs + s * s * cc);
    out[k] = (alongCosine + alongSine) / rate; // half of the sum, both sides of the spectrum
  }
  return out;
}

/** Values of the natural cubic spline through points at other places between the first and the last. @param x rising */
export function naturalSpline(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  at: ArrayLike<number>,
): Float64Array {
  const last = x.length - 1;
  const second = new Float64Array(x.length);
  const factor = new Float64Array(x.length);
  for (let i = 1; i < last; i++) {
    const [before, after] = [x[i]! - x[i - 1]!, x[i + 1]! - x[i]!];
    const divisor = 2 * (before + after) - before * factor[i - 1]!;
    factor[i] = after / divisor;
    const bend = 6 * ((y[i + 1]! - y[i]!) / after - (y[i]! - y[i - 1]!) / before);
    second[i] = (bend - before * second[i - 1]!) / divisor;
  }
  for (let i = last - 1; i > 0; i--) second[i]! -= factor[i]! * second[i + 1]!;
  const out = new Float64Array(at.length);
  for (let k = 0, i = 0; k < out.length; k++) {
    while (i < last - 1 && at[k]! > x[i + 1]!) i++;
    const width = x[i + 1]! - x[i]!;
    const [a, b] = [(x[i + 1]! - at[k]!) / width, (at[k]! - x[i]!) / width];
    const bends = ((a ** 3 - a) * second[i]! + (b ** 3 - b) * second[i + 1]!) * (width * width);
    out[k] = a * y[i]! + b * y[i + 1]! + bends / 6;
  }
  return out;
}
