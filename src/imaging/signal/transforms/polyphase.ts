/** The whole numbers closest in ratio to two rates, by continued fractions, within 1e-9 of it. */
export function rateRatio(from: number, to: number): { readonly up: number; readonly down: number } {
  const ratio = to / from;
  let [h0, h1, k0, k1] = [0, 1, 1, 0];
  let rest = ratio;
  for (let i = 0; i < 40; i++) {
    const whole = Math.floor(rest);
    [h0, h1] = [h1, whole * h1 + h0];
    [k0, k1] = [k1, whole * k1 + k0];
    if (Math.abs(h1 / k1 - ratio) <= 1e-9 * ratio || rest === whole) break;
    rest = 1 / (rest - whole);
  }
  return { up: h1, down: k1 };
}

/** Modified Bessel function of the first kind, order 0, by its series. */
function besselI0(x: number): number {
  let [term, sum] = [1, 1];
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Low-pass filter of 20 max(up, down) + 1 taps with a Kaiser window of beta 5, its gain `up` at 0 Hz. */
function lowPass(up: number, down: number): Float64Array {
  const rate = Math.max(up, down);
  const half = 10 * rate;
  const taps = new Float64Array(2 * half + 1);
  const bottom = besselI0(5);
  let sum = 0;
  for (let i = 0; i < taps.length; i++) {
    const x = (i - half) / rate;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    const window = besselI0(5 * Math.sqrt(Math.max(0, 1 - ((i - half) / half) ** 2))) / bottom;
    taps[i] = sinc * window;
    sum += taps[i]!;
  }
  for (let i = 0; i < taps.length; i++) taps[i] = (taps[i]! * up) / sum;
  return taps;
}

/**
 * Resamples by up / down with one anti-aliasing filter in its polyphase form (Crochiere and Rabiner, 1983): ceil(n up / down)
 * samples. Beyond its ends the signal goes on along the line through its first and last sample.
 */
export function resamplePolyphase(samples: Float64Array, up: number, down: number): Float64Array {
  const count = samples.length;
  if (up === down) return samples.slice();
  const length = Math.ceil((count * up) / down);
  const out = new Float64Array(length);
  if (count === 0) return out;
  const [first, last] = [samples[0]!, samples[count - 1]!];
  const slope = count > 1 ? (last - first) / (count - 1) : 0;
  const taps = lowPass(up, down);
  const half = (taps.length - 1) / 2;
  for (let j = 0; j < length; j++) {
    // on the grid of rate x up: output j lies at j down, input i at i up
    const at = j * down;
    const from = Math.ceil((at - half) / up);
    const to = Math.floor((at + half) / up);
    let sum = 0;
    for (let i = from; i <= to; i++) {
      const value = i < 0 ? first + slope * i : i < count ? samples[i]! : last + slope * (i - count + 1);
      sum += value * taps[at - i * up + half]!;
    }
    out[j] = sum;
  }
  return out;
}
