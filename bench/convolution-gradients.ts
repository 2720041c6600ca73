import { Graph } from '../src/engine/graph/graph.ts';
import { writeOnnx } from '../src/engine/graph/onnx-file.ts';
import { copyGraph } from '../src/engine/graph/rewrite.ts';
import {
  expandInputGradient,
  expandWeightGradient,
  type Plan,
  planFor,
} from '../src/engine/lower/expand-convolution.ts';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { elementCount, type Tensor, tensorOf } from '../src/engine/tensor/tensor.ts';

/** Shapes of ResNet-18 at 224 pixels: batch, channels, size, filters, kernel, stride, group. */
const shapes: readonly (readonly [number, number, number, number, number, number, number])[] = [
  [8, 3, 224, 64, 7, 2, 1],
  [8, 64, 56, 64, 3, 1, 1],
  [8, 64, 56, 128, 3, 2, 1],
  [8, 64, 56, 128, 1, 2, 1],
  [8, 128, 28, 128, 3, 1, 1],
  [8, 256, 14, 256, 3, 1, 1],
  [8, 256, 14, 512, 3, 2, 1],
  [8, 512, 7, 512, 3, 1, 1],
  [8, 64, 56, 64, 3, 1, 64],
];

interface Contestant {
  readonly name: string;
  readonly run: () => Promise<unknown>;
  readonly close: () => Promise<void>;
  readonly milliseconds: number[];
}

const wave = (dims: readonly number[]): Tensor =>
  tensorOf(
    'float32',
    dims,
    Float32Array.from({ length: elementCount(dims) }, (_, i) => Math.sin(i * 1.3)),
  );

async function contestant(name: string, graph: Graph, feeds: Record<string, Tensor>): Promise<Contestant> {
  const session = await nodeRuntime.open(writeOnnx(graph), { threads: 1 });
  const into = await session.run(feeds);
  return {
    name,
    run: () => session.run(feeds, into),
    close: () => session.close(),
    milliseconds: [],
  };
}

/** Every way of dealing out and joining the taps that this window allows. */
function plans(kernel: number, stride: number): Plan[] {
  const splits =
    stride === 1 && kernel > 1
      ? [
          [true, true],
          [true, false],
        ]
      : [[true, true]];
  const flags = [false, true];
  return splits.flatMap((onInput) =>
    flags.flatMap((foldBatch) =>
      flags.flatMap((joinInput) =>
        (onInput[1] ? [false] : flags).map((joinOutput) => ({ onInput, joinInput, joinOutput, foldBatch })),
      ),
    ),
  );
}

const label = ({ onInput, joinInput, joinOutput, foldBatch }: Plan): string =>
  [
    `taps on ${onInput.map((input) => (input ? 'x' : 'dy')).join(' and ')}`,
    ...(joinInput ? ['x joined'] : []),
    ...(joinOutput ? ['dy joined'] : []),
    ...(foldBatch ? ['batch folded'] : []),
  ].join(', ');

async function contestants([n, c, size, o, kernel, stride, group]: (typeof shapes)[number]): Promise<
  Contestant[]
> {
  const pad = Math.floor((kernel - 1) / 2);
  const windows = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  const dims = { x: [n, c, size, size], w: [o, c / group, kernel, kernel], dy: [n, o, windows, windows] };
  const attributes = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    dilations: [1, 1],
    group,
  };
  const internal = { domain: 'hounsfield' };
  const graphOf = (op: string, inputs: readonly (keyof typeof dims)[], extra = {}): Graph => {
    const graph = new Graph();
    const values = inputs.map((name) => graph.input(name, 'float32', dims[name]));
    graph.output(graph.op(op, values, { ...attributes, ...extra }, op === 'Conv' ? {} : internal));
    return graph;
  };
  const [x, w, dy] = [wave(dims.x), wave(dims.w), wave(dims.dy)];
  const toInput = copyGraph(graphOf('ConvInputGradient', ['dy', 'w'], { input_shape: dims.x }), {
    mapNode: (node, [gradient, weight]) => [expandInputGradient(node, gradient!, weight!)],
  });
  const made = [
    await contestant('forward', graphOf('Conv', ['x', 'w']), { x: x!, w: w! }),
    await contestant('gradient to input', toInput, { dy: dy!, w: w! }),
  ];
  const toWeight = graphOf('ConvWeightGradient', ['x', 'dy']);
  const withPlan = (choose: typeof planFor) =>
    copyGraph(toWeight, {
      mapNode: (node, [input, gradient]) => [expandWeightGradient(node, input!, gradient!, false, choose)],
    });
  let chosen = '';
  withPlan((problem) => {
    const plan = planFor(problem);
    chosen = label(plan);
    return plan;
  });
  for (const plan of plans(kernel, stride)) {
    const name = `gradient to weight: ${label(plan)}${label(plan) === chosen ? ' (chosen)' : ''}`;
    made.push(
      await contestant(
        name,
        withPlan(() => plan),
        { x: x!, dy: dy! },
      ),
    );
  }
  return made;
}

/**
 * Processor time of convolutions and their gradients on one thread, in rounds in which all take turns: it hardly feels
 * what else the machine does. It is what planFor's rules were set by.
 */
export async function benchConvolutionGradients(rounds = 8): Promise<void> {
  for (const shape of shapes) {
    const [n, c, size, o, kernel, stride, group] = shape;
    const windows = Math.floor((size + 2 * Math.floor((kernel - 1) / 2) - kernel) / stride) + 1;
    const gigaflops = (2 * n * o * windows ** 2 * (c / group) * kernel ** 2) / 1e9;
    const all = await contestants(shape);
    for (let round = 0; round < rounds; round++) {
      for (const { run, milliseconds } of all) {
        const start = process.cpuUsage();
        await run();
        const { user, system } = process.cpuUsage(start);
        milliseconds.push((user + system) / 1000);
      }
    }
    console.log(`${n} x ${c} x ${size}², ${o} filters of ${kernel}², stride ${stride}, group ${group}`);
    for (const { name, milliseconds, close } of all) {
      const least = Math.min(...milliseconds);
      console.log(
        `  ${least.toFixed(2).padStart(7)} ms ${((gigaflops / least) * 1000).toFixed(0).padStart(4)} GFLOP/s  ${name}`,
      );
      await close();
    }
  }
}
