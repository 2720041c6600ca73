import { HounsfieldError } from '../../errors.ts';
import { inceptionTime } from './inception-time.ts';
import { recurrentClassifier } from './recurrent-classifier.ts';
import type { NetworkEntry } from './registry.ts';
import { resnet3d } from './resnet-3d.ts';

/** A network of signals [N, C, L] (rank 1) or volumes [N, C, D, H, W] (rank 3), by name as those of images. */
export interface RankedNetworkEntry extends NetworkEntry {
  /** Axes of space or time that its input has; defaultSize and minimumSize hold for each of them. */
  readonly spatialRank: 1 | 3;
}

const recurrent = (kind: 'lstm' | 'gru', describe: string, paper: string): RankedNetworkEntry => ({
  name: kind,
  spatialRank: 1,
  network: recurrentClassifier({ kind }),
  head: 'fc',
  defaultSize: 128,
  minimumSize: 1,
  describe,
  paper,
});

const entries: readonly RankedNetworkEntry[] = [
  recurrent(
    'lstm',
    'Two bidirectional LSTM layers of 64, for signals up to some hundred samples; PyTorch names.',
    'Hochreiter, Schmidhuber: Long short-term memory, Neural Computation 1997',
  ),
  recurrent(
    'gru',
    'Two bidirectional GRU layers of 64, for signals up to some hundred samples; PyTorch names.',
    'Cho, van Merriënboer, Gulcehre et al.: Learning phrase representations using RNN encoder-decoder, EMNLP 2014',
  ),
  {
    name: 'inception-time',
    spatialRank: 1,
    network: inceptionTime(),
    head: 'fc',
    defaultSize: 1000,
    minimumSize: 8,
    describe: 'Six inception modules of 1-D convolutions, 0.5 million parameters: signals of any length.',
    paper:
      'Ismail Fawaz, Lucas, Forestier et al.: InceptionTime: finding AlexNet for time series classification, ' +
      'Data Mining and Knowledge Discovery 2020',
  },
  {
    name: 'resnet18-3d',
    spatialRank: 3,
    network: resnet3d(),
    head: 'fc',
    defaultSize: 112,
    minimumSize: 8,
    describe: "ResNet-18 of 3-D convolutions, 33.4 million parameters, torchvision's names (video.r3d_18).",
    paper:
      'Tran, Wang, Torresani, Ray, LeCun, Paluri: A closer look at spatiotemporal convolutions for action recognition, CVPR 2018',
  },
];

/** Networks whose input is not an image, by name. */
export const networksOfOtherRanks: ReadonlyMap<string, RankedNetworkEntry> = new Map(
  entries.map((entry) => [entry.name, entry]),
);

/** The network of that name for signals (1) or volumes (3). @throws NETWORK_UNKNOWN */
export function networkOfRank(name: string, spatialRank: 1 | 3): RankedNetworkEntry {
  const entry = networksOfOtherRanks.get(name);
  if (entry?.spatialRank === spatialRank) return entry;
  const choice = entries.filter((other) => other.spatialRank === spatialRank).map((other) => other.name);
  const kind = spatialRank === 1 ? 'signals' : 'volumes';
  throw new HounsfieldError(
    'NETWORK_UNKNOWN',
    `there is no network '${name}' for ${kind}. Choose one of: ${choice.join(', ')}.`,
  );
}
