import type { Attribute } from '../../engine/graph/attributes.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import type { LoadedMember } from './check-members.ts';
import { graft } from './graft.ts';

const plainAttribute = ({ kind, value }: Attribute): unknown =>
  kind === 'graph' || kind === 'tensor' ? kind : value;

/** The graph without its numbers. */
function structureOf(graph: Graph): string {
  return JSON.stringify([
    graph.nodes.map(({ op, domain, inputs, outputs, attributes }) => [
      op,
      domain,
      inputs.map((input) => input?.name),
      outputs.map(({ name }) => name),
      [...attributes].map(([name, attribute]) => [name, plainAttribute(attribute)]),
    ]),
    [...graph.initializers.values()].map(({ name, dtype, shape }) => [name, dtype, shape]),
  ]);
}

/** Numbers of the graph's own making (normalisation, units), which averaging would not leave meaning the same. */
const isConstant = (name: string): boolean => /^constant(_\d+)?$/.test(name);

/**
 * One network with the weighted mean of several networks' weights, a model soup (Wortsman et al., ICML 2022, "uniform
 * soup"). Works for networks fine-tuned from the same weights; of others the mean knows nothing.
 *
 * @throws ENSEMBLE_SOUP where the networks differ in more than weights; ENSEMBLE_SOUP_STATISTICS for batch normalisation,
 *   whose statistics belong to the weights they were measured with
 */
export function soupGraph(members: readonly LoadedMember[], weights: readonly number[]): Graph {
  const [first] = members;
  const { graph: model, card } = first!;
  const structure = structureOf(model);
  const asked = JSON.stringify([card.labels, card.input]);
  const faults = members.flatMap(({ graph, card: { labels, input }, file }) => [
    ...(structureOf(graph) === structure ? [] : [`${file} is another network`]),
    ...(JSON.stringify([labels, input]) === asked
      ? []
      : [`${file} takes or gives something else (order of labels, size, normalisation)`]),
  ]);
  if (faults.length > 0) {
    throw new HounsfieldError(
      'ENSEMBLE_SOUP',
      `weights can be averaged of one network only, and ${faults.join('; ')}, compared with ${first!.file}. ` +
        'Use --how mean, which averages answers.',
    );
  }
  if (model.nodes.some(({ op }) => op === 'BatchNormalization')) {
    throw new HounsfieldError(
      'ENSEMBLE_SOUP_STATISTICS',
      `${card.network} has batch normalisation: its statistics are those of each model's own weights, and their mean is ` +
        'wrong for the mean of the weights. Use --how mean, or a network without it.',
    );
  }
  const graph = new Graph();
  graph.name = model.name;
  const image: Value = graph.input('image', 'float32', model.inputs[0]!.shape);
  const outputs = graft(
    graph,
    model,
    { image },
    {
      prefix: '',
      addConstant: (name, data) => {
        const all = members.map((member) => member.graph.initializers.get(name)!.constant!); // structures are equal
        return graph.initializer(
          name,
          isConstant(name) ? sameIn(all, name) : (averaged(all, weights) ?? data),
        );
      },
    },
  );
  graph.output(...outputs.values());
  return graph;
}

function sameIn(all: readonly Tensor[], name: string): Tensor {
  const [first] = all;
  for (const { data } of all) {
    if (data.length === first!.data.length && first!.data.every((value, i) => Object.is(value, data[i])))
      continue;
    throw new HounsfieldError(
      'ENSEMBLE_SOUP',
      `the models were trained with different normalisation of images or of numbers ('${name}'), so that the mean of their ` +
        'weights means nothing. Train them on the same training set, or use --how mean.',
    );
  }
  return first!;
}

/** The weighted mean of float32 tensors; of others nothing. */
function averaged(all: readonly Tensor[], weights: readonly number[]): Tensor | undefined {
  const { dims, dtype, data: first } = all[0]!;
  if (dtype !== 'float32') return undefined;
  const mean = new Float64Array(first.length);
  for (const [m, { data }] of all.entries()) {
    const values = data as Float32Array; // all are of the first one's type
    for (let i = 0; i < mean.length; i++) mean[i]! += weights[m]! * values[i]!;
  }
  return tensor('float32', dims, Float32Array.from(mean));
}
