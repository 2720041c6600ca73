import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { scalar } from '../../src/engine/graph/build.ts';
import { Graph } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { copyGraph } from '../../src/engine/graph/rewrite.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { type Tensor, tensor } from '../../src/engine/tensor/tensor.ts';
import { createContext } from '../../src/learning/layers/build-context.ts';
import { networkNamed } from '../../src/learning/networks/registry.ts';
import { candidateOf, reordered } from '../../src/learning/weights/candidate.ts';
import { asFloat32 } from '../../src/learning/weights/element-type.ts';
import { loadWeights } from '../../src/learning/weights/load-weights.node.ts';
import { matchWeights } from '../../src/learning/weights/match-weights.ts';
import { bytesOf } from '../../src/learning/weights/safetensors.ts';
import { dataNote, logitsOf, run, sharedData, wantedBy } from './pretrained-network.ts';

interface Place {
  readonly index: number;
}

const jsonOf = <T>(...path: readonly string[]): T =>
  JSON.parse(readFileSync(join(sharedData, ...path), 'utf8')) as T; // the shared data's own form

/** A picture as [1, 3, height, width], its channels in the order given, each value changed. */
function pictureOf(
  path: string,
  order: readonly number[],
  change: (value: number, channel: number) => number,
): Tensor {
  const { width, height, channels, data } = decode(readFileSync(path));
  const area = width * height;
  const values = new Float32Array(3 * area);
  for (const [c, from] of order.entries()) {
    for (let i = 0; i < area; i++) values[c * area + i] = change(data[i * channels + from]!, c);
  }
  return tensor('float32', [1, 3, height, width], values);
}

/** Places of the largest values, largest first. */
const largest = (values: readonly number[], count: number): readonly number[] =>
  values
    .map((value, index) => ({ value, index }))
    .sort((a, b) => b.value - a.value)
    .slice(0, count)
    .map(({ index }) => index);

function expectSame(actual: ReadonlyMap<string, Tensor>, expected: ReadonlyMap<string, Tensor>): void {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const [name, value] of expected) {
    const { dtype, dims } = actual.get(name)!;
    expect([dtype, dims]).toEqual([value.dtype, value.dims]);
    expect(Buffer.compare(bytesOf(actual.get(name)!), bytesOf(value)), name).toBe(0);
  }
}

const squeezenetData = dataNote('squeezenet_imagenet');

describe.skipIf(!squeezenetData.present)(`SqueezeNet 1.0${squeezenetData.note}`, () => {
  const folder = join(sharedData, 'squeezenet_imagenet');
  const golden = squeezenetData.present
    ? jsonOf<{ top5: Record<string, (Place & { logit: number })[]> }>(
        'squeezenet_imagenet',
        'golden_top5.json',
      ).top5
    : {};
  const caffe = (file: string) =>
    pictureOf(join(folder, file), [2, 1, 0], (value, channel) => value - [104, 117, 123][channel]!);
  const network = { network: 'squeezenet-1.0', outputs: 1000, shape: [3, 227, 227] as const };

  function expectGolden(file: string, logits: readonly number[]): void {
    const expected = golden[file]!;
    expect(largest(logits, 5)).toEqual(expected.map(({ index }) => index));
    for (const { index, logit } of expected) expect(Math.abs(logits[index]! - logit)).toBeLessThan(1e-3);
  }

  test('by name from its safetensors: the golden five in order, logits within 1e-3', async () => {
    const weights = await loadWeights(join(folder, 'squeezenet_v1.0_deepcompressed_fp32.safetensors'));
    const { tensors, report } = matchWeights(wantedBy(network), weights);
    expect(report.layout).toBe('caffe');
    expect([report.missing, report.leftOver, report.changed]).toEqual([[], [], []]);
    const bias = tensors.get('classifier.1.bias')!.data as Float32Array; // as the network has it
    expect(Object.keys(golden).length).toBe(4);
    for (const file of Object.keys(golden)) {
      const logits = await logitsOf(network, tensors, caffe(file));
      // Caffe's release pads its last 1x1 convolution by 1 (SqueezeNet_deploy.prototxt): 15 x 15 places vote instead of
      // 13 x 13, those of the rim with the bias alone.
      const asReleased = logits.map(
        (logit, i) => (13 ** 2 * logit + (15 ** 2 - 13 ** 2) * Math.max(0, bias[i]!)) / 15 ** 2,
      );
      expectGolden(file, asReleased);
    }
  });

  test('its ONNX file as it is: the golden five in order, logits within 1e-3', async () => {
    const model = readFileSync(join(folder, 'squeezenet1_0.onnx'));
    for (const file of Object.keys(golden)) expectGolden(file, await run(model, caffe(file), 'data'));
  });

  test("its ONNX file's initializers as weights equal the safetensors", async () => {
    const onnx = await loadWeights(join(folder, 'squeezenet1_0.onnx'));
    const named = await loadWeights(join(folder, 'squeezenet_v1.0_deepcompressed_fp32.safetensors'));
    const wanted = wantedBy(network);
    const fromOnnx = matchWeights(wanted, onnx, {
      rename: [
        [/_([wb])$/, '.$1'],
        [/\.w$/, '.weight'],
        [/\.b$/, '.bias'],
      ],
    });
    expectSame(fromOnnx.tensors, matchWeights(wanted, named).tensors);
  });
});

const kerasData = dataNote('squeezenet_v1.1_keras_notop');

describe.skipIf(!kerasData.present)(`Keras's SqueezeNet 1.1 without its top${kerasData.note}`, () => {
  const folder = join(sharedData, 'squeezenet_v1.1_keras_notop');
  const wanted = kerasData.present
    ? wantedBy({ network: 'squeezenet-1.1', outputs: 7, shape: [3, 64, 64] })
    : [];
  const match = async (file: string) => matchWeights(wanted, await loadWeights(join(folder, file)));

  test('every weight of the features matches, the head is missing, and .h5 equals safetensors', async () => {
    const named = await match('squeezenet_v1.1_notop_fp32.safetensors');
    const hdf5 = await match('squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5');
    for (const { report } of [named, hdf5]) {
      expect(report.layout).toBe('keras');
      expect(report.matched.length).toBe(50);
      expect(report.leftOver).toEqual([]);
      expect(report.missing).toEqual([
        { name: 'classifier.1.weight', shape: [7, 512, 1, 1] },
        { name: 'classifier.1.bias', shape: [7] },
      ]);
    }
    expectSame(hdf5.tensors, named.tensors);
  });
});

const mobilenetData = dataNote('mobilenet_imagenet');

interface LayerList {
  readonly input_scale: number;
  readonly input_zero_point: number;
  readonly ops: readonly {
    readonly op: string;
    readonly weight?: string;
    readonly bias?: string;
    readonly clip?: readonly [number, number];
  }[];
}

describe.skipIf(!mobilenetData.present)(`MobileNetV2${mobilenetData.note}`, () => {
  const picture = { network: 'mobilenet-v2', outputs: 1001, shape: [3, 224, 224] as const };

  /** Weights with the normalisation folded into them, which is left as the identity. */
  function weightsByOurNames(
    given: ReadonlyMap<string, Tensor>,
    { ops }: LayerList,
  ): ReadonlyMap<string, Tensor> {
    const wanted = wantedBy(picture);
    const convolutions = wanted.filter(({ name, shape }) => shape.length > 1 && name.endsWith('.weight'));
    const layers = ops.filter(({ weight }) => weight);
    expect(layers.length).toBe(convolutions.length);
    const found = new Map<string, Tensor>();
    const fill = (name: string, values: Float32Array) =>
      found.set(name, tensor('float32', [values.length], values));
    for (const [i, { name, shape }] of convolutions.entries()) {
      const { op, weight, bias } = layers[i]!;
      // rows of output channels, then height, width, input channels; depthwise: one row of channels last
      const order = op === 'DWCONV' ? [3, 0, 1, 2] : [0, 3, 1, 2];
      const turned = reordered(candidateOf(weight!, given.get(weight!)!), order).read();
      found.set(name, tensor('float32', shape, turned.data as Float32Array)); // as float32
      const values = asFloat32(given.get(bias!)!).data as Float32Array; // as float32
      const layer = name.slice(0, -'.weight'.length);
      if (wanted.some((one) => one.name === `${layer}.bias`)) {
        fill(`${layer}.bias`, values);
        continue;
      }
      const norm = wanted[wanted.findIndex((one) => one.name === name) + 1]!.name.slice(0, -'.weight'.length);
      const count = values.length;
      fill(`${norm}.weight`, new Float32Array(count).fill(1));
      fill(`${norm}.bias`, values);
      fill(`${norm}.running_mean`, new Float32Array(count));
      fill(`${norm}.running_var`, new Float32Array(count).fill(1 - 1e-5));
    }
    return found;
  }

  /**
   * As the layers are listed: TensorFlow's padding 'SAME', which for even sizes puts zeros on the right and below alone where
   * it halves, and each layer's values held within what eight bits could tell there.
   */
  function asListed(graph: Graph, { ops }: LayerList): Graph {
    const ranges = ops.flatMap(({ clip }) => (clip ? [clip] : []));
    const held = new Set(['BatchNormalization', 'Add', 'Gemm']);
    let layer = 0;
    const copy = copyGraph(graph, {
      mapNode: (node, inputs, target) => {
        const attributes = Object.fromEntries(node.attributes);
        if (held.has(node.op)) {
          const limits = ranges[layer++]!.map((value) => scalar(target, value));
          return [target.op('Clip', [target.op(node.op, inputs, attributes), ...limits])];
        }
        const strides = node.attributes.get('strides');
        const halves = node.op === 'Conv' && strides?.kind === 'ints' && strides.value[0] === 2;
        return halves ? target.add('Conv', inputs, { ...attributes, pads: [0, 0, 1, 1] }) : undefined;
      },
    });
    expect(layer).toBe(ranges.length);
    return copy;
  }

  test('in float16 with folded normalisation: the golden five, in order where they are more than 5e-5 apart', async () => {
    const list = jsonOf<LayerList>('mobilenet_imagenet', 'mobilenet_v2_1.0_224_dequant.graph.json');
    const weights = await loadWeights(
      join(sharedData, 'mobilenet_imagenet', 'mobilenet_v2_1.0_224_dequant_fp16.safetensors'),
    );
    const golden = jsonOf<Record<string, Record<string, (Place & { p: number })[]>>>(
      'imagenet_test_images',
      'golden_top5_mobilenet.json',
    )['mobilenet_v2_1.0_224_quant']!;
    const graph = new Graph();
    const context = createContext(graph, 'infer', 1, {
      tensors: weightsByOurNames(weights.tensors, list),
      missing: 'error',
    });
    const x = graph.input('x', 'float32', [1, ...picture.shape]);
    graph.output(networkNamed(picture.network).network(context, x, picture));
    const model = writeOnnx(expandComposites(asListed(graph, list)));
    expect(Object.keys(golden).length).toBe(4);
    for (const [file, expected] of Object.entries(golden)) {
      const path = join(sharedData, 'imagenet_test_images', file);
      const scaled = pictureOf(
        path,
        [0, 1, 2],
        (value) => (value - list.input_zero_point) * list.input_scale,
      );
      const logits = await run(model, scaled);
      const top = Math.max(...logits);
      const sum = logits.reduce((total, logit) => total + Math.exp(logit - top), 0);
      const p = logits.map((logit) => Math.exp(logit - top) / sum);
      expect(new Set(largest(logits, 5))).toEqual(new Set(expected.map(({ index }) => index)));
      for (const [i, one] of expected.entries()) {
        // float16 rounds the weights: the probabilities move by up to 2e-3, and the three classes of one picture that are
        // 2e-5 apart cannot be told apart; all others are in order
        expect(Math.abs(p[one.index]! - one.p)).toBeLessThan(2.1e-3);
        for (const other of expected.slice(i + 1)) {
          if (one.p - other.p > 5e-5) expect(p[one.index]).toBeGreaterThan(p[other.index]!);
        }
      }
    }
  });
});
