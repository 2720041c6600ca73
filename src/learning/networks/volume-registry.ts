import { compactCnn } from './compact-cnn.ts';
import type { NetworkEntry } from './registry.ts';
import { resnet3d } from './resnet-3d.ts';

const entries: readonly NetworkEntry[] = [
  {
    name: 'resnet3d-18',
    network: resnet3d(),
    head: 'fc',
    defaultSize: 112,
    minimumSize: 16,
    describe: "ResNet-18 of 3-D convolutions, 33 million parameters, the names of torchvision's r3d_18.",
    paper:
      'Tran, Wang, Torresani, Ray, LeCun, Paluri: A closer look at spatiotemporal convolutions for action recognition, CVPR 2018',
  },
  {
    name: 'compact-cnn-3d',
    network: compactCnn(),
    head: 'fc',
    defaultSize: 32,
    minimumSize: 16,
    describe:
      'Four stages of 3-D convolution, normalisation and pooling: small, for first trials on volumes.',
    paper:
      'Simonyan, Zisserman: Very deep convolutional networks, ICLR 2015; Ioffe, Szegedy: Batch normalization',
  },
];

/** Networks of volumes [N, C, D, H, W] by name; sizes are of depth, height and width alike. */
export const volumeNetworks: ReadonlyMap<string, NetworkEntry> = new Map(
  entries.map((entry) => [entry.name, entry]),
);
