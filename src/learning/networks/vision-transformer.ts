/**
 * Vision Transformer: Dosovitskiy et al., "An image is worth 16x16 words: transformers for image recognition at scale",
 * ICLR 2021 (arXiv:2010.11929), figure 1 and eq. 1 to 4; the small one, ViT-S/16, is of Touvron et al., "Training
 * data-efficient image transformers", ICML 2021. Parameter names and first weights are timm's, vit_small_patch16_224.
 */
import { add, ints, reshape, transpose } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { HounsfieldError } from '../../errors.ts';
import { gelu } from '../layers/activation.ts';
import { selfAttention } from '../layers/attention.ts';
import { type BuildContext, type Network, parameter } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { knownSize } from '../layers/extent.ts';
import { constant, normal } from '../layers/initializers.ts';
import { linear } from '../layers/linear.ts';
import { layerNorm } from '../layers/normalization.ts';

const PATCH = 16;
const WIDTH = 384;
const DEPTH = 12;
const HEADS = 6;
const EPSILON = 1e-6;

/** timm cuts its normal numbers off at a hundred deviations and more, which is nowhere. */
const initializers = { initialize: normal(0.02), initializeBias: constant(0) };

/**
 * ViT-S/16. It takes images whose sides are multiples of 16; `pos_embed` has one row for each patch and one for the class
 * token, so that weights of another size need resamplePositions. What each block looks at is in `context.attention`, as
 * 'blocks.0' to 'blocks.11': [N, 6, tokens, tokens], the class token first, then the patches row by row.
 */
export function visionTransformer(): Network {
  return (context, x, { outputs }) => {
    const tokens = 1 + patchCount(x);
    let y = embedding(context, x, tokens); // [N, tokens, 384]
    for (let i = 0; i < DEPTH; i++) {
      const name = `blocks.${i}`;
      y = context.graph.scope(name, () => {
        const { y: seen, probabilities } = selfAttention(context, 'attn', normalize(context, 'norm1', y), {
          heads: HEADS,
          ...initializers,
        });
        context.attention.set(name, probabilities);
        const attended = add(y, seen);
        return add(attended, perceptron(context, normalize(context, 'norm2', attended)));
      });
    }
    const { graph } = context;
    const all = normalize(context, 'norm', y);
    const first = graph.op('Slice', [all, ...[[0], [1], [1]].map((values) => ints(graph, values))]); // [N, 1, 384]
    return linear(context, 'head', reshape(first, [0, WIDTH]), { outputs, ...initializers }); // [N, outputs]
  };
}

const normalize = (context: BuildContext, name: string, x: Value): Value =>
  layerNorm(context, name, x, { epsilon: EPSILON });

/** Patches of the image, [N, C, H, W]. @throws NETWORK_INPUT, LAYER_SHAPE */
function patchCount(x: Value): number {
  const [height, width] = [2, 3].map((axis) => knownSize(x, axis, 'the vision transformer')) as [
    number,
    number,
  ]; // of two axes
  if (height % PATCH === 0 && width % PATCH === 0) return (height / PATCH) * (width / PATCH);
  const nearest = (size: number) => Math.max(1, Math.round(size / PATCH)) * PATCH;
  throw new HounsfieldError(
    'NETWORK_INPUT',
    `the vision transformer cuts images into patches of ${PATCH} x ${PATCH} pixels, and was given ${height} x ${width}. ` +
      `Choose multiples of ${PATCH}, such as ${nearest(height)} x ${nearest(width)}.`,
  );
}

/** The class token and a token for each patch, each with its position added (eq. 1): [N, tokens, 384]. */
function embedding(context: BuildContext, x: Value, tokens: number): Value {
  const { graph } = context;
  const token = parameter(context, 'cls_token', [1, 1, WIDTH], normal(1e-6));
  const positions = parameter(context, 'pos_embed', [1, tokens, WIDTH], normal(0.02));
  const patches = conv(context, 'patch_embed.proj', x, { channels: WIDTH, kernel: PATCH, stride: PATCH }); // [N, 384, h, w]
  const rows = transpose(reshape(patches, [0, WIDTH, tokens - 1]), [0, 2, 1]); // [N, h w, 384]
  // Zeros in the place of the other, so that the batch may be of any size.
  const atFirst = graph.op('Pad', [token, ints(graph, [0, 0, 0, 0, tokens - 1, 0])]);
  const behind = graph.op('Pad', [rows, ints(graph, [0, 1, 0, 0, 0, 0])]);
  return add(behind, add(positions, atFirst));
}

function perceptron(context: BuildContext, x: Value): Value {
  return context.graph.scope('mlp', () => {
    const hidden = gelu(linear(context, 'fc1', x, { outputs: 4 * WIDTH, ...initializers }));
    return linear(context, 'fc2', hidden, { outputs: WIDTH, ...initializers });
  });
}
