import type { RandomStream } from '../../random.ts';

/** Draws the first values of a parameter of the given shape, in row-major order. */
export type Initializer = (shape: readonly number[], stream: RandomStream) => Float32Array<ArrayBuffer>;

/** Inputs and outputs that one element of a weight [out, in, ...kernel] stands between. */
export function fans(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  const [outputs = 1, inputs = 1, ...kernel] = shape;
  const taps = kernel.reduce((product, size) => product * size, 1);
  return { fanIn: inputs * taps, fanOut: outputs * taps };
}

function fill(shape: readonly number[], draw: () => number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

/** The same value everywhere. */
export const constant =
  (value: number): Initializer =>
  (shape) =>
    fill(shape, () => value);

/** Uniform in [-bound, bound). */
export const uniform =
  (bound: number): Initializer =>
  (shape, stream) =>
    fill(shape, () => stream.uniform(-bound, bound));

/** Normal with mean 0. */
export const normal =
  (deviation: number): Initializer =>
  (shape, stream) =>
    fill(shape, () => stream.normal(0, deviation));

export interface HeOptions {
  /** 'in' keeps the variance of the activations, 'out' that of the gradients. */
  readonly fan?: 'in' | 'out';
  /** Gain of the activation that follows; sqrt(2) for ReLU. */
  readonly gain?: number;
}

const heDeviation = (shape: readonly number[], { fan = 'in', gain = Math.SQRT2 }: HeOptions): number => {
  const { fanIn, fanOut } = fans(shape);
  return gain / Math.sqrt(fan === 'in' ? fanIn : fanOut);
};

/** He et al., "Delving deep into rectifiers", ICCV 2015, eq. 10 (fan in) and 14 (fan out): normal. */
export const heNormal =
  (options: HeOptions = {}): Initializer =>
  (shape, stream) =>
    normal(heDeviation(shape, options))(shape, stream);

/** The same variance as heNormal, uniform. */
export const heUniform =
  (options: HeOptions = {}): Initializer =>
  (shape, stream) =>
    uniform(Math.sqrt(3) * heDeviation(shape, options))(shape, stream);

const xavierDeviation = (shape: readonly number[], gain: number): number => {
  const { fanIn, fanOut } = fans(shape);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
};

/** Glorot and Bengio, "Understanding the difficulty of training deep feedforward networks", AISTATS 2010, eq. 12: normal. */
export const xavierNormal =
  (gain = 1): Initializer =>
  (shape, stream) =>
    normal(xavierDeviation(shape, gain))(shape, stream);

/** Glorot and Bengio 2010, eq. 16: uniform. */
export const xavierUniform =
  (gain = 1): Initializer =>
  (shape, stream) =>
    uniform(Math.sqrt(3) * xavierDeviation(shape, gain))(shape, stream);

/** PyTorch's default for the weights of convolutions and linear layers: uniform within 1/sqrt(fan in). */
export const torchUniform: Initializer = (shape, stream) =>
  uniform(1 / Math.sqrt(fans(shape).fanIn))(shape, stream);
