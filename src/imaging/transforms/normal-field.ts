import type { RandomStream } from '../../random.ts';

/**
 * Normal random numbers in bulk: Marsaglia and Tsang's ziggurat of 128 layers ("The ziggurat method for generating random
 * variables", J. Stat. Softw. 5(8), 2000), fed by xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", ACM TOMS 47, 2021) whose state is drawn from a RandomStream: a volume's noise in a tenth of the time that
 * the stream itself would take. Layer and place are taken from different bits of a word.
 */

const LAYERS = 128;
const TAIL = 3.442619855899;
const AREA = 9.91256303526217e-3;

const edges = new Float64Array(LAYERS + 1); // right edge of each layer, the base's stretched to hold its tail
const heights = new Float64Array(LAYERS + 1);
const scales = new Float64Array(LAYERS); // of a place of 24 bits, signed, to its x
const inside = new Int32Array(LAYERS); // a place nearer to 0 lies under the curve for certain
const PLACES = 2 ** 23;

{
  const density = (x: number) => Math.exp(-0.5 * x * x);
  edges[0] = AREA / density(TAIL);
  edges[1] = TAIL;
  for (let i = 2; i < LAYERS; i++) {
    const before = edges[i - 1]!;
    edges[i] = Math.sqrt(-2 * Math.log(AREA / before + density(before)));
  }
  edges[LAYERS] = 0;
  for (let i = 0; i <= LAYERS; i++) heights[i] = density(edges[i]!);
  for (let i = 0; i < LAYERS; i++) {
    scales[i] = edges[i]! / PLACES;
    inside[i] = Math.floor((PLACES * edges[i + 1]!) / edges[i]!);
  }
}

/** Fills an array with independent numbers of mean 0 and standard deviation 1. The same stream, the same numbers. */
export function fillNormal(out: Float32Array, stream: RandomStream): void {
  // local and inlined: a state that a closure holds lives in memory, and the loop takes twice the time
  let [a, b, c, d] = [stream.uint32() | 0, stream.uint32() | 0, stream.uint32() | 0, stream.uint32() | 1];
  const other = xoshiro(stream); // for the one in eighty that needs more
  for (let i = 0; i < out.length; ) {
    const five = Math.imul(b, 5);
    const bits = Math.imul((five << 7) | (five >>> 25), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    const layer = bits & (LAYERS - 1);
    const place = bits >> 8;
    const x = place * scales[layer]!;
    if (Math.abs(place) < inside[layer]!) out[i++] = x;
    else if (layer === 0) out[i++] = place < 0 ? -tail(other) : tail(other);
    else {
      const [low, high] = [heights[layer]!, heights[layer + 1]!];
      if (low + unit(other()) * (high - low) < Math.exp(-0.5 * x * x)) out[i++] = x;
    }
  }
}

/** The same generator as a function, of words in -2^31..2^31-1. */
function xoshiro(stream: RandomStream): () => number {
  let [a, b, c, d] = [stream.uint32() | 0, stream.uint32() | 0, stream.uint32() | 0, stream.uint32() | 1];
  return () => {
    const five = Math.imul(b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
}

/** 0..1, neither end. */
const unit = (bits: number): number => ((bits >>> 0) + 0.5) / 4294967296;

/** A number beyond the last layer (Marsaglia, 1964). */
function tail(word: () => number): number {
  for (;;) {
    const x = -Math.log(unit(word())) / TAIL;
    if (-2 * Math.log(unit(word())) > x * x) return TAIL + x;
  }
}
