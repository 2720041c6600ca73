/** Parameters that belong together, from the input to the head. */
export interface Block {
  /** What their names begin with: 'layer1', 'features.3', 'blocks.11'. */
  readonly name: string;
  readonly parameters: readonly string[];
}

interface Named {
  readonly name: string;
  readonly shape?: readonly unknown[] | undefined;
}

/**
 * The blocks of a network, by its parameters' names in the order in which they are used: a name counts up to its first
 * part with a digit ('layer4.1.conv2.weight' is of 'layer4', 'features.12.expand1x1.bias' of 'features.12').
 * Scales and biases alone (a normalisation between two convolutions) belong to the block before them.
 *
 * Networks of several images of a sample ('image0.layer1', 'image1.layer1') are one network here.
 *
 * @param head what the names of the head's parameters begin with, or several such; the head is the last block, under the first
 */
export function parameterBlocks(
  parameters: readonly Named[],
  head: string | readonly string[],
): readonly Block[] {
  const heads = typeof head === 'string' ? [head] : head;
  const found = new Map<string, Named[]>();
  const inHead: string[] = [];
  for (const parameter of parameters) {
    if (heads.some((name) => isPartOf(parameter.name, name))) {
      inHead.push(parameter.name);
      continue;
    }
    const key = blockName(parameter.name);
    const members = found.get(key) ?? [];
    members.push(parameter);
    found.set(key, members);
  }
  const blocks: { name: string; parameters: string[] }[] = [];
  for (const [name, members] of found) {
    const names = members.map((member) => member.name);
    const vectorsOnly = members.every(({ shape }) => (shape?.length ?? 0) < 2);
    const before = blocks.at(-1);
    if (vectorsOnly && before) before.parameters.push(...names);
    else blocks.push({ name, parameters: names });
  }
  if (inHead.length > 0) blocks.push({ name: heads[0]!, parameters: inHead });
  return blocks;
}

/** Whether a parameter's name lies under a prefix: 'fc.weight' under 'fc', 'fc2.weight' not. */
export const isPartOf = (name: string, prefix: string): boolean =>
  name === prefix || name.startsWith(`${prefix}.`);

function blockName(name: string): string {
  const parts = name
    .replace(/^image\d+\./, 'image.')
    .split('.')
    .slice(0, -1);
  const first = parts.findIndex((part) => /\d/.test(part));
  const kept = first < 0 ? parts : parts.slice(0, first + 1);
  return kept.join('.') || name;
}

/**
 * Factor on the learning rate of each parameter: 1 in the head, `decay` times less with each block towards the input
 * (Howard and Ruder, "Universal language model fine-tuning", ACL 2018, section 3.2).
 */
export function depthRates(blocks: readonly Block[], decay: number): ReadonlyMap<string, number> {
  return new Map(
    blocks.flatMap(({ parameters }, i) =>
      parameters.map((name) => [name, decay ** (blocks.length - 1 - i)] as const),
    ),
  );
}

/** True for names that one of the patterns names: 'layer1.*', 'fc.weight'; * stands for any text. */
export function matcher(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map(
    (pattern) => new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`),
  );
  return (name) => expressions.some((expression) => expression.test(name));
}

const literal = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
