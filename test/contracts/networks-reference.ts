import { Graph } from '../../src/engine/graph/graph.ts';
import { elementCount } from '../../src/engine/tensor/tensor.ts';
import { createContext } from '../../src/learning/layers/build-context.ts';
import { networksOfOtherRanks } from '../../src/learning/networks/other-ranks.ts';
import { type NetworkEntry, networks } from '../../src/learning/networks/registry.ts';
import { volumeNetworks } from '../../src/learning/networks/volume-registry.ts';
import { isPartOf } from '../../src/learning/training/blocks.ts';
import { weightSources } from '../../src/learning/weights/sources.ts';

/** A network's parameters as a peer has them. */
export interface Counted {
  readonly network: string;
  readonly parameters: readonly (readonly [name: string, shape: readonly number[]])[];
}

/** Whose parameters depend on the size of the image, or which have no case; they are small. */
const builtHere: ReadonlySet<string> = new Set(['vit-s16', 'small-cnn', 'compact-cnn-3d']);

function parametersOf(
  { name, network, defaultSize }: NetworkEntry,
  rank: number,
  peers: readonly Counted[],
): Counted['parameters'] {
  const peer = peers.find((item) => item.network === name);
  if (peer && !builtHere.has(name)) return peer.parameters;
  const graph = new Graph();
  const context = createContext(graph, 'infer', 1);
  const sizes = new Array<number>(rank).fill(defaultSize);
  network(context, graph.input('x', 'float32', ['N', rank === 2 ? 3 : 1, ...sizes]), { outputs: 2 });
  return context.parameters.map(({ name: own, constant }) => [own, constant!.dims]); // parameters hold data
}

/** What torchvision, timm or PyTorch calls it; empty where it is this project's own. */
export function peerName(name: string): string {
  const others: Readonly<Record<string, string>> = {
    'vit-s16': 'vit_small_patch16_224',
    'compact-cnn': '',
    'small-cnn': '',
    'compact-cnn-3d': '',
    'inception-time': '',
    lstm: 'torch.nn.LSTM',
    gru: 'torch.nn.GRU',
    'resnet18-3d': 'video.r3d_18',
  };
  const known = others[name];
  if (known !== undefined) return known;
  if (name.endsWith('-small')) return '';
  return name.replace('squeezenet-', 'squeezenet').replace(/[-.]/g, '_');
}

function row(entry: NetworkEntry, rank: number, peers: readonly Counted[]): string {
  const { name, head, defaultSize, minimumSize, describe, paper } = entry;
  const parameters = parametersOf(entry, rank, peers);
  const body = parameters.filter(([own]) => !isPartOf(own, head));
  const count = body.reduce((sum, [, shape]) => sum + elementCount(shape), 0) / 1e6;
  const seen = parameters.find(([own]) => own === `${head}.weight`)?.[1][1];
  const peer = peerName(name) && `\`${peerName(name)}\``;
  const cells = [
    `\`${name}\``,
    describe,
    count.toFixed(count < 1 ? 2 : 1),
    `${defaultSize}, ${minimumSize}`,
    `\`${head}\`, ${seen}`,
    peer,
    paper,
  ];
  return `| ${cells.join(' | ')} |`;
}

const table = (
  entries: Iterable<NetworkEntry>,
  rank: (entry: NetworkEntry) => number,
  peers: readonly Counted[],
): string =>
  [
    '| name | what | million parameters before the head | side: made for, least | head, values it is given | elsewhere | paper |',
    '|---|---|---|---|---|---|---|',
    ...[...entries].map((entry) => row(entry, rank(entry), peers)),
  ].join('\n');

const sourceRows = (): string =>
  [...weightSources]
    .map(
      ([name, { network, trainedOn, licence, classes, sha256 }]) =>
        `| \`${name}\` | \`${network}\` | ${trainedOn} | ${classes === undefined ? 'no' : 'yes'} | ${licence} | ${sha256 ? 'known' : 'give it: `--weights-sha256`'} |`,
    )
    .join('\n');

/**
 * The text of docs/reference/networks.md.
 *
 * @param peers what the contract tests hold the parameters to: drawing a hundred million of them takes long
 */
export function networksReference(peers: readonly Counted[]): string {
  const signals = [...networksOfOtherRanks.values()].filter(({ spatialRank }) => spatialRank === 1);
  return `# Networks and published weights

<!-- Made by scripts/networks-reference.mjs from the registries in src/learning. Do not edit. -->

Parameters have the names of torchvision's, timm's or PyTorch's ("elsewhere"), so that published weights load by name. The
head is the layer that is drawn anew for other labels: its parameters are not counted, while numbers under "what" are those
of the published networks, with a head of 1000 labels. GoogLeNet's side branches are counted. \`test/contracts/\` holds names,
shapes and outputs to the peer's.

## Images

For \`--network\`; the names elsewhere are taken as well. An image smaller than half of what a network was made for gets its variant with a small stem, unless
weights are given. With \`--pooling\` each sees the slices of a study.

${table(networks.values(), () => 2, peers)}

Besides, any ONNX file is a network: [imported models](../how-to/imported-models.md).

## Volumes

For \`--network\`, of volumes [N, C, D, H, W]; sides are of depth, height and width alike.

${table(volumeNetworks.values(), () => 3, peers)}

## In code alone

\`networkOfRank(name, rank)\` of \`hounsfield/learning\`: signals [N, C, L] (1) and volumes (3, above). What puts networks together,
\`fusion\` (several images and a table) and \`study\` (pooling over slices), is made from any of them.

${table(signals, (entry) => networksOfOtherRanks.get(entry.name)!.spatialRank, peers)}

## Weights by name

For \`--weights\`, fetched once into the cache and offline from then on. A checksum is known where several independent records
of the same file agree, or the file itself could be looked at; elsewhere it has to be given. Licences are as the publisher
states them; what the images that they were trained on allow is for you to judge.

| name | network | trained on | with a head | licence | checksum |
|---|---|---|---|---|---|
${sourceRows()}
`;
}
