import path from 'node:path';
import type { Graph } from '../../engine/graph/graph.ts';
import { openModel } from '../../engine/graph/open-model.node.ts';
import { HounsfieldError } from '../../errors.ts';
import type { MultiInputNetwork } from '../../learning/networks/fusion.ts';
import { type ImportedNetwork, importedNetwork } from '../../learning/networks/imported-network.ts';
import {
  type NetworkEntry,
  networkForSize,
  networkNamed,
  networks,
} from '../../learning/networks/registry.ts';
import { volumeNetworks } from '../../learning/networks/volume-registry.ts';
import type { Block } from '../../learning/training/blocks.ts';
import { openTfjsModel } from '../../learning/weights/tfjs/open-tfjs-model.node.ts';
import type { ClassificationSettings } from './settings.ts';

/** Names of the registered networks. */
export const networkNames: readonly string[] = [...networks.keys(), ...volumeNetworks.keys()];

/** The network of a run: a registered one, or a file's. */
export interface ChosenNetwork extends NetworkEntry {
  /** Where a file says better than names which parameters belong together; its head is not among them. */
  readonly blocks?: readonly Block[];
  readonly imported?: ImportedNetwork;
  /** Whether it takes volumes, [N, C, D, H, W]. */
  readonly volumes?: boolean;
  /** Over all inputs of a sample, where there are several. */
  readonly joint?: MultiInputNetwork;
  /** All layers that are drawn anew for other labels and inputs; `head` alone where left out. */
  readonly heads?: readonly string[];
  /** Where in the joint network the named one lies, once or more often, and its own last layer. */
  readonly within?: { readonly prefixes: readonly string[]; readonly head: string };
}

/** Whether a setting names a file rather than a registered network: ONNX, or TensorFlow.js's model.json. */
const isFile = (name: string): boolean => /\.(onnx|json)$/i.test(name);

const openFile = (file: string): Graph =>
  /\.json$/i.test(file) ? openTfjsModel(file, { layout: 'channels-first' }) : openModel(file);

/**
 * The network that the settings name, before the size of the images is known.
 *
 * @throws NETWORK_UNKNOWN; for a file MODEL_UNREADABLE, ONNX_FILE, and what openTfjsModel and
 *   importedNetwork throw
 */
export function chooseNetwork(settings: ClassificationSettings): ChosenNetwork {
  const ofVolumes = volumeNetworks.get(settings.network);
  if (ofVolumes && settings.pooling === undefined) return { ...ofVolumes, volumes: true };
  if (ofVolumes) {
    throw new HounsfieldError(
      'SETTINGS_INVALID',
      `pooling is '${settings.pooling}' and ${settings.network} takes whole volumes. Pool the slices of a 2-D network, or leave pooling out.`,
    );
  }
  if (!isFile(settings.network)) return networkNamed(settings.network);
  const imported = importedNetwork(openFile(settings.network), {
    batchNorm: settings.batchNorm,
    ...(settings.headNode ? { headNode: settings.headNode } : {}),
  });
  const { network, describe, head, input, blocks } = imported;
  const side = Math.min(input.height ?? 224, input.width ?? 224);
  return {
    name: path.parse(settings.network).name,
    network,
    head,
    defaultSize: side,
    minimumSize: input.height === undefined ? 1 : side,
    describe,
    paper: '',
    blocks: blocks.map((parameters, i) => ({ name: `${i + 1}: ${parameters[0] ?? ''}`, parameters })),
    imported,
  };
}

/**
 * The network as it suits images of this size. Weights are of one variant: with them there is no other for small images.
 *
 * @param size the shorter of height and width, in pixels
 * @throws NETWORK_INPUT
 */
export function fitNetwork(
  chosen: ChosenNetwork,
  size: number,
  { weights, network }: Pick<ClassificationSettings, 'weights' | 'network'>,
): ChosenNetwork {
  if (chosen.volumes && size < chosen.minimumSize) {
    throw new HounsfieldError(
      'NETWORK_INPUT',
      `${chosen.name} takes volumes of ${chosen.minimumSize} voxels a side or more, ${size} were given. Raise --size and --depth, or use --pooling.`,
    );
  }
  if (chosen.imported || chosen.volumes || weights !== undefined) return chosen;
  return networkForSize(network, size);
}
