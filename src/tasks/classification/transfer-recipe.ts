import type { ClassificationSettings, PhaseSettings } from './settings.ts';

/** Share of the epochs in which the head alone is trained. */
const HEAD_SHARE = 0.3;

/**
 * What `--recipe transfer` sets where nothing else is asked for: first the new head alone on what the published network
 * makes of the images (computed once, without augmentation), then everything at a lower rate that falls towards the
 * input (Howard and Ruder, "Universal language model fine-tuning", ACL 2018, sections 3.2 and 3.3), every class with the
 * same say in the loss.
 *
 * @param given settings that the user names
 */
export function transferRecipe(given: Readonly<Record<string, unknown>>): Partial<ClassificationSettings> {
  const epochs = typeof given['epochs'] === 'number' ? given['epochs'] : 20;
  const headEpochs = Math.max(1, Math.round(epochs * HEAD_SHARE));
  const lr = typeof given['lr'] === 'number' ? given['lr'] : 1e-3;
  const head: PhaseSettings = { name: 'head', train: 'head', epochs: headEpochs, lr, augment: false };
  const all: PhaseSettings = {
    name: 'all',
    train: 'all',
    epochs: Math.max(1, epochs - headEpochs),
    lr: lr / 3,
  };
  return {
    epochs,
    lr,
    phases: epochs > 1 ? [head, all] : [head],
    depthDecay: 0.8,
    normalise: 'weights',
    imbalance: 'weights',
    channels: 3,
  };
}
