import path from 'node:path';
import { compileStep } from '../src/engine/compile.ts';
import { gradients } from '../src/engine/differentiate.ts';
import { ints, mul, scalar, sub } from '../src/engine/graph/build.ts';
import { Graph } from '../src/engine/graph/graph.ts';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { tensor } from '../src/engine/tensor/tensor.ts';
import { RandomStream } from '../src/random.ts';
import { peerPackages } from './peers.ts';

/** Sizes of the layer: x [N, C, size, size], a filter [C, C, 3, 3] with padding 1. */
export interface LayerSizes {
  readonly batch: number;
  readonly channels: number;
  readonly size: number;
}

/** What everyone is given: x [N, C, H, W] and the filter [O, C, 3, 3], and the learning rate. */
export interface Layer extends LayerSizes {
  readonly x: Float32Array;
  readonly filter: Float32Array;
  readonly rate: number;
}

/** What a step gives: the loss, the filter after it [O, C, 3, 3], the gradient to the input [N, C, H, W]. */
export interface StepResult {
  readonly loss: number;
  readonly filter: Float32Array;
  readonly inputGradient: Float32Array;
}

/**
 * One library's training step of one layer, always from the same filter: loss = mean(conv(x, filter)²), taken over space
 * first (a sum of 1.6 million squares one after another loses 1e-3 in single precision), gradients to
 * filter and input, filter - rate · gradient.
 */
export interface Contestant {
  readonly name: string;
  /** One step, its results left where the library computes; the loss is read. */
  readonly step: () => Promise<number>;
  /** One step, its results read and brought into the order [N, C, H, W]. */
  readonly result: () => Promise<StepResult>;
  readonly close: () => Promise<void>;
}

export function exampleLayer(sizes: LayerSizes): Layer {
  const { batch, channels, size } = sizes;
  const random = new RandomStream({ seed: 1, purpose: 'bench layer' });
  const normal = (length: number, deviation: number) =>
    Float32Array.from({ length }, () => random.normal(0, deviation));
  return {
    ...sizes,
    x: normal(batch * channels * size * size, 1),
    filter: normal(channels * channels * 9, Math.sqrt(2 / (9 * channels))),
    // Large, so that the comparison of the filters sees the gradient and not the filter alone.
    rate: 10,
  };
}

/** The loss in double precision, by the definition: who is how far from it. */
export function referenceLoss({ x, filter, batch, channels, size }: Layer): number {
  const plane = size * size;
  const y = new Float64Array(plane);
  let squares = 0;
  for (let image = 0; image < batch; image++) {
    for (let out = 0; out < channels; out++) {
      y.fill(0);
      for (let tap = 0; tap < channels * 9; tap++) {
        const weight = filter[out * channels * 9 + tap]!;
        const start = (image * channels + Math.floor(tap / 9)) * plane;
        addShifted(y, x, { start, size, down: (Math.floor(tap / 3) % 3) - 1, right: (tap % 3) - 1, weight });
      }
      for (const value of y) squares += value * value;
    }
  }
  return squares / (batch * channels * plane);
}

interface Shift {
  readonly start: number;
  readonly size: number;
  readonly down: number;
  readonly right: number;
  readonly weight: number;
}

/** y[i, j] += weight * x[i + down, j + right], zeros outside. */
function addShifted(y: Float64Array, x: Float32Array, { start, size, down, right, weight }: Shift): void {
  for (let i = Math.max(0, -down); i < Math.min(size, size - down); i++) {
    const row = start + (i + down) * size + right;
    for (let j = Math.max(0, -right); j < Math.min(size, size - right); j++) {
      y[i * size + j]! += weight * x[row + j]!;
    }
  }
}

const dimsOf = ({ batch, channels, size }: LayerSizes) => ({
  x: [batch, channels, size, size],
  filter: [channels, channels, 3, 3],
});

export async function hounsfield(layer: Layer, threads: number): Promise<Contestant> {
  const dims = dimsOf(layer);
  const graph = new Graph();
  const x = graph.input('x', 'float32', dims.x);
  const filter = graph.input('filter', 'float32', dims.filter);
  const y = graph.op('Conv', [x, filter], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
  const overSpace = graph.op('ReduceMean', [mul(y, y), ints(graph, [2, 3])], { keepdims: 0 });
  const loss = graph.op('ReduceMean', [overSpace], { keepdims: 0 });
  const [toFilter, toInput] = gradients(loss, [filter, x]);
  const next = sub(filter, mul(toFilter!, scalar(graph, layer.rate)));
  graph.output(loss, next, toInput!);
  const step = await compileStep(graph, { runtime: nodeRuntime, threads });
  const feeds = {
    x: tensor('float32', dims.x, layer.x),
    filter: tensor('float32', dims.filter, layer.filter),
  };
  return {
    name: `Hounsfield, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    step: async () => Number((await step.run(feeds))[loss.name]!.data[0]),
    async result() {
      const outputs = await step.run(feeds);
      return {
        loss: Number(outputs[loss.name]!.data[0]),
        filter: outputs[next.name]!.data as Float32Array, // declared float32
        inputGradient: outputs[toInput!.name]!.data as Float32Array, // declared float32
      };
    },
    close: () => step.close(),
  };
}

/** The part of jax-js that is used. Arrays are counted: using one gives it up, `ref` keeps it. */
interface JaxArray {
  readonly ref: JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  mul(other: number): JaxArray;
  sub(other: JaxArray): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}

interface Jax {
  init(device: string): Promise<readonly string[]>;
  defaultDevice(device: string): void;
  blockUntilReady(arrays: readonly JaxArray[]): Promise<unknown>;
  jit(f: (...given: JaxArray[]) => JaxArray[]): (...given: JaxArray[]) => JaxArray[];
  valueAndGrad(
    f: (...given: JaxArray[]) => JaxArray,
    options: { argnums: readonly number[] },
  ): (...given: JaxArray[]) => [JaxArray, JaxArray[]];
  readonly numpy: {
    array(values: Float32Array): JaxArray;
    mean(x: JaxArray, axes?: readonly number[]): JaxArray;
    square(x: JaxArray): JaxArray;
  };
  readonly lax: {
    conv(x: JaxArray, filter: JaxArray, strides: readonly number[], padding: readonly number[][]): JaxArray;
  };
}

/** jax-js by WebAssembly, compiled by its jit. Without a browser's Worker, as in Node, it has one thread. */
export async function jaxJs(layer: Layer): Promise<Contestant> {
  const packages = await peerPackages();
  const jax = packages.load('@jax-js/jax') as Jax; // the package's types are not installed here
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  const dims = dimsOf(layer);
  const x = jax.numpy.array(layer.x).reshape(dims.x);
  const filter = jax.numpy.array(layer.filter).reshape(dims.filter);
  const padding = [
    [1, 1],
    [1, 1],
  ];
  const loss = (w: JaxArray, input: JaxArray) =>
    jax.numpy.mean(jax.numpy.mean(jax.numpy.square(jax.lax.conv(input, w, [1, 1], padding)), [2, 3]));
  const compiled = jax.jit((w, input) => {
    const [value, [toFilter, toInput]] = jax.valueAndGrad(loss, { argnums: [0, 1] })(w!.ref, input!);
    return [value, w!.sub(toFilter!.mul(layer.rate)), toInput!];
  });
  const run = async () => {
    const [value, next, toInput] = compiled(filter.ref, x.ref);
    await jax.blockUntilReady([value!.ref, next!.ref, toInput!.ref]);
    return { value: value!, next: next!, toInput: toInput! };
  };
  return {
    name: `jax-js ${packages.version('@jax-js/jax')}, wasm`,
    async step() {
      const { value, next, toInput } = await run();
      next.dispose();
      toInput.dispose();
      return (await value.data())[0]!;
    },
    async result() {
      const { value, next, toInput } = await run();
      return {
        loss: (await value.data())[0]!,
        filter: await next.data(),
        inputGradient: await toInput.data(),
      };
    },
    async close() {
      x.dispose();
      filter.dispose();
    },
  };
}

/** The part of TensorFlow.js that is used. */
interface TfTensor {
  transpose(order: readonly number[]): TfTensor;
  square(): TfTensor;
  mean(axes?: readonly number[]): TfTensor;
  mul(other: number | TfTensor): TfTensor;
  sub(other: TfTensor): TfTensor;
  data(): Promise<Float32Array>;
  dispose(): void;
  readonly shape: readonly number[];
}

interface Tf {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor4d(values: Float32Array, shape: readonly number[]): TfTensor;
  conv2d(x: TfTensor, filter: TfTensor, strides: number, padding: 'same' | number): TfTensor;
  customGrad(
    f: (
      x: TfTensor,
      filter: TfTensor,
      save: (kept: readonly TfTensor[]) => void,
    ) => { value: TfTensor; gradFunc: (dy: TfTensor, saved: readonly TfTensor[]) => TfTensor[] },
  ): (x: TfTensor, filter: TfTensor) => TfTensor;
  conv2dTranspose(
    x: TfTensor,
    filter: TfTensor,
    shape: readonly number[],
    strides: number,
    padding: 'same',
  ): TfTensor;
  valueAndGrads(
    f: (x: TfTensor, filter: TfTensor) => TfTensor,
  ): (given: readonly TfTensor[]) => { value: TfTensor; grads: TfTensor[] };
  tidy<T>(f: () => T): T;
}

/** How TensorFlow.js gets the gradient to the filter. */
export type FilterGradient = 'own' | 'as a convolution';

/**
 * TensorFlow.js by its 'cpu' (plain JavaScript) or 'wasm' backend, in its own order of axes. The wasm backend lacks the
 * kernel of the gradient to the filter; written by hand as a convolution of swapped axes it runs there.
 */
export async function tensorFlowJs(
  layer: Layer,
  backend: 'cpu' | 'wasm',
  filterGradient: FilterGradient,
): Promise<Contestant> {
  const packages = await peerPackages();
  const tf = packages.load('@tensorflow/tfjs') as Tf; // the package's types are not installed here
  if (backend === 'wasm') {
    const module = packages.load('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(folder: string): void }; // as above
    module.setWasmPaths(
      `${path.join(path.dirname(packages.resolve('@tensorflow/tfjs-backend-wasm')), '..', 'wasm-out')}/`,
    );
  }
  await tf.setBackend(backend);
  await tf.ready();
  const dims = dimsOf(layer);
  const x = tf.tensor4d(layer.x, dims.x).transpose([0, 2, 3, 1]); // [N, H, W, C]
  const filter = tf.tensor4d(layer.filter, dims.filter).transpose([2, 3, 1, 0]); // [3, 3, C, O]
  const conv =
    filterGradient === 'own'
      ? (input: TfTensor, w: TfTensor) => tf.conv2d(input, w, 1, 'same')
      : convolutionByHand(tf);
  const learn = tf.valueAndGrads((input, w) => conv(input, w).square().mean([1, 2]).mean());
  const run = () =>
    tf.tidy(() => {
      const { value, grads } = learn([x, filter]);
      return { value, next: filter.sub(grads[1]!.mul(layer.rate)), toInput: grads[0]! };
    });
  const select = () => tf.setBackend(backend); // the choice is global
  return {
    name:
      `tfjs ${packages.version('@tensorflow/tfjs')}, ${backend}` +
      (filterGradient === 'own' ? '' : ', filter gradient written by hand'),
    async step() {
      await select();
      const { value, next, toInput } = run();
      const [loss] = await value.data();
      for (const used of [value, next, toInput]) used.dispose();
      return loss!;
    },
    async result() {
      await select();
      const { value, next, toInput } = run();
      return {
        loss: (await value.data())[0]!,
        filter: await next.transpose([3, 2, 0, 1]).data(),
        inputGradient: await toInput.transpose([0, 3, 1, 2]).data(),
      };
    },
    async close() {
      await select();
      x.dispose();
      filter.dispose();
    },
  };
}

/** A 3x3 convolution whose gradient to the filter is a convolution: images and channels change places, dy is the filter. */
function convolutionByHand(tf: Tf) {
  return tf.customGrad((x, filter, save) => {
    save([x, filter]);
    return {
      value: tf.conv2d(x, filter, 1, 'same'),
      gradFunc: (dy, [input, w]) => {
        const toInput = tf.conv2dTranspose(dy, w!, input!.shape, 1, 'same');
        const images = input!.transpose([3, 1, 2, 0]); // [C, H, W, N]
        const kernel = dy.transpose([1, 2, 0, 3]); // [H, W, N, O]
        return [toInput, tf.conv2d(images, kernel, 1, 1).transpose([1, 2, 0, 3])]; // [3, 3, C, O]
      },
    };
  });
}
