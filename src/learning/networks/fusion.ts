/**
 * Networks of several inputs: images of several series or modalities, and a table of clinical values. Early fusion stacks
 * the images' channels before one network; late fusion joins what a network of each has found. The parts are compared
 * in Huang, Pareek, Seyyedi, Banerjee, Lungren, "Fusion of medical imaging and electronic health records using deep
 * learning", npj Digital Medicine 3 (2020).
 */
import { cast, reshape, scalarLike, transpose, where } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { describeShape } from '../../engine/graph/shape.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { relu } from '../layers/activation.ts';
import type { BuildContext } from '../layers/build-context.ts';
import { bySample } from '../layers/by-sample.ts';
import { dropout } from '../layers/dropout.ts';
import { knownSize } from '../layers/extent.ts';
import { linear } from '../layers/linear.ts';
import { type Backbone, features } from './head.ts';

export interface FusionOptions {
  /**
   * 'early': the images' channels are stacked before one backbone. 'late': one backbone for each image, features
   * joined. 'shared': the same, with the same weights for all images, which must then be of one shape.
   */
  readonly images: 'early' | 'late' | 'shared';
  /** The network of each image in order; one for all when there is one alone. Empty for a table alone. */
  readonly backbones: readonly Backbone[];
  /** Widths of the layers over the table; empty joins its columns as they are. Left out without a table. */
  readonly tableWidths?: readonly number[];
  /** Width of the layer over what was joined, without which inputs cannot act on one another; 0 for none, 64 when left out. */
  readonly hidden?: number;
  /** Share of that layer's values dropped in training. */
  readonly dropout?: number;
}

/** What a network of several inputs is given. */
export interface FusedInputs {
  /** Each [N, C, ...space]. */
  readonly images: readonly Value[];
  /** 1 where an image is missing, [N, number of images]; none is when left out. What stands in its place does not count. */
  readonly missingImages?: Value | undefined;
  /** Clinical values, [N, columns]: numbers standardised, categories one-hot. */
  readonly table?: Value | undefined;
  /** 1 where a value is missing, [N, columns]; its column then counts as 0, the mean of what is standardised. */
  readonly missing?: Value | undefined;
}

/** A network of several inputs returns the logits, [N, outputs]. */
export type MultiInputNetwork = (
  context: BuildContext,
  inputs: FusedInputs,
  options: { readonly outputs: number },
) => Value;

/**
 * A network of several inputs. Parameters: `image.*` (early, shared) or `image0.*`, `image1.*` … (late), `table0`,
 * `table1` …, `fusion` and `fc`. Indicators of what is missing are inputs to what follows.
 *
 * @throws FUSION_INPUTS when inputs do not fit the options; LAYER_SHAPE, HEAD_NOT_FOUND, WEIGHTS_MISSING
 */
export function fusion(options: FusionOptions): MultiInputNetwork {
  const { tableWidths = [], hidden = 64, dropout: rate = 0 } = options;
  return (context, inputs, { outputs }) => {
    check(options, inputs);
    const parts = [
      ...imageParts(context, options, inputs),
      ...(inputs.table ? [tablePart(context, inputs.table, inputs.missing, tableWidths)] : []),
    ];
    let y = joined(parts, 1); // [N, all features]
    if (hidden > 0) y = relu(linear(context, 'fusion', y, { outputs: hidden }));
    return linear(context, 'fc', dropout(context, 'dropout', y, rate), { outputs });
  };
}

const joined = (values: readonly Value[], axis: number): Value =>
  values.length === 1 ? values[0]! : values[0]!.graph.op('Concat', values, { axis });

/** Features of the images, [N, F] each, and the indicator of those that are missing. */
function imageParts(
  context: BuildContext,
  { images: how, backbones }: FusionOptions,
  { images, missingImages }: FusedInputs,
): readonly Value[] {
  if (images.length === 0) return [];
  const { graph } = context;
  const gone = missingImages && images.map((_, i) => column(missingImages, i)); // [N, 1] each
  const given = images.map((image, i) => (gone ? emptied(image, gone[i]!) : image));
  const indicator = missingImages ? [missingImages] : [];
  const backboneOf = (i: number): Backbone => backbones[i] ?? backbones[0]!; // checked to be one at least
  if (how === 'early') {
    const stacked = joined(given, 1); // [N, sum of C, ...]
    return [graph.scope('image', () => features(context, backboneOf(0), stacked)), ...indicator];
  }
  if (how === 'shared') {
    const seen = graph.scope('image', () => features(context, backboneOf(0), joined(given, 0))); // [K N, F]
    const width = knownSize(seen, 1, 'fusion');
    const byImage = transpose(reshape(seen, [images.length, -1, width]), [1, 0, 2]); // [N, K, F]
    return [bySample(given[0]!, byImage, [images.length * width]), ...indicator];
  }
  const each = given.map((image, i) =>
    graph.scope(`image${i}`, () => features(context, backboneOf(i), image)),
  );
  return [...(gone ? each.map((value, i) => emptied(value, gone[i]!)) : each), ...indicator];
}

/** Column i of [N, K], [N, 1]. */
function column(values: Value, i: number): Value {
  const bound = (at: number) => values.graph.constant(tensorOf('int64', [1], [at]));
  return values.graph.op('Slice', [values, bound(i), bound(i + 1), bound(1)]);
}

/** The value, with zeros for the samples in which it is missing. @param gone [N, 1] */
function emptied(value: Value, gone: Value): Value {
  const ones = (value.shape?.length ?? 2) - 2;
  const aligned = ones > 0 ? reshape(gone, [-1, 1, ...Array<number>(ones).fill(1)]) : gone;
  return where(cast(aligned, 'bool'), scalarLike(value, 0), value);
}

function tablePart(
  context: BuildContext,
  table: Value,
  missing: Value | undefined,
  widths: readonly number[],
): Value {
  const known = missing ? where(cast(missing, 'bool'), scalarLike(table, 0), table) : table;
  let y = missing ? joined([known, missing], 1) : known; // [N, T] or [N, 2 T]
  for (const [i, width] of widths.entries()) y = relu(linear(context, `table${i}`, y, { outputs: width }));
  return y;
}

/** @throws FUSION_INPUTS */
function check({ images: how, backbones }: FusionOptions, inputs: FusedInputs): void {
  const { images, missingImages, table, missing } = inputs;
  const shapes = new Set(images.map(({ shape }) => `${shape?.slice(1)}`));
  const space = new Set(images.map(({ shape }) => `${shape?.slice(2)}`));
  const problems = [
    images.length === 0 && !table && 'there is neither an image nor a table',
    images.length > 0 && backbones.length === 0 && 'there are images and no backbone',
    how === 'late' &&
      backbones.length > 1 &&
      backbones.length !== images.length &&
      `there are ${images.length} images and ${backbones.length} backbones`,
    how !== 'late' && images.length > 0 && backbones.length > 1 && `'${how}' takes one backbone`,
    how === 'shared' && shapes.size > 1 && "'shared' takes images of one shape",
    how === 'early' && space.size > 1 && "'early' takes images of one height and width",
    missingImages && misfits(missingImages, images.length, 'missingImages'),
    missing && !table && 'missing values are named and there is no table',
    table && table.shape?.length !== 2 && `the table is ${describeShape(table.shape)}, expected [N, columns]`,
    table && missing && misfits(missing, table.shape?.[1], 'missing'),
  ].filter((problem) => typeof problem === 'string');
  if (problems.length > 0) {
    throw new HounsfieldError(
      'FUSION_INPUTS',
      `the inputs do not fit this network: ${problems.join('; ')}. Give what its options name, or change the options.`,
    );
  }
}

const misfits = ({ shape }: Value, columns: unknown, name: string): string | undefined =>
  shape?.length === 2 && shape[1] === columns
    ? undefined
    : `${name} is ${describeShape(shape)}, expected [N, ${columns}]`;
