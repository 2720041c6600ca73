import type { Shapes } from './candidate.ts';

/** Fire modules as torchvision counts them: features.N, in order. */
function fireModules(wanted: Shapes): readonly string[] {
  const found = [...wanted.keys()].flatMap(
    (name) => /^features\.(\d+)\.squeeze\.weight$/.exec(name)?.[1] ?? [],
  );
  return found
    .map(Number)
    .sort((a, b) => a - b)
    .map(String);
}

export const isSqueezenet = (wanted: Shapes): boolean => fireModules(wanted).length > 0;

const parts: Readonly<Record<string, string>> = {
  squeeze1x1: 'squeeze',
  expand1x1: 'expand1x1',
  expand3x3: 'expand3x3',
  // as the deep-compression release numbers them
  conv1x1_1: 'squeeze',
  conv1x1_2: 'expand1x1',
  conv3x3_2: 'expand3x3',
};

/** torchvision's layer for one of Caffe's or Keras's SqueezeNet: fire2/squeeze1x1, conv10. */
export function squeezenetLayer(layer: string, wanted: Shapes): string | undefined {
  if (layer === 'conv1') return 'features.0';
  if (layer === 'conv10' || layer === 'conv_final') return 'classifier.1';
  const found = /^fire(\d+)[/_](\w+)$/.exec(layer);
  const module = fireModules(wanted)[Number(found?.[1]) - 2];
  const part = parts[found?.[2] ?? ''];
  return module === undefined || part === undefined ? undefined : `features.${module}.${part}`;
}
