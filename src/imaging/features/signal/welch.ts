import { fourierAlong } from '../../transforms/fourier.ts';
import { finiteRuns } from './missing-samples.ts';

/** Power spectral density, one-sided. */
export interface Spectrum {
  readonly frequenciesHz: Float64Array; // [K]
  /** In the samples' unit squared by Hz; all 0 where no segment fits. */
  readonly density: Float64Array; // [K]
  /** Segments that were averaged. */
  readonly segments: number;
}

export interface WelchOptions {
  /** Samples of one segment. */
  readonly segment: number;
  /** Samples that two segments share; half a segment where absent. */
  readonly overlap?: number;
}

/**
 * Welch's method (IEEE Trans. Audio Electroacoust. 15, 1967) with a periodic Hann window, each segment's mean taken off, as
 * scipy.signal.welch. Segments with missing samples are left out.
 */
export function welch(samples: Float64Array, samplingRateHz: number, options: WelchOptions): Spectrum {
  const size = Math.max(1, Math.floor(options.segment));
  const step = size - Math.min(size - 1, options.overlap ?? Math.floor(size / 2));
  const starts: number[] = [];
  for (const [from, to] of finiteRuns(samples)) {
    for (let at = from; at + size <= to; at += step) starts.push(at);
  }
  const bins = Math.floor(size / 2) + 1;
  const density = new Float64Array(bins);
  const frequenciesHz = Float64Array.from({ length: bins }, (_, k) => (k * samplingRateHz) / size);
  const window = Float64Array.from(
    { length: size },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size),
  );
  if (size === 1) window[0] = 1;
  // two real segments are one complex one
  const [real, imaginary] = [new Float64Array(size), new Float64Array(size)];
  for (let s = 0; s < starts.length; s += 2) {
    loadSegment(samples, starts[s]!, window, real);
    if (s + 1 < starts.length) loadSegment(samples, starts[s + 1]!, window, imaginary);
    else imaginary.fill(0);
    fourierAlong({ real, imaginary }, [size], 0);
    for (let k = 0; k < bins; k++) {
      const other = k === 0 ? 0 : size - k;
      // |A|^2 + |B|^2 of the two
      density[k]! += (real[k]! ** 2 + imaginary[k]! ** 2 + real[other]! ** 2 + imaginary[other]! ** 2) / 2;
    }
  }
  let squares = 0;
  for (const weight of window) squares += weight * weight;
  const scale = 1 / (samplingRateHz * squares * Math.max(1, starts.length));
  for (let k = 0; k < bins; k++) {
    const isPaired = k > 0 && !(size % 2 === 0 && k === bins - 1);
    density[k]! *= isPaired ? 2 * scale : scale;
  }
  return { frequenciesHz, density, segments: starts.length };
}

function loadSegment(samples: Float64Array, start: number, window: Float64Array, into: Float64Array): void {
  let sum = 0;
  for (let i = 0; i < window.length; i++) sum += samples[start + i]!;
  const mean = sum / window.length;
  for (let i = 0; i < window.length; i++) into[i] = (samples[start + i]! - mean) * window[i]!;
}
