import { transpose } from '../../engine/graph/build.ts';
import { fusion } from '../../learning/networks/fusion.ts';
import { study } from '../../learning/networks/study.ts';
import type { InputDescription } from '../bundle/model-card.ts';
import type { ClinicalInput } from '../dataset/clinical-table.ts';
import type { ChosenNetwork } from './network-choice.node.ts';
import type { ClassificationSettings } from './settings.ts';

/** Width of the layer over clinical values. */
const TABLE_WIDTHS = [32];

/**
 * The network over all inputs of a sample: `chosen` itself for one image without clinical values; else a fusion whose
 * images go through `chosen`.
 */
export function jointNetwork(
  ofImage: ChosenNetwork,
  inputs: readonly InputDescription[],
  clinical: readonly ClinicalInput[] | undefined,
  settings: Pick<ClassificationSettings, 'fusion' | 'pooling'>,
): ChosenNetwork {
  const chosen = settings.pooling ? studyNetwork(ofImage, settings.pooling) : ofImage;
  if (inputs.length === 1 && !clinical) return chosen;
  const { blocks: _, ...rest } = chosen; // under other names here
  const { network, head } = chosen;
  const images = inputs.length === 1 ? 'early' : settings.fusion; // of one image both are the same
  const parts = [
    ...(inputs.length > 1 ? [`${images} fusion of ${inputs.length} images`] : []),
    ...(clinical ? ['clinical table'] : []),
  ];
  return {
    ...rest,
    name: [chosen.name, ...parts].join(', '),
    joint: fusion({
      images,
      backbones: [{ network, head }],
      ...(clinical ? { tableWidths: TABLE_WIDTHS } : {}),
    }),
    head: 'fc',
    heads: ['fc', 'fusion', 'table0'],
    within: {
      prefixes: (images === 'early' ? ['image.'] : inputs.map((_, k) => `image${k}.`)).map(
        (prefix) => prefix + (chosen.within?.prefixes[0] ?? ''),
      ),
      head: chosen.within?.head ?? head,
    },
  };
}

const poolings = { attention: 'attention', recurrent: 'gru', mean: 'mean', max: 'max' } as const;

/** A network of volumes whose slices go through `chosen` one by one. */
function studyNetwork(
  { network, head, blocks: _, ...chosen }: ChosenNetwork,
  pooling: keyof typeof poolings,
): ChosenNetwork {
  const ofStudy = study({ backbone: { network, head }, pooling: poolings[pooling] });
  return {
    ...chosen,
    name: `${chosen.name}, ${pooling} over slices`,
    describe: `${chosen.describe} It sees each slice of a volume; the slices' features are pooled (${pooling}).`,
    network: (context, x, { outputs }) => ofStudy(context, transpose(x, [0, 2, 1, 3, 4]), { outputs }),
    head: 'fc',
    heads: ['fc', 'pool'],
    within: { prefixes: ['backbone.'], head },
  };
}
