import {
  CONNECTIVITIES,
  type Components,
  type Connectivity,
  connectedComponents,
} from './connected-components.ts';
import { readParameters } from './read-parameters.ts';
import type { LabelTransform } from './transform.ts';

export interface KeepLargestParameters {
  /** Labels that are cleaned, each for itself; every one in the map where absent. */
  readonly labels?: readonly number[] | null;
  /** How voxels hang together: over 6, 18 or 26 neighbours. Default 26. */
  readonly connectivity?: Connectivity;
  /** Components of a label that stay, the largest first; the one that begins first among equals. Default 1. */
  readonly components?: number;
  /** Components of fewer voxels go too. Default 1. */
  readonly atLeast?: number;
}

/** Leaves each label its largest connected components; the rest becomes background. */
export const keepLargestComponent: LabelTransform<KeepLargestParameters> = {
  name: 'keep-largest-component',
  kind: 'label',
  example: { connectivity: 6 },
  check(parameters) {
    const read = readParameters('keep-largest-component', parameters);
    const connectivity = read.number('connectivity', { whole: true, fallback: 26 });
    read.require(
      CONNECTIVITIES.some((n) => n === connectivity),
      `connectivity is ${connectivity}, expected 6, 18 or 26`,
    );
    const checked = {
      labels: read.optional('labels', (name) => read.numbers(name, { whole: true })),
      connectivity: connectivity as Connectivity, // checked
      components: read.number('components', { min: 1, whole: true, fallback: 1 }),
      atLeast: read.number('atLeast', { min: 1, whole: true, fallback: 1 }),
    };
    read.end();
    return checked;
  },
  change(map, { labels, connectivity, components, atLeast }) {
    const { width, height, depth } = map;
    const volume = width * height * depth;
    const pixels = map.pixels.slice();
    for (let start = 0; start < pixels.length; start += volume) {
      const part = map.pixels.subarray(start, start + volume);
      const found = connectedComponents(part, width, height, depth, connectivity, 'labels');
      const stays = largest(found, labels, components, atLeast);
      for (let i = 0; i < volume; i++) if (stays[found.labels[i]!] === 0) pixels[start + i] = 0;
    }
    return { ...map, pixels };
  },
  inverse: { none: 'the components that are taken away are not kept' },
};

/** 1 for the components that stay: the largest of each label, and all of the labels that are not cleaned. */
function largest(
  { sizes, values }: Components,
  labels: readonly number[] | null,
  components: number,
  atLeast: number,
): Uint8Array {
  const order = Array.from({ length: sizes.length - 1 }, (_, i) => i + 1);
  order.sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const stays = new Uint8Array(sizes.length);
  stays[0] = 1;
  const kept = new Map<number, number>();
  for (const component of order) {
    const label = values[component]!;
    const before = kept.get(label) ?? 0;
    kept.set(label, before + 1);
    const cleaned = labels === null || labels.includes(label);
    if (!cleaned || (before < components && sizes[component]! >= atLeast)) stays[component] = 1;
  }
  return stays;
}
