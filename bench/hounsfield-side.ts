/** Hounsfield's side of a comparison, in a process of its own: answers lines of JSON on the standard input. */
import { createInterface } from 'node:readline';
import * as ort from 'onnxruntime-node';
import { writeOnnx } from '../src/engine/graph/onnx-file.ts';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { compileTrainingStep } from '../src/learning/training/step.ts';
import { pause } from './benchmark.ts';
import { memoryMB } from './machine.ts';
import { exampleImages, exampleTargets, inferenceGraph, resnetLearning } from './resnet-subject.ts';

interface Request {
  readonly command: 'train' | 'infer' | 'step' | 'run' | 'direct' | 'memory';
  readonly batch: number;
  readonly threads: number;
  readonly rate: number;
  readonly count: number;
}

type Repeat = (count: number) => Promise<Record<string, unknown>>;

const before = memoryMB().now;
const repeats: Partial<Record<Request['command'], Repeat>> = {};

async function timed(count: number, once: () => Promise<unknown>): Promise<number[]> {
  const ms: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await once();
    ms.push(performance.now() - start);
  }
  return ms;
}

async function prepareTraining({ batch, threads, rate }: Request) {
  const step = await compileTrainingStep(resnetLearning(batch), { runtime: nodeRuntime, threads });
  const feeds = { images: exampleImages(batch), targets: exampleTargets(batch) };
  let done = 0;
  let loss = Number.NaN;
  repeats.step = async (count) => {
    const ms = await timed(count, async () => {
      loss = await step.run(feeds, rate, { epoch: 0, step: done++, last: false });
    });
    return { ms, loss };
  };
  return {};
}

/** The product's own session, and ONNX Runtime's called on the same bytes. */
async function prepareInference({ batch, threads }: Request) {
  const file = writeOnnx(inferenceGraph());
  const images = exampleImages(batch);
  const ours = await nodeRuntime.open(file, { threads });
  const direct = await ort.InferenceSession.create(file, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
  });
  const feeds = { images: new ort.Tensor('float32', images.data, images.dims) };
  // The other session's threads wait in a busy loop for a moment after their last run: let them go to sleep first, and
  // do not count the run that wakes the own ones.
  const rested = async (count: number, once: () => Promise<unknown>) => {
    await pause(50);
    await once();
    return { ms: await timed(count, once) };
  };
  repeats.run = (count) => rested(count, () => ours.run({ images }));
  repeats.direct = (count) => rested(count, () => direct.run(feeds));
  const { logits } = await ours.run({ images });
  const reference = await direct.run(feeds);
  return {
    logits: Array.from(logits!.data as Float32Array), // the graph's output is float32
    reference: Array.from(reference['logits']!.data as Float32Array), // the same
  };
}

async function answer(request: Request): Promise<Record<string, unknown>> {
  if (request.command === 'memory') return { ...memoryMB(), before };
  if (request.command === 'train') return prepareTraining(request);
  if (request.command === 'infer') return prepareInference(request);
  return repeats[request.command]!(request.count);
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    const request = JSON.parse(line) as Request; // written by the benchmark that started this process
    process.stdout.write(`${JSON.stringify(await answer(request))}\n`);
  } catch (cause) {
    process.stdout.write(`${JSON.stringify({ error: String(cause) })}\n`);
  }
}
process.exit(0);
