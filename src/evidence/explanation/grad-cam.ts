import { type CompiledStep, compileStep } from '../../engine/compile.ts';
import { gradients } from '../../engine/differentiate.ts';
import { mul, reduceSum } from '../../engine/graph/build.ts';
import type { Graph, Value } from '../../engine/graph/graph.ts';
import { withInputShapes } from '../../engine/graph/rewrite.ts';
import { staticShape } from '../../engine/graph/shape.ts';
import type { Runtime, SessionSettings } from '../../engine/runtime/session.ts';
import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';

/** Where in the image the evidence for a class lies. */
export interface HeatMap {
  /** Row-major, 0..1, 1 the strongest; all zeros where nothing speaks for the class. */
  readonly values: Float32Array;
  /** Spatial size of the layer: [h, w] or [d, h, w]. */
  readonly size: readonly number[];
  /** Name of the layer's output. */
  readonly layer: string;
}

export interface GradCamOptions extends SessionSettings {
  readonly runtime: Runtime;
  /** Shape of the first input, [1, C, H, W] or [1, C, D, H, W]. */
  readonly inputShape: readonly number[];
  /** Shapes of the other inputs by name. */
  readonly otherShapes?: Readonly<Record<string, readonly number[]>>;
  /** Name of the input whose part in the score is looked for; left out: any. */
  readonly about?: string;
  /** Of a network that sees each slice of a study by itself: how many it sees; the map then has one part for each. */
  readonly slices?: number;
  /** Name of the output with one score per class; the first output when left out. Scores before softmax are used. */
  readonly output?: string;
  /** Name of a node or value to look at; the last one with a spatial extent when left out. */
  readonly layer?: string;
}

/** Explains images of one size. Close it. */
export interface GradCam {
  readonly layer: string;
  readonly classes: number;
  /**
   * @param image of the first input's shape
   * @param classIndex whose evidence is looked for
   * @param others what the other inputs are given, by name
   */
  explain(
    image: Tensor<'float32'>,
    classIndex: number,
    others?: Readonly<Record<string, Tensor<'float32'>>>,
  ): Promise<HeatMap>;
  close(): Promise<void>;
}

/**
 * Grad-CAM (Selvaraju et al., ICCV 2017, equations 1 and 2) for any network that is an ONNX graph: the gradient of a
 * class's score with respect to a layer's activations, averaged over space, weighs the activations; what is positive
 * is kept. Only the nodes between the layer and the score need a gradient.
 *
 * @throws EXPLAIN_LAYER when no layer of that name, or none with a spatial extent, exists
 * @throws OPERATOR_NOT_DIFFERENTIABLE when an operator behind the layer has no gradient
 */
export async function compileGradCam(model: Graph, options: GradCamOptions): Promise<GradCam> {
  const input = model.inputs[0];
  if (!input)
    throw new HounsfieldError('EXPLAIN_LAYER', 'the model has no input, so there is nothing to explain.');
  const graph = withInputShapes(model, { ...options.otherShapes, [input.name]: options.inputShape });
  const scores = scoresOf(graph, options.output);
  const rows = options.slices ?? 1;
  const layer = options.layer
    ? layerNamed(graph, options.layer, rows)
    : lastSpatialLayer(graph, scores, options.about, rows);
  const classes = staticShape(scores).reduce((product, dim) => product * dim, 1);

  const chosen = graph.input('explained_class', 'float32', staticShape(scores));
  const score = graph.op('ReduceSum', [mul(scores, chosen)], { keepdims: 0 });
  const [gradient] = gradients(score, [layer]);
  if (!gradient) {
    throw new HounsfieldError(
      'EXPLAIN_LAYER',
      `the score does not depend on '${layer.name}'. Choose another layer.`,
    );
  }
  const [parts = 1, , ...sides] = staticShape(layer);
  const size = parts > 1 ? [parts, ...sides] : sides;
  const space = sides.map((_, i) => i + 2);
  const importance = graph.op('ReduceMean', [gradient, axesInput(graph, space)], { keepdims: 1 }); // [1, C, 1, 1]
  const map = graph.op('Relu', [reduceSum(mul(importance, layer), [1])]); // [1, h, w]
  graph.outputs.length = 0;
  graph.output(map);
  const step = await compileStep(graph, options);
  return {
    layer: layer.name,
    classes,
    explain: (image, classIndex, others) =>
      run(
        step,
        map.name,
        { ...others, [input.name]: image },
        { chosen, classIndex, size, layer: layer.name },
      ),
    close: () => step.close(),
  };
}

async function run(
  step: CompiledStep,
  mapName: string,
  images: Readonly<Record<string, Tensor<'float32'>>>,
  {
    chosen,
    classIndex,
    size,
    layer,
  }: { chosen: Value; classIndex: number; size: readonly number[]; layer: string },
): Promise<HeatMap> {
  const shape = staticShape(chosen);
  const oneHot = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
  if (!(classIndex >= 0 && classIndex < oneHot.length)) {
    throw new HounsfieldError(
      'EXPLAIN_CLASS',
      `class ${classIndex} was asked for, and the model has ${oneHot.length}. Pass 0 to ${oneHot.length - 1}.`,
    );
  }
  oneHot[classIndex] = 1;
  const outputs = await step.run({ ...images, explained_class: tensor('float32', shape, oneHot) });
  const raw = outputs[mapName]!.data as Float32Array; // Relu of float32
  const highest = raw.reduce((a, b) => Math.max(a, b), 0);
  return { values: highest > 0 ? raw.map((value) => value / highest) : raw.slice(), size, layer };
}

function axesInput(graph: Graph, axes: readonly number[]): Value {
  return graph.constant(tensor('int64', [axes.length], BigInt64Array.from(axes.map(BigInt))));
}

/** The scores before a softmax or sigmoid at the end: their gradient does not vanish where the model is certain. */
function scoresOf(graph: Graph, name: string | undefined): Value {
  let value = name ? graph.outputs.find((output) => output.name === name) : graph.outputs[0];
  if (!value) {
    throw new HounsfieldError(
      'EXPLAIN_LAYER',
      `the model has no output '${name}'; it has: ${graph.outputs.map((output) => output.name).join(', ')}.`,
    );
  }
  const passed: ReadonlySet<string> = new Set(['Softmax', 'LogSoftmax', 'Sigmoid', 'Identity']);
  while (value.producer && passed.has(value.producer.op) && value.producer.inputs[0])
    value = value.producer.inputs[0];
  return value;
}

function layerNamed(graph: Graph, name: string, rows: number): Value {
  const node = graph.nodes.find((candidate) => candidate.name === name);
  const value = node?.outputs[0] ?? graph.find(name);
  if (value && isSpatial(value, rows)) return value;
  const candidates = graph.nodes.filter(({ outputs }) => outputs[0] && isSpatial(outputs[0], rows)).slice(-5);
  throw new HounsfieldError(
    'EXPLAIN_LAYER',
    `the model has no layer '${name}' with a spatial extent; the last that have one: ${candidates.map((item) => item.name).join(', ') || 'none'}.`,
  );
}

const isSpatial = ({ shape }: Value, rows: number): boolean =>
  shape !== undefined &&
  shape.length >= 4 &&
  (shape[0] === 1 || shape[0] === rows) &&
  shape.slice(2).every((dim) => typeof dim === 'number') &&
  shape.slice(2).some((dim) => Number(dim) > 1);

const pooling: ReadonlySet<string> = new Set(['MaxPool', 'AveragePool', 'LpPool']);

/** The last node output on the way to the scores that still has a spatial extent, before a pooling that coarsens it. */
function lastSpatialLayer(graph: Graph, scores: Value, about: string | undefined, rows: number): Value {
  const following = about === undefined ? undefined : valuesAfter(graph, about);
  const needed = new Set<Value>([scores]);
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((output) => needed.has(output))) continue;
    const [first] = node.outputs;
    const coarsens = pooling.has(node.op) && node.inputs[0] && isSpatial(node.inputs[0], rows);
    const concerned = first && (following?.has(first) ?? true);
    if (first && concerned && needed.has(first) && isSpatial(first, rows) && !coarsens) return first;
    for (const input of node.inputs) if (input) needed.add(input);
  }
  throw new HounsfieldError(
    'EXPLAIN_LAYER',
    'no layer of the model has a spatial extent, so there is no map to draw. Grad-CAM needs a convolutional network.',
  );
}

/** Values that an input has a part in. */
function valuesAfter(graph: Graph, name: string): ReadonlySet<Value> {
  const found = new Set(graph.inputs.filter((input) => input.name === name));
  for (const { inputs, outputs } of graph.nodes) {
    if (inputs.some((input) => input && found.has(input))) for (const output of outputs) found.add(output);
  }
  return found;
}
