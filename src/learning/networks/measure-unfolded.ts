import { compileStep } from '../../engine/compile.ts';
import { ints, mul, sub } from '../../engine/graph/build.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import type { Runtime } from '../../engine/runtime/session.ts';
import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { createContext } from '../layers/build-context.ts';
import { UNFOLDED_EPSILON } from './imported-copy.ts';
import type { ImportedNetwork } from './imported-network.ts';

/** Count, mean and sum of squared differences of one layer's channels. */
interface Moments {
  count: number;
  readonly mean: Float64Array;
  readonly squares: Float64Array;
}

/**
 * Statistics for the normalisation that 'unfold' puts in, measured on training images with the file's own weights:
 * running mean m and variance v of what each convolution gives, with scale sqrt(v + epsilon) and shift m, so that the
 * network still computes what the file does. Without them 'infer' is the file's function too, but the first step of
 * training, which normalises by the batch, would begin somewhere else.
 *
 * @param batches images [N, C, ...space], prepared as for training; some hundred in all
 * @returns values by name, to be given to the network as weights
 * @throws UNFOLD_NOTHING when there are no images; what the network throws
 */
export async function measureUnfolded(
  { network, unfolded, features }: Pick<ImportedNetwork, 'network' | 'unfolded' | 'features'>,
  batches: Iterable<Tensor> | AsyncIterable<Tensor>,
  settings: { readonly runtime: Runtime; readonly threads?: number },
): Promise<Map<string, Tensor>> {
  const all = new Map<string, Moments>();
  let compiled: { readonly key: string; readonly step: Awaited<ReturnType<typeof compileStep>> } | undefined;
  try {
    for await (const images of batches) {
      const key = `${images.dims.slice(1)}`;
      if (compiled?.key !== key) {
        await compiled?.step.close();
        compiled = {
          key,
          step: await compileStep(momentsGraph(network, unfolded, images, features), settings),
        };
      }
      const found = await compiled.step.run({ images });
      for (const layer of unfolded) add(all, layer, found, images.dims[0]!);
    }
  } finally {
    await compiled?.step.close();
  }
  if (unfolded.length > 0 && all.size === 0) {
    throw new HounsfieldError(
      'UNFOLD_NOTHING',
      'normalisation was to be unfolded, and no images were given to measure it on. Give some of the training images.',
    );
  }
  return new Map([...all].flatMap(([layer, moments]) => layerWeights(layer, moments)));
}

/** Mean and mean squared difference from it, of each channel of what enters each layer. */
function momentsGraph(
  network: ImportedNetwork['network'],
  layers: readonly string[],
  { dims }: Tensor,
  outputs: number,
): Graph {
  const graph = new Graph();
  const context = createContext(graph, 'infer', 0);
  network(context, graph.input('images', 'float32', ['N', ...dims.slice(1)]), { outputs });
  const entering = new Map(
    graph.nodes.map(({ inputs }): [string | undefined, Value | undefined] => [inputs[1]?.name, inputs[0]]),
  );
  for (const layer of layers) {
    const x = entering.get(`${layer}.weight`)!; // the network has put the layer in
    const axes = ints(
      graph,
      (x.shape ?? []).flatMap((_, i) => (i === 1 ? [] : [i])),
    );
    const mean = graph.op('ReduceMean', [x, axes], { keepdims: 1 });
    const apart = sub(x, mean);
    const results = [
      graph.op('ReduceMean', [x, axes], { keepdims: 0 }, { outputNames: [`${layer}/mean`] }),
      graph.op(
        'ReduceMean',
        [mul(apart, apart), axes],
        { keepdims: 0 },
        { outputNames: [`${layer}/variance`] },
      ),
    ];
    graph.output(...results);
  }
  return graph;
}

/** Adds a batch's moments to those before (Chan, Golub and LeVeque, 1979, eq. 1.5); images count alike. */
function add(
  all: Map<string, Moments>,
  layer: string,
  found: Readonly<Record<string, Tensor>>,
  images: number,
): void {
  // Both are float32, one value a channel.
  const mean = found[`${layer}/mean`]!.data as Float32Array;
  const variance = found[`${layer}/variance`]!.data as Float32Array;
  const moments = all.get(layer) ?? {
    count: 0,
    mean: new Float64Array(mean.length),
    squares: new Float64Array(mean.length),
  };
  const total = moments.count + images;
  for (let c = 0; c < mean.length; c++) {
    const difference = mean[c]! - moments.mean[c]!;
    moments.mean[c]! += (difference * images) / total;
    moments.squares[c]! += variance[c]! * images + (difference * difference * moments.count * images) / total;
  }
  moments.count = total;
  all.set(layer, moments);
}

function layerWeights(layer: string, { count, mean, squares }: Moments): [string, Tensor][] {
  const vector = (values: Float64Array): Tensor =>
    tensor('float32', [values.length], Float32Array.from(values));
  const means = vector(mean);
  const variances = vector(squares.map((value) => value / count));
  const scales = squares.map((value) => Math.sqrt(Math.fround(value / count) + UNFOLDED_EPSILON));
  return [
    [`${layer}.weight`, vector(scales)],
    [`${layer}.bias`, means],
    [`${layer}.running_mean`, means],
    [`${layer}.running_var`, variances],
  ];
}
