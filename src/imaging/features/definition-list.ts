import type { Aggregation, FeatureDefinition, FeatureFamily, FeatureValue } from './feature.ts';

/** One line of a family's list: name, identifier, title, unit, lowest and highest value. */
export type DefinitionLine = readonly [
  name: string,
  id: string,
  title: string,
  unit: string,
  low: number,
  high: number,
];

/** A family's definitions by name. */
export function defineFeatures<const L extends readonly DefinitionLine[]>(
  family: FeatureFamily,
  lines: L,
): Readonly<Record<L[number][0], FeatureDefinition>> {
  const entries = lines.map(([name, id, title, unit, low, high]) => [
    name,
    { family, name, id, title, unit, range: [low, high] },
  ]);
  return Object.fromEntries(entries) as Record<L[number][0], FeatureDefinition>; // one entry for each line's name
}

/** 'cm_joint_max_3D_avg', 'stat_mean'. */
export function featureKey({ family, name }: FeatureDefinition, aggregation?: Aggregation): string {
  return aggregation ? `${family}_${name}_${aggregation}` : `${family}_${name}`;
}

/** A number, or NaN with the reason why there is none; a number may have a remark too. */
export type Computed = number | readonly [value: number, remark: string];

/** Values of a family in the order of its definitions. */
export function featureValues<N extends string>(
  definitions: Readonly<Record<N, FeatureDefinition>>,
  computed: Readonly<Record<N, Computed>>,
): readonly FeatureValue[] {
  const names = Object.keys(definitions) as N[]; // the record's own names
  return names.map((name) => {
    const definition = definitions[name];
    const key = featureKey(definition);
    const given: Computed = computed[name];
    if (typeof given === 'number') return { definition, key, value: given };
    return { definition, key, value: given[0], remark: given[1] };
  });
}

/** Every value of a family NaN, with the reason. */
export function noValues(
  definitions: Readonly<Record<string, FeatureDefinition>>,
  remark: string,
): readonly FeatureValue[] {
  return Object.values(definitions).map((definition) => ({
    definition,
    key: featureKey(definition),
    value: Number.NaN,
    remark,
  }));
}
