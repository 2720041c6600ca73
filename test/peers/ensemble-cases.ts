import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Graph } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import type { Tensor } from '../../src/engine/tensor/tensor.ts';
import type { TargetKind } from '../../src/tasks/dataset/dataset.ts';
import type { LoadedMember } from '../../src/tasks/ensemble/check-members.ts';
import type { Rule } from '../../src/tasks/ensemble/combine.ts';
import { inputOfEnsemble } from '../../src/tasks/ensemble/ensemble-card.node.ts';
import { ensembleGraph } from '../../src/tasks/ensemble/ensemble-graph.ts';
import { withHalfWeights } from '../../src/tasks/ensemble/half-weights.ts';
import { viewsOf } from '../../src/tasks/ensemble/views.ts';
import { type MadeMember, madeImages, madeMember } from './ensemble-members.ts';

/** An ensemble that scripts/peers/ensembles.py makes by hand of its members' files. */
export interface EnsembleCase {
  readonly name: string;
  readonly target: TargetKind;
  readonly rule: Rule;
  readonly weights: readonly number[];
  /** As the command line takes them. */
  readonly tta: string;
  readonly half: boolean;
  readonly size: readonly [number, number];
}

const thirds = [1 / 3, 1 / 3, 1 / 3];
const common = { weights: thirds, tta: 'none', half: false, size: [24, 24] } as const;

export const ensembleCases: readonly EnsembleCase[] = [
  {
    ...common,
    name: 'class, weighted',
    target: 'class',
    rule: 'mean',
    weights: [0.5, 0.3, 0.2],
    size: [37, 18],
  },
  {
    ...common,
    name: 'class, geometric, flips',
    target: 'class',
    rule: 'geometric',
    tta: 'flips',
    size: [19, 30],
  },
  { ...common, name: 'class, vote', target: 'class', rule: 'vote' },
  { ...common, name: 'labels, geometric', target: 'labels', rule: 'geometric', size: [15, 40] },
  { ...common, name: 'labels, shifts', target: 'labels', rule: 'mean', tta: 'shift=0.1', size: [20, 30] },
  {
    ...common,
    name: 'grade, quarter turns',
    target: 'grade',
    rule: 'mean',
    tta: 'rotate-90,rotate-270',
    size: [33, 21],
  },
  { ...common, name: 'grade, geometric', target: 'grade', rule: 'geometric', weights: [0.2, 0.3, 0.5] },
  { ...common, name: 'labels, geometric, flips', target: 'labels', rule: 'geometric', tta: 'flips' },
  {
    ...common,
    name: 'value, median, crops',
    target: 'value',
    rule: 'median',
    tta: 'crop=0.36',
    size: [25, 40],
  },
  { ...common, name: 'class, half', target: 'class', rule: 'mean', half: true },
];

const made: readonly MadeMember[] = [
  { seed: 1 },
  { seed: 2, network: 'with-statistics', input: { channels: 3, height: 32, width: 32 } },
  { seed: 3, input: { mean: [90], standardDeviation: [40], height: 16, width: 16 } },
];

export interface MadeCase {
  readonly members: readonly LoadedMember[];
  readonly graph: Graph;
  readonly image: Tensor<'float32'>;
}

export function makeCase({ target, rule, weights, tta, half, size }: EnsembleCase): MadeCase {
  const orders = [
    ['a', 'b', 'c'],
    ['c', 'a', 'b'],
    ['b', 'a', 'c'],
  ];
  const members = made.map((member, m) =>
    madeMember({ ...member, target, labels: orders[target === 'grade' ? 0 : m]! }),
  );
  const views = viewsOf(tta, undefined);
  const parts = members.map(({ graph, card: { labels, input } }) => ({ graph, labels, input, views }));
  const thresholds = members.map(() => [0.5, 0.5, 0.5]);
  const { channels } = inputOfEnsemble(members);
  const exact = ensembleGraph(parts, orders[0]!, channels, { target, rule, weights, thresholds });
  return { members, graph: half ? withHalfWeights(exact) : exact, image: madeImages(2, 1, ...size) };
}

/** Writes every case, its members and cases.json into a folder. */
export function writeEnsembles(folder: string): void {
  const listed = ensembleCases.map((one, i) => {
    const { members, graph, image } = makeCase(one);
    writeFileSync(path.join(folder, `${i}.onnx`), writeOnnx(graph));
    return {
      ...one,
      file: `${i}.onnx`,
      image: { dims: image.dims, data: Array.from(image.data) },
      members: members.map((member, m) => {
        const file = `${i}-${m}.onnx`;
        writeFileSync(path.join(folder, file), writeOnnx(member.graph));
        return { file, labels: member.card.labels, channels: member.card.input.channels };
      }),
    };
  });
  writeFileSync(path.join(folder, 'cases.json'), JSON.stringify(listed));
}
