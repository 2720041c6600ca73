import { HounsfieldError } from '../../errors.ts';
import { tensorOf } from '../tensor/tensor.ts';
import type { Attribute } from './attributes.ts';
import { expand, ints, reshape } from './build.ts';
import type { Graph, Value } from './graph.ts';

/** A node as the file has it, before it is added. */
export interface DraftNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly outputs: number;
}

/** What one operator needs when it comes from an opset before `before`. */
interface Change {
  readonly before: number;
  readonly apply: (graph: Graph, draft: DraftNode) => DraftNode;
}

const withAttribute = (draft: DraftNode, name: string, attribute: Attribute): DraftNode => ({
  ...draft,
  attributes: new Map([...draft.attributes, [name, attribute]]),
});

function withoutAttribute(draft: DraftNode, name: string): DraftNode {
  const attributes = new Map(draft.attributes);
  attributes.delete(name);
  return { ...draft, attributes };
}

function withInput(draft: DraftNode, index: number, value: Value): DraftNode {
  const inputs: (Value | undefined)[] = [...draft.inputs];
  while (inputs.length < index) inputs.push(undefined);
  inputs[index] = value;
  return { ...draft, inputs };
}

const stringAttribute = (draft: DraftNode, name: string): string | undefined => {
  const attribute = draft.attributes.get(name);
  return attribute?.kind === 'string' ? attribute.value : undefined;
};

/** The axes of a reduction became an input. */
function axesToInput(graph: Graph, draft: DraftNode): DraftNode {
  const axes = draft.attributes.get('axes');
  if (axes?.kind !== 'ints') return draft;
  return withInput(withoutAttribute(draft, 'axes'), 1, ints(graph, axes.value));
}

/** Without sizes, the number of parts became an attribute. */
const splitCount = (_graph: Graph, draft: DraftNode): DraftNode =>
  draft.inputs[1] ? draft : withAttribute(draft, 'num_outputs', { kind: 'int', value: draft.outputs });

/** Scale and bias were one per group, and became one per channel. */
function groupsToChannels(_graph: Graph, draft: DraftNode): DraftNode {
  const channels = draft.inputs[0]?.shape?.[1];
  const groups = draft.attributes.get('num_groups');
  if (typeof channels !== 'number' || groups?.kind !== 'int') {
    throw new HounsfieldError(
      'ONNX_UPGRADE',
      'a GroupNormalization of opset 18 to 20 has an unknown number of channels, and its scale cannot be repeated for them. ' +
        'Fix the channels in the model, or convert it to opset 21 first.',
    );
  }
  const repeat = (value: Value | undefined): Value | undefined => {
    if (!value) return value;
    const apart = expand(reshape(value, [groups.value, 1]), [groups.value, channels / groups.value]);
    return reshape(apart, [channels]);
  };
  const [x, scale, bias] = draft.inputs;
  return { ...draft, inputs: [x, repeat(scale), repeat(bias)] };
}

const gridModes: Readonly<Record<string, string>> = { bilinear: 'linear', bicubic: 'cubic' };

function renamedMode(_graph: Graph, draft: DraftNode): DraftNode {
  const mode = stringAttribute(draft, 'mode') ?? 'bilinear';
  return withAttribute(draft, 'mode', { kind: 'string', value: gridModes[mode] ?? mode });
}

/** Coordinates were not shifted by half a pixel before this could be chosen. */
const roiWithoutShift = (_graph: Graph, draft: DraftNode): DraftNode =>
  withAttribute(draft, 'coordinate_transformation_mode', { kind: 'string', value: 'output_half_pixel' });

/** More than one output said that statistics are computed, before an attribute did. */
function trainingByOutputs(_graph: Graph, draft: DraftNode): DraftNode {
  if (draft.outputs === 1) return draft;
  if (draft.outputs > 3) {
    throw new HounsfieldError(
      'ONNX_UPGRADE',
      'a BatchNormalization of opset 13 has the outputs saved_mean and saved_var, which later opsets do not have. Export the model again for inference.',
    );
  }
  return withAttribute(draft, 'training_mode', { kind: 'int', value: 1 });
}

/** The axis became an input, and its default moved from 1 to -2. */
function transformAxis(graph: Graph, draft: DraftNode): DraftNode {
  const axis = draft.attributes.get('axis');
  const value = axis?.kind === 'int' ? axis.value : 1;
  return withInput(withoutAttribute(draft, 'axis'), 2, graph.constant(tensorOf('int64', [], [value])));
}

/** Upsample is a Resize with coordinates and rounding fixed. */
function upsampleToResize(graph: Graph, draft: DraftNode): DraftNode {
  const attribute = draft.attributes.get('scales');
  const scales =
    attribute?.kind === 'floats'
      ? graph.constant(tensorOf('float32', [attribute.value.length], attribute.value))
      : draft.inputs[1];
  const mode = stringAttribute(draft, 'mode') ?? 'nearest';
  const attributes = {
    mode: mode === 'bilinear' ? 'linear' : mode,
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  };
  return {
    ...draft,
    op: 'Resize',
    inputs: [draft.inputs[0], undefined, scales],
    attributes: new Map(
      Object.entries(attributes).map(([name, value]): [string, Attribute] => [
        name,
        { kind: 'string', value },
      ]),
    ),
  };
}

const reductions = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'];

/** Every operator whose meaning, not only whose element types or defaults, changed between opset 13 and 21. */
export const changes: Readonly<Record<string, Change>> = {
  ...Object.fromEntries(reductions.map((name) => [`Reduce${name}`, { before: 18, apply: axesToInput }])),
  Split: { before: 18, apply: splitCount },
  GroupNormalization: { before: 21, apply: groupsToChannels },
  GridSample: { before: 20, apply: renamedMode },
  RoiAlign: { before: 16, apply: roiWithoutShift },
  BatchNormalization: { before: 14, apply: trainingByOutputs },
  DFT: { before: 20, apply: transformAxis },
  // Deprecated since opset 10; some exporters still write it.
  Upsample: { before: 22, apply: upsampleToResize },
};

/** Turns a node of an older opset into its equal of the engine's opset. @throws ONNX_UPGRADE */
export function upgradeNode(graph: Graph, draft: DraftNode, opset: number): DraftNode {
  const change = draft.domain === '' ? changes[draft.op] : undefined;
  return change && opset < change.before ? change.apply(graph, draft) : draft;
}
