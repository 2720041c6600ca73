import type { Graph } from '../../engine/graph/graph.ts';
import { copyGraph, pruneGraph } from '../../engine/graph/rewrite.ts';
import { HounsfieldError } from '../../errors.ts';
import type { HeatMap } from '../../evidence/explanation/grad-cam.ts';
import { resize } from '../../imaging/transforms/resize.ts';
import { readCard } from '../bundle/model-card.ts';
import { memberPrefix } from './ensemble-graph.ts';

/** One network that a heat map can be drawn of. */
export interface ExplainedMember {
  readonly graph: Graph;
  /** Name of the output with its logits. */
  readonly output: string;
  readonly weight: number;
  /** Where its logits have the ensemble's logit `index`. */
  readonly logit: (index: number) => number;
}

/**
 * The members of an ensemble, each looking at the image as it is; undefined for a single network.
 *
 * @throws EXPLAIN_LAYER when a layer is asked for
 */
export function explainedMembers(graph: Graph, layer?: string): readonly ExplainedMember[] | undefined {
  if (!graph.metadata.has('hounsfield.ensemble') || !graph.outputs.some(({ name }) => name === 'members')) {
    return undefined;
  }
  if (layer !== undefined) {
    throw new HounsfieldError(
      'EXPLAIN_LAYER',
      `the layer '${layer}' is asked for, and each member of an ensemble has layers of its own. Leave the layer out, or ` +
        "explain a member's own file.",
    );
  }
  const { ensemble, labels, target } = readCard(graph, 'the ensemble');
  return ensemble!.members.map((member, m) => {
    const output = `${memberPrefix(m)}logits`;
    const copy = copyGraph(graph);
    const logits = copy.find(output);
    if (!logits) {
      throw new HounsfieldError(
        'EXPLAIN_LAYER',
        `the ensemble's graph has no '${output}' any more: another program changed it. Make the ensemble again.`,
      );
    }
    copy.outputs.length = 0;
    copy.output(logits);
    return {
      graph: pruneGraph(copy),
      output,
      weight: member.weight,
      logit: (index) => (target === 'grade' ? index : member.labels.indexOf(labels[index]!)),
    };
  });
}

/** The weighted mean of maps 0..1, the coarser ones interpolated to the finest, scaled to 0..1 again. */
export function meanHeatMap(maps: readonly HeatMap[], weights: readonly number[]): HeatMap {
  const [height, width] = [0, 1].map((axis) => Math.max(...maps.map(({ size }) => size[axis]!)));
  const sum = new Float32Array(height! * width!);
  for (const [m, { values, size }] of maps.entries()) {
    const [h, w] = [size[0]!, size[1]!];
    const { pixels } = resize({ pixels: values, channels: 1, height: h, width: w }, height!, width!);
    for (let i = 0; i < sum.length; i++) sum[i]! += weights[m]! * pixels[i]!;
  }
  const highest = sum.reduce((a, b) => Math.max(a, b), 0);
  return {
    values: highest > 0 ? sum.map((value) => value / highest) : sum,
    size: [height!, width!],
    layer: maps.map(({ layer }) => layer).join(', '),
  };
}
