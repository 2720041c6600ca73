import { HounsfieldError } from '../../errors.ts';
import type { Network } from '../layers/build-context.ts';
import { compactCnn } from './compact-cnn.ts';
import { resnet } from './resnet.ts';
import { smallCnn } from './small-cnn.ts';

/** A network that can be chosen by name. */
export interface NetworkEntry {
  readonly name: string;
  readonly network: Network;
  /** Name of the layer that gives the logits, as its parameters begin: 'fc', 'classifier.6'. */
  readonly head: string;
  /** Height and width in pixels that it was designed for. */
  readonly defaultSize: number;
  /** Smallest height and width that it takes. */
  readonly minimumSize: number;
  readonly describe: string;
  readonly paper: string;
  /** The network to use instead for images smaller than half of defaultSize. */
  readonly smallVariant?: string;
}

const residual = 'He, Zhang, Ren, Sun: Deep residual learning for image recognition, CVPR 2016';

function resnets(depth: 18 | 34 | 50, parameters: string): readonly NetworkEntry[] {
  const name = `resnet${depth}`;
  return [
    {
      name,
      network: resnet({ depth }),
      head: 'fc',
      defaultSize: 224,
      minimumSize: 32,
      describe: `ResNet-${depth}, ${parameters} million parameters, torchvision's names.`,
      paper: residual,
      smallVariant: `${name}-small`,
    },
    {
      name: `${name}-small`,
      network: resnet({ depth, stem: 'small' }),
      head: 'fc',
      defaultSize: 28,
      minimumSize: 8,
      describe: `ResNet-${depth} with a 3x3 stem and no pooling, for images up to about 64 pixels.`,
      paper: residual,
    },
  ];
}

const entries: readonly NetworkEntry[] = [
  ...resnets(18, '11.7'),
  ...resnets(34, '21.8'),
  ...resnets(50, '25.6'),
  {
    name: 'compact-cnn',
    network: compactCnn(),
    head: 'fc',
    defaultSize: 128,
    minimumSize: 16,
    describe:
      'Four convolutions and the mean over space, 0.1 million parameters: trains in a minute on a processor.',
    paper:
      'Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015; ' +
      'Ioffe, Szegedy: Batch normalization, ICML 2015',
  },
  {
    name: 'small-cnn',
    network: smallCnn(),
    head: 'fc2',
    defaultSize: 28,
    minimumSize: 4,
    describe: 'Two convolutions and two dense layers: trains in seconds, for small images and first trials.',
    paper:
      'LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, Proc. IEEE 1998',
  },
];

/** Every network, by name. */
export const networks: ReadonlyMap<string, NetworkEntry> = new Map(
  entries.map((entry) => [entry.name, entry]),
);

/** The network of that name. @throws NETWORK_UNKNOWN */
export function networkNamed(name: string): NetworkEntry {
  const entry = networks.get(name);
  if (entry) return entry;
  throw new HounsfieldError(
    'NETWORK_UNKNOWN',
    `there is no network '${name}'. Choose one of: ${[...networks.keys()].join(', ')}.`,
  );
}

/**
 * The network of that name as it suits images of this size: for small images, its variant with a 3x3 stem.
 *
 * @param size the shorter of height and width, in pixels
 * @throws NETWORK_UNKNOWN, NETWORK_INPUT when the image is smaller than the network can take
 */
export function networkForSize(name: string, size: number): NetworkEntry {
  const named = networkNamed(name);
  const small = named.smallVariant !== undefined && size < named.defaultSize / 2;
  const entry = small ? networkNamed(named.smallVariant) : named;
  if (size >= entry.minimumSize) return entry;
  throw new HounsfieldError(
    'NETWORK_INPUT',
    `'${entry.name}' takes images of at least ${entry.minimumSize} pixels a side, and was given ${size}. ` +
      'Enlarge the images, or choose a smaller network such as small-cnn.',
  );
}
