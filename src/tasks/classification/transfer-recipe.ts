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
export function transferRecipe(given: Readonly<Record<string, unknown>>): Partial<ClassificationSettings> {
  const epochs = typeof given['epochs'] === 'number' ? given['epochs'] : 20;
  const lr = typeof given['lr'] === 'number' ? given['lr'] : 3e-3;
  const head: PhaseSettings = {
    name: 'head',
    train: 'head',
    epochs,
    lr,
    augment: false,
    patience: HEAD_PATIENCE,
  };
  const all: PhaseSettings = { name: 'all', train: 'all', epochs, lr: lr / 15 };
  return {
    epochs,
    lr,
    phases: [head, all],
    depthDecay: 0.8,
    normalise: 'weights',
    imbalance: 'weights',
    channels: 3,
  };
}
