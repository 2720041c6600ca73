import type { Shapes } from './candidate.ts';
import { isSqueezenet, squeezenetLayer } from './squeezenet-names.ts';

/** One of Keras's networks and what it shares with torchvision's of the same name. */
export interface KerasFamily {
  /** torchvision's layer for Keras's. */
  readonly layer: (name: string, wanted: Shapes) => string | undefined;
  /** The normalisation that follows a convolution, by torchvision's names. */
  readonly normalizationAfter: (layer: string) => string | undefined;
  /** Channels of the map that a dense layer sees flattened, where Keras flattens by height, width, channel. */
  readonly flattenedChannels: (layer: string, wanted: Shapes) => number | undefined;
  /** What Keras adds to the variance there; undefined where it is not known. */
  readonly epsilon?: number;
  readonly notes: readonly string[];
}

const none = (): undefined => undefined;

/** Layers found as they are named, scopes by dots. */
const plain: KerasFamily = {
  layer: (name) => name.replaceAll('/', '.'),
  normalizationAfter: none,
  flattenedChannels: none,
  notes: [
    "Keras adds 1e-3 to the variance by default, networks here 1e-5: where it matters, set the layer's epsilon.",
  ],
};

const squeezenet: KerasFamily = {
  ...plain,
  layer: squeezenetLayer,
  notes: ["Keras's SqueezeNet takes blue, green, red minus 103.939, 116.779, 123.68, values to 255."],
};

const resnet: KerasFamily = {
  ...plain,
  epsilon: 1.001e-5,
  layer: (name) => {
    const block = /^conv([2-5])_block(\d+)_([0-3])_(conv|bn)$/.exec(name);
    if (!block) return { conv1_conv: 'conv1', conv1_bn: 'bn1', predictions: 'fc', probs: 'fc' }[name];
    const [, stage, index, layer, kind] = block;
    const part = layer === '0' ? `downsample.${kind === 'conv' ? 0 : 1}` : `${kind}${layer}`;
    return `layer${Number(stage) - 1}.${Number(index) - 1}.${part}`;
  },
  normalizationAfter: (layer) =>
    layer.endsWith('downsample.0') ? layer.replace(/0$/, '1') : layer.replace(/conv(\d)$/, 'bn$1'),
  notes: [
    "Keras's ResNet halves in the first 1x1 convolution of a stage, this network in the 3x3 one: the weights fit, the " +
      'output differs. Fine-tune it, or take weights of timm or torchvision.',
    "Keras's ResNet takes blue, green, red minus 103.939, 116.779, 123.68, values to 255.",
  ],
};

const densenet: KerasFamily = {
  ...plain,
  epsilon: 1.001e-5,
  layer: (name) => {
    const block = /^conv(\d)_block(\d+)_([012])_(conv|bn)$/.exec(name);
    if (block) {
      const [, stage, index, layer, kind] = block;
      const part = kind === 'conv' ? `conv${layer}` : `norm${Number(layer) + 1}`;
      return `features.denseblock${Number(stage) - 1}.denselayer${index}.${part}`;
    }
    const transition = /^pool(\d)_(conv|bn)$/.exec(name);
    if (transition) {
      return `features.transition${Number(transition[1]) - 1}.${transition[2] === 'conv' ? 'conv' : 'norm'}`;
    }
    const outside: Readonly<Record<string, string>> = {
      conv1_conv: 'features.conv0',
      conv1_bn: 'features.norm0',
      bn: 'features.norm5',
      predictions: 'classifier',
      fc1000: 'classifier',
    };
    return Object.hasOwn(outside, name) ? outside[name] : undefined;
  },
  notes: [],
};

/** Numbers N of features.N whose weights have four axes. */
const convolutions = (wanted: Shapes): readonly number[] =>
  [...wanted]
    .flatMap(([name, dims]) => (dims.length === 4 ? (/^features\.(\d+)\.weight$/.exec(name)?.[1] ?? []) : []))
    .map(Number)
    .sort((a, b) => a - b);

const vggBlocks: Readonly<Record<number, readonly number[]>> = {
  8: [1, 1, 2, 2, 2],
  10: [2, 2, 2, 2, 2],
  13: [2, 2, 3, 3, 3],
  16: [2, 2, 4, 4, 4],
};

const vgg: KerasFamily = {
  ...plain,
  layer: (name, wanted) => {
    const head = { fc1: 'classifier.0', fc2: 'classifier.3', predictions: 'classifier.6' }[name];
    const found = /^block([1-5])_conv(\d)$/.exec(name);
    const places = convolutions(wanted);
    const blocks = vggBlocks[places.length];
    if (!found || !blocks) return head;
    const [block, index] = [Number(found[1]) - 1, Number(found[2]) - 1];
    if (index >= blocks[block]!) return undefined;
    const before = blocks.slice(0, block).reduce((sum, count) => sum + count, 0);
    return `features.${places[before + index]}`;
  },
  flattenedChannels: (layer, wanted) => {
    if (layer !== 'fc1') return undefined;
    return wanted.get(`features.${convolutions(wanted).at(-1)}.weight`)?.[0];
  },
  notes: ["Keras's VGG takes blue, green, red minus 103.939, 116.779, 123.68, values to 255."],
};

const samePadding =
  'Keras pads on the right and below alone where it halves: the same as here for sides of 32n + 1 pixels (225, not 224).';

const mobileNetV2: KerasFamily = {
  ...plain,
  epsilon: 1e-3,
  layer: (name) => {
    const outside: Readonly<Record<string, string>> = {
      Conv1: 'features.0.0',
      bn_Conv1: 'features.0.1',
      Conv1_bn: 'features.0.1',
      Conv_1: 'features.18.0',
      Conv_1_bn: 'features.18.1',
      predictions: 'classifier.1',
      Logits: 'classifier.1',
    };
    if (Object.hasOwn(outside, name)) return outside[name];
    const found = /^(?:expanded_conv|block_(\d+))_(\w+)$/.exec(name);
    if (!found) return undefined;
    const parts: Readonly<Record<string, string>> =
      found[1] === undefined
        ? { depthwise: '0.0', depthwise_BN: '0.1', project: '1', project_BN: '2' }
        : {
            expand: '0.0',
            expand_BN: '0.1',
            depthwise: '1.0',
            depthwise_BN: '1.1',
            project: '2',
            project_BN: '3',
          };
    const part = Object.hasOwn(parts, found[2]!) ? parts[found[2]!] : undefined;
    return part && `features.${Number(found[1] ?? 0) + 1}.conv.${part}`;
  },
  notes: [samePadding, "Keras's MobileNetV2 takes values from -1 to 1."],
};

const efficientNet: KerasFamily = {
  ...plain,
  epsilon: 1e-3,
  layer: (name, wanted) => {
    const outside: Readonly<Record<string, string>> = {
      stem_conv: 'features.0.0',
      stem_bn: 'features.0.1',
      top_conv: 'features.8.0',
      top_bn: 'features.8.1',
      predictions: 'classifier.1',
    };
    if (Object.hasOwn(outside, name)) return outside[name];
    const found = /^block([1-7])([a-z])_(\w+)$/.exec(name);
    if (!found) return undefined;
    const block = `features.${found[1]}.${found[2]!.charCodeAt(0) - 'a'.charCodeAt(0)}.block`;
    const first = wanted.has(`${block}.3.0.weight`) ? 1 : 0;
    const parts: Readonly<Record<string, string>> = {
      ...(first ? { expand_conv: '0.0', expand_bn: '0.1' } : {}),
      dwconv: `${first}.0`,
      bn: `${first}.1`,
      se_reduce: `${first + 1}.fc1`,
      se_expand: `${first + 1}.fc2`,
      project_conv: `${first + 2}.0`,
      project_bn: `${first + 2}.1`,
    };
    return Object.hasOwn(parts, found[3]!) ? `${block}.${parts[found[3]!]}` : undefined;
  },
  notes: [samePadding, "Keras's EfficientNet takes values from 0 to 255 and scales them itself."],
};

/** The family by a layer that only it has, on both sides. */
export function kerasFamily(layers: readonly string[], wanted: Shapes): KerasFamily {
  const has = (pattern: RegExp) => layers.some((name) => pattern.test(name));
  if (isSqueezenet(wanted)) return squeezenet;
  if (wanted.has('layer1.0.conv1.weight') && has(/^conv2_block1_/)) return resnet;
  if (wanted.has('features.denseblock1.denselayer1.conv1.weight')) return densenet;
  if (has(/^block1_conv1$/) && wanted.has('features.0.weight')) return vgg;
  if (has(/^block1a_dwconv$/)) return efficientNet;
  if (has(/^expanded_conv_depthwise$/)) return mobileNetV2;
  return plain;
}
