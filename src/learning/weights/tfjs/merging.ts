import { div, scalarLike } from '../../../engine/graph/build.ts';
import type { Value } from '../../../engine/graph/graph.ts';
import { configFault } from './faults.ts';
import { countedAxis, type Held, heldAxis, keep, plain, range, rankOf } from './held.ts';
import { flagIn, type LayerRule, type LayerSite } from './layer.ts';
import { unitLength } from './normalizations.ts';

/** The tensors in one order: as they are where all agree, else Keras'. */
function inOneOrder(site: LayerSite, inputs: readonly Held[], fewest: number): readonly Held[] {
  if (inputs.length < fewest)
    return configFault(site, `takes ${fewest} or more tensors, ${inputs.length} are given`);
  const ranks = inputs.map((input) => rankOf(input, site));
  if (ranks.some((rank) => rank !== ranks[0]))
    return configFault(site, `its inputs have ${ranks.join(', ')} axes`);
  return inputs.every(({ moved }) => moved) ? inputs : inputs.map((input) => keep(plain(input)));
}

const merging =
  (merge: (values: readonly Value[], site: LayerSite) => Value, fewest = 1): LayerRule =>
  (site, inputs) => {
    const held = inOneOrder(site, inputs, fewest);
    return {
      ...held[0]!,
      value: merge(
        held.map(({ value }) => value),
        site,
      ),
    };
  };

const variadic = (op: string): LayerRule => merging((values) => values[0]!.graph.op(op, values));

const inPairs = (op: string): LayerRule =>
  merging((values) => values.reduce((sum, value) => value.graph.op(op, [sum, value])));

const subtract: LayerRule = (site, inputs) =>
  inputs.length === 2
    ? inPairs('Sub')(site, inputs)
    : configFault(site, `takes two tensors, ${inputs.length} are given`);

const average = merging((values) => {
  const sum = values.reduce((total, value) => value.graph.op('Add', [total, value]));
  return div(sum, scalarLike(sum, values.length));
});

const concatenate: LayerRule = (site, inputs) => {
  const held = inOneOrder(site, inputs, 1);
  const stated = site.config['axis'] ?? -1;
  const axis = heldAxis(held[0]!, typeof stated === 'number' ? stated : Number.NaN, site);
  return {
    ...held[0]!,
    value: site.graph.op(
      'Concat',
      held.map(({ value }) => value),
      { axis },
    ),
  };
};

/** Sums over one axis of each; what is left of the first comes before what is left of the second. */
const dot: LayerRule = (site, inputs) => {
  if (inputs.length !== 2) return configFault(site, `takes two tensors, ${inputs.length} are given`);
  const ranks = inputs.map((input) => rankOf(input, site));
  const stated = site.config['axes'];
  const list: readonly unknown[] = Array.isArray(stated) ? stated : [stated, stated];
  const axes = ranks.map((rank, i) => {
    const axis = list[i];
    return countedAxis(typeof axis === 'number' ? axis : Number.NaN, rank, site);
  });
  if (axes.includes(0) || list.length !== 2)
    return configFault(site, 'axes are not one of each input, the batch apart');
  if (ranks.some((rank) => rank > 8)) return configFault(site, 'its inputs have more than 8 axes');
  const values = inputs
    .map(plain)
    .map((x, i) => (flagIn(site, 'normalize', false) ? unitLength(x, axes[i]!) : x));
  const letters = ranks.map((rank, which) =>
    range(0, rank).map((axis) => {
      if (axis === 0) return 'a';
      return axis === axes[which] ? 'z' : String.fromCharCode((which === 0 ? 98 : 110) + axis);
    }),
  );
  const left = letters.flatMap((names) => names.filter((name) => name !== 'a' && name !== 'z'));
  const equation = `${letters.map((names) => names.join('')).join()}->a${left.join('')}`;
  const value = site.graph.op('Einsum', values, { equation });
  if (left.length > 0) return keep(value);
  return keep(site.graph.op('Unsqueeze', [value, axisConstant(value, 1)])); // [N, 1]
};

const axisConstant = (value: Value, axis: number): Value =>
  value.graph.constant({ dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(axis)) });

export const mergingLayers: Readonly<Record<string, LayerRule>> = {
  Add: inPairs('Add'),
  Subtract: subtract,
  Multiply: inPairs('Mul'),
  Average: average,
  Maximum: variadic('Max'),
  Minimum: variadic('Min'),
  Concatenate: concatenate,
  Dot: dot,
};
