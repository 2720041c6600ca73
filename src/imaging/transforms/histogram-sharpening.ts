import { lineBlock, transformBlock } from './fourier.ts';

export interface SharpeningOptions {
  /** Bins between the extremes. */
  readonly bins: number;
  /** Full width at half maximum of the Gaussian that blurred the histogram, in the values' own unit. */
  readonly fullWidth: number;
  /** Noise term of the Wiener filter. */
  readonly noise: number;
}

/**
 * What each value under a mask would be without the blur that a bias field brings to the histogram: the histogram is
 * deconvolved with a Gaussian, and each value goes to the mean of the sharp values that may have become it (Sled,
 * Zijdenbos and Evans, "A nonparametric method for automatic correction of intensity nonuniformity in MRI data", IEEE TMI
 * 17, 1998, section II-C; as in N4). Values outside the mask stay.
 */
export function sharpenHistogram(
  values: Float64Array,
  mask: Uint8Array,
  { bins, fullWidth, noise }: SharpeningOptions,
): Float64Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    if (!mask[i]) continue;
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  const width = (high - low) / (bins - 1);
  if (!(width > 0)) return values.slice();
  const histogram = sharedHistogram(values, mask, low, width, bins);
  const mean = meanOfSharp(histogram, low, width, fullWidth / width, noise);
  const out = values.slice();
  for (let i = 0; i < out.length; i++) {
    if (!mask[i]) continue;
    const place = (values[i]! - low) / width;
    const bin = Math.min(bins - 1, Math.floor(place));
    out[i] = bin < bins - 1 ? mean[bin]! + (mean[bin + 1]! - mean[bin]!) * (place - bin) : mean[bins - 1]!;
  }
  return out;
}

/** Each value shared between the two nearest bins. */
function sharedHistogram(
  values: Float64Array,
  mask: Uint8Array,
  low: number,
  width: number,
  bins: number,
): Float64Array {
  const histogram = new Float64Array(bins);
  for (let i = 0; i < values.length; i++) {
    if (!mask[i]) continue;
    const place = (values[i]! - low) / width;
    const bin = Math.min(bins - 1, Math.floor(place));
    const part = bin < bins - 1 ? place - bin : 0;
    histogram[bin]! += 1 - part;
    if (part > 0) histogram[bin + 1]! += part;
  }
  return histogram;
}

function meanOfSharp(
  histogram: Float64Array,
  low: number,
  width: number,
  fullWidthBins: number,
  noise: number,
): Float64Array {
  const bins = histogram.length;
  const size = 2 ** (Math.ceil(Math.log2(bins)) + 1);
  const offset = Math.floor((size - bins) / 2);
  const gaussian = gaussianSpectrum(size, fullWidthBins);
  const padded = new Float64Array(size);
  padded.set(histogram, offset);
  const sharp = filtered(padded, size, (k) => gaussian[k]! / (gaussian[k]! ** 2 + noise));
  for (let i = 0; i < size; i++) sharp[i] = Math.max(0, sharp[i]!);
  const weighted = sharp.map((value, i) => value * (low + (i - offset) * width));
  const above = filtered(weighted, size, (k) => gaussian[k]!);
  const below = filtered(sharp, size, (k) => gaussian[k]!);
  return Float64Array.from({ length: bins }, (_, i) => {
    const under = below[i + offset]!;
    return under === 0 ? 0 : above[i + offset]! / under;
  });
}

/** Transform of a Gaussian centred on bin 0: real, since the Gaussian is even. */
function gaussianSpectrum(size: number, fullWidth: number): Float64Array {
  const block = lineBlock(size, 1);
  const exponent = (4 * Math.LN2) / fullWidth ** 2;
  const scale = (2 * Math.sqrt(Math.LN2 / Math.PI)) / fullWidth;
  for (let n = 0; n < size; n++) block.real[n] = scale * Math.exp(-(Math.min(n, size - n) ** 2) * exponent);
  transformBlock(block, size, 1, false);
  return block.real.slice();
}

function filtered(values: Float64Array, size: number, factor: (k: number) => number): Float64Array {
  const block = lineBlock(size, 1);
  block.real.set(values);
  transformBlock(block, size, 1, false);
  for (let k = 0; k < size; k++) {
    const by = factor(k);
    block.real[k]! *= by;
    block.imaginary[k]! *= by;
  }
  transformBlock(block, size, 1, true);
  return block.real;
}
