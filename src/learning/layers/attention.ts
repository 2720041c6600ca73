import { matMul, mul, reshape, scalarLike, transpose } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { HounsfieldError } from '../../errors.ts';
import type { BuildContext } from './build-context.ts';
import { knownSize } from './extent.ts';
import type { Initializer } from './initializers.ts';
import { linear } from './linear.ts';

export interface SelfAttentionOptions {
  readonly heads: number;
  readonly initialize?: Initializer;
  readonly initializeBias?: Initializer;
}

/**
 * Multi-head self-attention (Vaswani et al., "Attention is all you need", NeurIPS 2017, eq. 1 and section 3.2.2):
 * queries, keys and values from one linear layer `<name>.qkv`, the heads joined by `<name>.proj`.
 *
 * @param x [N, T, C], T and C known
 * @returns the same shape, and what each token looks at: probabilities [N, heads, T, T]
 * @throws LAYER_SHAPE, LAYER_OPTION when the heads do not divide C
 */
export function selfAttention(
  context: BuildContext,
  name: string,
  x: Value,
  { heads, ...initializers }: SelfAttentionOptions,
): { readonly y: Value; readonly probabilities: Value } {
  const [tokens, width] = [1, 2].map((axis) => knownSize(x, axis, `selfAttention '${name}'`)) as [
    number,
    number,
  ]; // of two axes
  if (width % heads !== 0) {
    throw new HounsfieldError(
      'LAYER_OPTION',
      `selfAttention '${name}' was given ${heads} heads for ${width} channels. Choose a number of heads that divides them.`,
    );
  }
  const { graph } = context;
  return graph.scope(name, () => {
    const together = linear(context, 'qkv', x, { outputs: 3 * width, ...initializers }); // [N, T, 3 C]
    const split = graph.add('Split', [together], { axis: 2, num_outputs: 3 }, { outputs: 3 });
    const [q, k, v] = split.map((part) => reshape(part, [0, tokens, heads, width / heads])) as [
      Value,
      Value,
      Value,
    ]; // of three
    const queries = transpose(mul(q, scalarLike(q, (width / heads) ** -0.5)), [0, 2, 1, 3]); // [N, heads, T, C/heads]
    const scores = matMul(queries, transpose(k, [0, 2, 3, 1])); // [N, heads, T, T]
    const probabilities = graph.op('Softmax', [scores], { axis: 3 });
    const seen = transpose(matMul(probabilities, transpose(v, [0, 2, 1, 3])), [0, 2, 1, 3]); // [N, T, heads, C/heads]
    const y = linear(context, 'proj', reshape(seen, [0, tokens, width]), { outputs: width, ...initializers });
    return { y, probabilities };
  });
}
