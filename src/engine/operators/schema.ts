import { HounsfieldError } from '../../errors.ts';
import { type Attribute, type AttributeKind, isAttribute, type PlainAttribute } from '../graph/attributes.ts';
import type { Graph } from '../graph/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { standardSchemas } from './schema.generated.ts';

/** What the standard says of an operator's attributes and of how many inputs and outputs it takes (-1: any). */
export interface OperatorSchema {
  /** The opset in which this form of the operator came. */
  readonly since: number;
  readonly inputs: readonly [number, number];
  readonly outputs: readonly [number, number];
  readonly attributes: Readonly<Record<string, AttributeKind>>;
}

/** The engine's own composite operators; they are expanded before a graph leaves the engine (lower/expand.ts). */
export const INTERNAL_DOMAIN = 'hounsfield';
/** ONNX Runtime's contributed operators. */
export const RUNTIME_DOMAIN = 'com.microsoft';
/** ONNX Runtime's blocked-layout operators (CPU only, never saved). */
export const BLOCKED_DOMAIN = 'com.microsoft.nchwc';

const convolution: OperatorSchema['attributes'] = {
  auto_pad: 'string',
  dilations: 'ints',
  group: 'int',
  kernel_shape: 'ints',
  pads: 'ints',
  strides: 'ints',
};

const treeNodes: OperatorSchema['attributes'] = {
  base_values: 'floats',
  base_values_as_tensor: 'tensor',
  nodes_falsenodeids: 'ints',
  nodes_featureids: 'ints',
  nodes_hitrates: 'floats',
  nodes_hitrates_as_tensor: 'tensor',
  nodes_missing_value_tracks_true: 'ints',
  nodes_modes: 'strings',
  nodes_nodeids: 'ints',
  nodes_treeids: 'ints',
  nodes_truenodeids: 'ints',
  nodes_values: 'floats',
  nodes_values_as_tensor: 'tensor',
  post_transform: 'string',
};

const extraSchemas: Readonly<Record<string, OperatorSchema>> = {
  // Version 5 of the domain has TreeEnsemble instead; a file that has these is written as version 3.
  'ai.onnx.ml:TreeEnsembleClassifier': {
    since: 3,
    inputs: [1, 1],
    outputs: [2, 2],
    attributes: {
      ...treeNodes,
      class_ids: 'ints',
      class_nodeids: 'ints',
      class_treeids: 'ints',
      class_weights: 'floats',
      class_weights_as_tensor: 'tensor',
      classlabels_int64s: 'ints',
      classlabels_strings: 'strings',
    },
  },
  'ai.onnx.ml:TreeEnsembleRegressor': {
    since: 3,
    inputs: [1, 1],
    outputs: [1, 1],
    attributes: {
      ...treeNodes,
      aggregate_function: 'string',
      n_targets: 'int',
      target_ids: 'ints',
      target_nodeids: 'ints',
      target_treeids: 'ints',
      target_weights: 'floats',
      target_weights_as_tensor: 'tensor',
    },
  },
  [`${RUNTIME_DOMAIN}:FusedMatMul`]: {
    since: 1,
    inputs: [2, 2],
    outputs: [1, 1],
    attributes: { alpha: 'float', transA: 'int', transB: 'int', transBatchA: 'int', transBatchB: 'int' },
  },
  [`${RUNTIME_DOMAIN}:FusedConv`]: {
    since: 1,
    inputs: [2, 4],
    outputs: [1, 1],
    attributes: { ...convolution, activation: 'string', activation_params: 'floats' },
  },
  [`${BLOCKED_DOMAIN}:Conv`]: {
    since: 1,
    inputs: [2, 4],
    outputs: [1, 1],
    attributes: { ...convolution, activation: 'string', activation_params: 'floats' },
  },
  [`${BLOCKED_DOMAIN}:MaxPool`]: {
    since: 1,
    inputs: [1, 1],
    outputs: [1, 1],
    attributes: {
      auto_pad: 'string',
      kernel_shape: 'ints',
      pads: 'ints',
      strides: 'ints',
      dilations: 'ints',
      ceil_mode: 'int',
      storage_order: 'int',
    },
  },
  [`${BLOCKED_DOMAIN}:ReorderInput`]: {
    since: 1,
    inputs: [1, 1],
    outputs: [1, 1],
    attributes: { channels_last: 'int' },
  },
  [`${BLOCKED_DOMAIN}:ReorderOutput`]: {
    since: 1,
    inputs: [1, 1],
    outputs: [1, 1],
    attributes: { channels: 'int', channels_last: 'int' },
  },
  [`${INTERNAL_DOMAIN}:ConvInputGradient`]: {
    since: 1,
    inputs: [2, 2],
    outputs: [1, 1],
    attributes: { ...convolution, input_shape: 'ints' },
  },
  [`${INTERNAL_DOMAIN}:ConvWeightGradient`]: {
    since: 1,
    inputs: [2, 2],
    outputs: [1, 1],
    attributes: convolution,
  },
  [`${INTERNAL_DOMAIN}:ReluGradient`]: { since: 1, inputs: [2, 2], outputs: [1, 1], attributes: {} },
  [`${INTERNAL_DOMAIN}:ChannelSum`]: { since: 1, inputs: [1, 1], outputs: [1, 1], attributes: {} },
  [`${INTERNAL_DOMAIN}:ChannelDot`]: { since: 1, inputs: [2, 2], outputs: [1, 1], attributes: {} },
  [`${INTERNAL_DOMAIN}:ChannelAffine`]: {
    since: 1,
    inputs: [3, 4],
    outputs: [1, 1],
    attributes: { relu: 'int' },
  },
  [`${INTERNAL_DOMAIN}:MaxPoolGradient`]: {
    since: 1,
    inputs: [2, 2],
    outputs: [1, 1],
    attributes: { ...convolution, ceil_mode: 'int', storage_order: 'int' },
  },
};

/** The schema of an operator, or undefined for one that neither the standard nor the engine knows. */
export function schemaFor(domain: string, op: string): OperatorSchema | undefined {
  const key = domain === '' || domain === 'ai.onnx' ? op : `${domain}:${op}`;
  return standardSchemas[key] ?? extraSchemas[key];
}

/** Gives a plainly written attribute the kind that the operator's schema says. @throws OPERATOR_ATTRIBUTE */
export function attributeOf(
  op: string,
  domain: string,
  name: string,
  value: PlainAttribute,
  node: string,
): Attribute {
  if (isAttribute(value)) return value;
  const schema = schemaFor(domain, op);
  const kind = schema?.attributes[name];
  if (!kind) {
    const known = schema
      ? `It has: ${Object.keys(schema.attributes).join(', ') || 'none'}.`
      : 'It is unknown.';
    throw new HounsfieldError('OPERATOR_ATTRIBUTE', `${op} '${node}' has no attribute '${name}'. ${known}`);
  }
  const fits =
    (kind === 'int' && Number.isInteger(value)) ||
    (kind === 'float' && typeof value === 'number') ||
    (kind === 'string' && typeof value === 'string') ||
    ((kind === 'ints' || kind === 'floats' || kind === 'strings') && Array.isArray(value)) ||
    ((kind === 'tensor' || kind === 'graph') && typeof value === 'object' && !Array.isArray(value));
  if (!fits) {
    throw new HounsfieldError(
      'OPERATOR_ATTRIBUTE',
      `${op} '${node}': attribute '${name}' is of kind ${kind}, and was given ${JSON.stringify(value)}.`,
    );
  }
  // The kind was checked against the value just above.
  return { kind, value: value as number & string & Tensor & Graph & number[] & string[] & Uint8Array };
}
