import type { Candidate, Layout, Shapes } from './candidate.ts';
import { isSqueezenet, squeezenetLayer } from './squeezenet-names.ts';

const renaming =
  (
    rename: (name: string) => string | undefined,
  ): ((given: ReadonlyMap<string, Candidate>) => Map<string, Candidate>) =>
  (given) => {
    const byName = new Map<string, Candidate>();
    for (const [name, candidate] of given) {
      const target = rename(name);
      if (target !== undefined && !byName.has(target)) byName.set(target, candidate);
    }
    return byName;
  };

/** Names as this project has them. */
export const torchvisionLayout: Layout = (given) => ({ byName: given, notes: [] });

/** Caffe's layers of SqueezeNet with '.weight' and '.bias', axes in torchvision's order. */
export const caffeLayout: Layout = (given, wanted) => {
  if (!isSqueezenet(wanted)) return { byName: new Map(), notes: [] };
  const byName = renaming((name) => {
    const dot = name.lastIndexOf('.');
    const layer = squeezenetLayer(name.slice(0, dot), wanted);
    return layer && `${layer}${name.slice(dot)}`;
  })(given);
  const notes = [
    "Caffe's SqueezeNet takes blue, green, red minus 104, 117, 123, values to 255.",
    'Its version 1.0 pads the last convolution by 1, which changes its logits, not the features.',
  ];
  return { byName, notes };
};

/**
 * timm's names. ResNet, DenseNet and ViT are named there as here; VGG's head, MobileNetV2 and EfficientNet are not.
 */
export const timmLayout: Layout = (given, wanted) => {
  const blocks = given.has('conv_stem.weight') ? mobileNames([...given.keys()], wanted) : undefined;
  const byName = renaming((name) => blocks?.(name) ?? vggHead(name) ?? name)(given);
  return { byName, notes: [] };
};

const vggHeadNames: readonly (readonly [string, string])[] = [
  ['pre_logits.fc1.', 'classifier.0.'],
  ['pre_logits.fc2.', 'classifier.3.'],
  ['head.fc.', 'classifier.6.'],
];

function vggHead(name: string): string | undefined {
  const found = vggHeadNames.find(([theirs]) => name.startsWith(theirs));
  return found && found[1] + name.slice(found[0].length);
}

/** Where the layers of a block lie: first those of a block that does not widen, then of one that does. */
const mobileNetV2Parts = {
  plain: { conv_dw: '0.0', bn1: '0.1', conv_pw: '1', bn2: '2' },
  wide: { conv_pw: '0.0', bn1: '0.1', conv_dw: '1.0', bn2: '1.1', conv_pwl: '2', bn3: '3' },
};
const efficientNetParts = {
  plain: {
    conv_dw: '0.0',
    bn1: '0.1',
    'se.conv_reduce': '1.fc1',
    'se.conv_expand': '1.fc2',
    conv_pw: '2.0',
    bn2: '2.1',
  },
  wide: {
    conv_pw: '0.0',
    bn1: '0.1',
    conv_dw: '1.0',
    bn2: '1.1',
    'se.conv_reduce': '2.fc1',
    'se.conv_expand': '2.fc2',
    conv_pwl: '3.0',
    bn3: '3.1',
  },
};

/** Names of MobileNetV2 (features.N.conv) or EfficientNet (features.N.I.block), by which of them the network has. */
function mobileNames(names: readonly string[], wanted: Shapes): (name: string) => string | undefined {
  const isEfficient = [...wanted.keys()].some((name) => name.includes('.block.'));
  const parts = isEfficient ? efficientNetParts : mobileNetV2Parts;
  const places = blocksOf(names);
  const stages = new Set(places.map(([stage]) => stage)).size;
  const last = isEfficient ? stages + 1 : places.length + 1;
  const wide = new Set(
    names.flatMap((name) => /^blocks\.(\d+\.\d+)\.conv_pwl\.weight$/.exec(name)?.[1] ?? []),
  );
  const outside: Readonly<Record<string, string>> = {
    conv_stem: 'features.0.0',
    bn1: 'features.0.1',
    conv_head: `features.${last}.0`,
    bn2: `features.${last}.1`,
    classifier: 'classifier.1',
  };
  return (name) => {
    const dot = name.lastIndexOf('.');
    const [layer, variable] = [name.slice(0, dot), name.slice(dot)];
    const found = /^blocks\.(\d+)\.(\d+)\.(.+)$/.exec(layer);
    if (!found) return Object.hasOwn(outside, layer) ? `${outside[layer]}${variable}` : undefined;
    const [, stage, index, part] = found;
    const inside: Readonly<Record<string, string>> = parts[wide.has(`${stage}.${index}`) ? 'wide' : 'plain'];
    if (!Object.hasOwn(inside, part!)) return undefined;
    const flat = places.findIndex(([s, i]) => s === Number(stage) && i === Number(index));
    const block = isEfficient ? `${Number(stage) + 1}.${index}.block` : `${flat + 1}.conv`;
    return `features.${block}.${inside[part!]}${variable}`;
  };
}

/** Stage and index of every block, in order. */
function blocksOf(names: readonly string[]): readonly (readonly [number, number])[] {
  const found = new Map<string, readonly [number, number]>();
  for (const name of names) {
    const parts = /^blocks\.(\d+)\.(\d+)\./.exec(name);
    if (parts) found.set(`${parts[1]}.${parts[2]}`, [Number(parts[1]), Number(parts[2])]);
  }
  return [...found.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}
