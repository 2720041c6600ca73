import { HounsfieldError } from '../../errors.ts';
import type { Network } from '../layers/build-context.ts';
import { alexnet } from './alexnet.ts';
import { compactCnn } from './compact-cnn.ts';
import { densenet } from './densenet.ts';
import { efficientnetB0 } from './efficientnet.ts';
import { googlenet } from './googlenet.ts';
import { mobilenetV2 } from './mobilenet.ts';
import { resnet } from './resnet.ts';
import { smallCnn } from './small-cnn.ts';
import { squeezenet } from './squeezenet.ts';
import { vgg } from './vgg.ts';
import { visionTransformer } from './vision-transformer.ts';

/** A network that can be chosen by name. */
export interface NetworkEntry {
  readonly name: string;
  readonly network: Network;
  /** Name of the layer that gives the logits, as its parameters begin: 'fc', 'classifier.6'. */
  readonly head: string;
  /** Height and width in pixels that it was designed for. */
  readonly defaultSize: number;
  /** Smallest height and width that it takes; of fully convolutional ones, that leaves a whole place in the last map. */
  readonly minimumSize: number;
  readonly describe: string;
  readonly paper: string;
  /** The network to use instead for images smaller than half of defaultSize. */
  readonly smallVariant?: string;
}

const residual = 'He, Zhang, Ren, Sun: Deep residual learning for image recognition, CVPR 2016';

function resnets(depth: 18 | 34 | 50 | 101, parameters: string): readonly NetworkEntry[] {
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

/** Without and with batch normalisation. */
function vggs(depth: 11 | 13 | 16 | 19, parameters: string): readonly NetworkEntry[] {
  return [false, true].map((batchNormalized) => ({
    name: `vgg${depth}${batchNormalized ? '-bn' : ''}`,
    network: vgg({ depth, batchNormalized }),
    head: 'classifier.6',
    defaultSize: 224,
    minimumSize: 32,
    describe: `VGG-${depth}${batchNormalized ? ' with batch normalisation' : ''}, ${parameters} million parameters, torchvision's names.`,
    paper:
      'Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition, ICLR 2015' +
      (batchNormalized ? '; Ioffe, Szegedy: Batch normalization, ICML 2015' : ''),
  }));
}

function squeezenets(
  version: '1.0' | '1.1',
  minimumSize: number,
  parameters: string,
): readonly NetworkEntry[] {
  return [
    {
      name: `squeezenet-${version}`,
      network: squeezenet({ version }),
      head: 'classifier.1',
      defaultSize: 224,
      minimumSize,
      describe: `SqueezeNet ${version}, ${parameters} million parameters, torchvision's names: the smallest of the pretrained.`,
      paper:
        'Iandola et al.: SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5 MB model size, arXiv:1602.07360, 2016',
    },
  ];
}

const entries: readonly NetworkEntry[] = [
  ...resnets(18, '11.7'),
  ...resnets(34, '21.8'),
  ...resnets(50, '25.6'),
  ...resnets(101, '44.5'),
  {
    name: 'alexnet',
    network: alexnet(),
    head: 'classifier.6',
    defaultSize: 224,
    minimumSize: 63,
    describe: "AlexNet, 61.1 million parameters, torchvision's names: old, large and quick.",
    paper:
      'Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks, NeurIPS 2012; ' +
      'Krizhevsky: One weird trick for parallelizing convolutional neural networks, arXiv:1404.5997, 2014',
  },
  ...vggs(11, '132.9'),
  ...vggs(13, '133.0'),
  ...vggs(16, '138.4'),
  ...vggs(19, '143.7'),
  {
    name: 'googlenet',
    network: googlenet(),
    head: 'fc',
    defaultSize: 224,
    minimumSize: 15,
    describe:
      "GoogLeNet with batch normalisation, 6.6 million parameters (13.0 with the side branches that it has while trained), torchvision's names.",
    paper: 'Szegedy et al.: Going deeper with convolutions, CVPR 2015',
  },
  {
    name: 'densenet121',
    network: densenet({ depth: 121 }),
    head: 'classifier',
    defaultSize: 224,
    minimumSize: 29,
    describe: "DenseNet-121, 8.0 million parameters, torchvision's names: much used on chest radiographs.",
    paper: 'Huang, Liu, van der Maaten, Weinberger: Densely connected convolutional networks, CVPR 2017',
  },
  ...squeezenets('1.0', 21, '1.25'),
  ...squeezenets('1.1', 17, '1.24'),
  {
    name: 'mobilenet-v2',
    network: mobilenetV2(),
    head: 'classifier.1',
    defaultSize: 224,
    minimumSize: 32,
    describe: "MobileNetV2, 3.5 million parameters, torchvision's names: small, for phones and browsers.",
    paper:
      'Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2: inverted residuals and linear bottlenecks, CVPR 2018',
  },
  {
    name: 'efficientnet-b0',
    network: efficientnetB0(),
    head: 'classifier.1',
    defaultSize: 224,
    minimumSize: 32,
    describe: "EfficientNet-B0, 5.3 million parameters, torchvision's names: accurate for its size.",
    paper: 'Tan, Le: EfficientNet: rethinking model scaling for convolutional neural networks, ICML 2019',
  },
  {
    name: 'vit-s16',
    network: visionTransformer(),
    head: 'head',
    defaultSize: 224,
    minimumSize: 16,
    describe:
      "Vision Transformer ViT-S/16, 22.1 million parameters, timm's names; image sides are multiples of 16.",
    paper:
      'Dosovitskiy et al.: An image is worth 16x16 words, ICLR 2021; ' +
      'Touvron et al.: Training data-efficient image transformers, ICML 2021',
  },
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

/** A name as its peers may spell it: squeezenet1_0, mobilenet_v2, vgg16_bn. */
const plain = (name: string): string => name.toLowerCase().replace(/[-_.]/g, '');

const spellings: ReadonlyMap<string, NetworkEntry> = new Map([
  ...entries.map((entry) => [plain(entry.name), entry] as const),
  [plain('vit_small_patch16_224'), networks.get('vit-s16')!], // among the entries
]);

/** The network of that name, or of its spelling in torchvision or timm. @throws NETWORK_UNKNOWN */
export function networkNamed(name: string): NetworkEntry {
  const entry = networks.get(name) ?? spellings.get(plain(name));
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
