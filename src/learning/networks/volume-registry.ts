import { compactCnn } from './compact-cnn.ts';
import { networkOfRank } from './other-ranks.ts';
import type { NetworkEntry } from './registry.ts';

const entries: readonly NetworkEntry[] = [
  networkOfRank('resnet18-3d', 3),
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
