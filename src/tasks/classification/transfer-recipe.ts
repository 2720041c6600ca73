import type { ClassificationSettings, PhaseSettings } from './settings.ts';

/** Epochs without improvement after which the head is good enough to go on. */
const HEAD_PATIENCE = 10;

/**
 * What `--recipe transfer` sets where nothing else is asked for: first the new head alone on what the published network
 * makes of the images, computed once and without augmentation, so that an epoch costs next to nothing; then everything
 * at a tenth of the rate or less towards the input (Howard and Ruder, "Universal language model fine-tuning", ACL 2018,
 * sections 3.2 and 3.3; Kumar et al., "Fine-tuning can distort pretrained features", ICLR 2022: a head that fits comes
 * first), every class with the same say in the loss.
 *
 * @param given settings that the user names; `epochs` are those of each phase, `lr` the head's
 */
function transferRecipe(given: Given): Partial<ClassificationSettings> {
  const { epochs, lr } = basics(given);
  return { ...common(epochs, lr), phases: [headPhase(epochs, lr), allPhase(epochs, lr)] };
}

/**
 * What `--recipe gradual` sets: the head alone, then with the last block, the last two, the last four, at last everything
 * (the same paper, section 3.3: unfreezing from the last layer on keeps what the first have learned).
 */
function gradualRecipe(given: Given): Partial<ClassificationSettings> {
  const { epochs, lr } = basics(given);
  const share = Math.max(1, Math.round(epochs / 4));
  const opened = [1, 2, 4].map(
    (lastBlocks): PhaseSettings => ({
      name: `last ${lastBlocks}`,
      train: { lastBlocks },
      epochs: share,
      lr: lr / 15,
    }),
  );
  const phases = [headPhase(epochs, lr), ...opened, allPhase(share, lr)];
  return { ...common(epochs, lr), phases };
}

type Given = Readonly<Record<string, unknown>>;

/** Recipes by name: what they set where nothing else is asked for. */
export const recipes = { transfer: transferRecipe, gradual: gradualRecipe } as const;
export type RecipeName = keyof typeof recipes;

const basics = (given: Given) => ({
  epochs: typeof given['epochs'] === 'number' ? given['epochs'] : 20,
  lr: typeof given['lr'] === 'number' ? given['lr'] : 3e-3,
});

const headPhase = (epochs: number, lr: number): PhaseSettings => ({
  name: 'head',
  train: 'head',
  epochs,
  lr,
  augment: false,
  patience: HEAD_PATIENCE,
});

const allPhase = (epochs: number, lr: number): PhaseSettings => ({
  name: 'all',
  train: 'all',
  epochs,
  lr: lr / 15,
});

const common = (epochs: number, lr: number) =>
  ({
    epochs,
    lr,
    depthDecay: 0.8,
    normalise: 'weights',
    imbalance: 'weights',
    channels: 3,
  }) as const;
