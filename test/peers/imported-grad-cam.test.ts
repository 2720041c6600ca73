import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compileStep } from '../../src/engine/compile.ts';
import { gradients } from '../../src/engine/differentiate.ts';
import type { Graph } from '../../src/engine/graph/graph.ts';
import { readOnnx, writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { withInputShapes } from '../../src/engine/graph/rewrite.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { elementCount, type Tensor, tensor, toNumbers } from '../../src/engine/tensor/tensor.ts';
import { compileGradCam } from '../../src/evidence/explanation/grad-cam.ts';
import { openImage } from '../../src/imaging/formats/open.node.ts';
import { hashUniform } from './hash-weights.ts';
import { fixturePath, type PackedFloats, peerFixture, unpackFloats } from './peer-fixture.ts';

const cases =
  peerFixture<
    Readonly<Record<string, { readonly shape: readonly number[]; readonly maps: readonly PackedFloats[] }>>
  >('imported/grad-cam.json');

describe('Grad-CAM of networks that PyTorch exported', () => {
  test.each([
    ['resnet', 'resnet-script-13-plain.onnx'],
    ['resnet', 'resnet-dynamo-18-folded.onnx'],
    ['mobilenet', 'mobilenet-script-13-plain.onnx'],
  ])('%s: %s', async (name, file) => {
    const { shape, maps } = cases[name]!;
    const graph = readOnnx(readFileSync(fixturePath(`imported/${file}`)));
    const explainer = await compileGradCam(graph, { runtime: nodeRuntime, threads: 1, inputShape: shape });
    const x = tensor('float32', shape, Float32Array.from(hashUniform('x', elementCount(shape))));
    expect(explainer.classes).toBe(maps.length);
    for (const [k, expected] of maps.entries()) {
      const { values, size } = await explainer.explain(x, k);
      expect(size).toEqual(expected.dims);
      const wanted = unpackFloats(expected).data;
      for (const [i, value] of values.entries()) expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-4);
    }
    await explainer.close();
  });
});

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const folder = path.join(data, 'squeezenet_imagenet');
const present = existsSync(path.join(folder, 'squeezenet1_0.onnx'));
const skipped = present ? '' : ' (skipped: no squeezenet_imagenet in HOUNSFIELD_DATA)';

interface Golden {
  readonly top5: Readonly<Record<string, readonly { readonly index: number; readonly logit: number }[]>>;
}

/** Blue, green, red minus the means of Caffe's models, [1, 3, 227, 227]. */
async function squeezenetInput(file: string): Promise<Tensor<'float32'>> {
  const { pixels, channels, height, width } = await openImage(path.join(folder, file));
  const plane = height * width;
  const input = new Float32Array(channels * plane);
  for (const [c, mean] of [104, 117, 123].entries()) {
    for (let i = 0; i < plane; i++) input[c * plane + i] = pixels[(2 - c) * plane + i]! - mean;
  }
  return tensor('float32', [1, channels, height, width], input);
}

const readSqueezenet = (): Graph => readOnnx(readFileSync(path.join(folder, 'squeezenet1_0.onnx')));

describe.skipIf(!present)(`SqueezeNet of ImageNet${skipped}`, () => {
  const golden = (): Golden => JSON.parse(readFileSync(path.join(folder, 'golden_top5.json'), 'utf8')); // as above
  const images = ['cat_227.png', 'bird_227.png', 'dragonfly_227.png', 'grace_hopper_227.png'];

  test('read and written again, it gives the golden logits', async () => {
    const session = await nodeRuntime.open(writeOnnx(readSqueezenet()), { threads: 1 });
    for (const file of images) {
      const feeds = { [session.inputNames[0]!]: await squeezenetInput(file) };
      const logits = toNumbers(Object.values(await session.run(feeds))[0]!);
      const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, 5);
      const expected = golden().top5[file]!;
      expect(order).toEqual(expected.map(({ index }) => index));
      for (const { index, logit } of expected) expect(logits[index]!).toBeCloseTo(logit, 3);
    }
    await session.close();
  });

  test('Grad-CAM at the last convolution is the map of the class itself', async () => {
    // The logits are the means of that layer's channels, so that each class weighs its own channel alone.
    const x = await squeezenetInput('cat_227.png');
    const explainer = await compileGradCam(readSqueezenet(), {
      runtime: nodeRuntime,
      threads: 1,
      inputShape: x.dims,
    });
    const fixed = withInputShapes(readSqueezenet(), { [readSqueezenet().inputs[0]!.name]: x.dims });
    const layer = fixed.find(explainer.layer)!;
    fixed.outputs.splice(0, fixed.outputs.length, layer);
    const session = await nodeRuntime.open(writeOnnx(fixed), { threads: 1 });
    const activation = toNumbers((await session.run({ [fixed.inputs[0]!.name]: x }))[layer.name]!);
    for (const { index } of golden().top5['cat_227.png']!) {
      const { values } = await explainer.explain(x, index);
      const own = activation.slice(index * values.length, (index + 1) * values.length);
      const highest = Math.max(...own);
      for (const [i, value] of values.entries()) {
        expect(Math.abs(value - Math.max(0, own[i]! / highest))).toBeLessThan(1e-5);
      }
    }
    await session.close();
    await explainer.close();
  });

  test('every weight has a gradient, and that of the image is the slope of central differences', async () => {
    const x = await squeezenetInput('bird_227.png');
    const graph = withInputShapes(readSqueezenet(), { [readSqueezenet().inputs[0]!.name]: x.dims });
    const [y] = graph.outputs;
    const loss = graph.op('ReduceSumSquare', [y!], { keepdims: 0 });
    const weights = [...graph.initializers.values()].filter(({ shape }) => shape?.length === 4);
    expect(weights.length).toBe(26);
    const values = [graph.inputs[0]!, ...weights];
    const found = gradients(loss, values);
    // Along its own direction, the slope of the loss is the gradient's norm: one number checks all elements.
    const squares = found.map((gradient) => graph.op('ReduceSumSquare', [gradient!], { keepdims: 0 }));
    graph.outputs.splice(0, graph.outputs.length, loss, ...squares, found[0]!);
    const step = await compileStep(graph, { runtime: nodeRuntime, threads: 1 });
    const outputs = await step.run({ [graph.inputs[0]!.name]: x });
    const [slope, direction] = [squares[0]!, found[0]!].map(({ name }) => toNumbers(outputs[name]!));
    expect(squares.every(({ name }) => toNumbers(outputs[name]!)[0]! > 0)).toBe(true);
    const norm = Math.sqrt(slope![0]!);
    const at = async (distance: number): Promise<number> => {
      const moved = Float32Array.from(x.data, (value, i) => value + (distance * direction![i]!) / norm);
      const there = await step.run({ [graph.inputs[0]!.name]: tensor('float32', x.dims, moved) });
      return toNumbers(there[loss.name]!)[0]!;
    };
    const difference = ((await at(2)) - (await at(-2))) / 4;
    expect(Math.abs(difference / norm - 1)).toBeLessThan(0.02);
    await step.close();
  });
});
