import { HounsfieldError } from '../../errors.ts';
import type { AugmentationRecipe } from '../../imaging/augmentation/recipe.ts';

/** Another look at the same image. Lengths are fractions of the image's sides; a window may lie partly beyond them. */
export type View =
  | { readonly kind: 'flip-horizontal' | 'flip-vertical' | 'rotate-90' | 'rotate-180' | 'rotate-270' }
  | {
      readonly kind: 'window';
      readonly top: number;
      readonly left: number;
      readonly height: number;
      readonly width: number;
    }
  | { readonly kind: 'brightness' | 'contrast'; readonly factor: number };

const flips: readonly View[] = [
  { kind: 'flip-horizontal' },
  { kind: 'flip-vertical' },
  { kind: 'rotate-180' }, // both flips
];
const rotations: readonly View[] = [{ kind: 'rotate-90' }, { kind: 'rotate-180' }, { kind: 'rotate-270' }];

const shifts = (by: number): readonly View[] =>
  [
    [0, -by],
    [0, by],
    [-by, 0],
    [by, 0],
  ].map(([top, left]) => ({ kind: 'window', top: top!, left: left!, height: 1, width: 1 }));

const zoomed = (factor: number): View => {
  const side = 1 / factor;
  const start = (1 - side) / 2;
  return { kind: 'window', top: start, left: start, height: side, width: side };
};

/** The four corners and the middle. */
function crops(area: number): readonly View[] {
  const side = Math.sqrt(1 - area);
  const end = 1 - side;
  const places = [
    [0, 0],
    [0, end],
    [end, 0],
    [end, end],
    [end / 2, end / 2],
  ] as const;
  return places.map(([top, left]) => ({ kind: 'window', top, left, height: side, width: side }));
}

/** Views by name, and the largest amount of those that take one. */
const plain: Readonly<Record<string, readonly View[]>> = {
  flip: [{ kind: 'flip-horizontal' }],
  flips,
  rotations,
  shifts: shifts(0.05),
  ...Object.fromEntries([...flips, ...rotations].map((view) => [view.kind, [view]])),
};
const measured: Readonly<
  Record<string, { readonly most: number; readonly views: (by: number) => readonly View[] }>
> = {
  shift: { most: 0.5, views: shifts },
  scale: { most: 0.5, views: (by) => [zoomed(1 - by), zoomed(1 + by)] },
  crop: { most: 0.9, views: crops },
  brightness: {
    most: 1,
    views: (by) => [1 - by, 1 + by].map((factor) => ({ kind: 'brightness', factor })),
  },
  contrast: { most: 1, views: (by) => [1 - by, 1 + by].map((factor) => ({ kind: 'contrast', factor })) },
};

/** A view's name in a card. */
export function viewName(view: View): string {
  const percent = (part: number) => `${Number((100 * part).toPrecision(3))} %`;
  if (view.kind === 'window') {
    const { top, left, height, width } = view;
    return `window ${percent(height)} × ${percent(width)} from ${percent(top)}, ${percent(left)}`;
  }
  return 'factor' in view ? `${view.kind} × ${Number(view.factor.toPrecision(3))}` : view.kind;
}

/**
 * The views that a text asks for, besides the image itself: 'none'; 'auto', those that the model was trained with;
 * or names joined by commas, presets ('flip', 'flips', 'rotations', 'shifts'), single views ('rotate-90') and amounts
 * ('shift=0.05', 'scale=0.1', 'crop=0.2', 'brightness=0.1', 'contrast=0.1').
 *
 * @param recipe with which the model was trained; undefined where its card does not say
 * @throws TTA_VIEW for what is not known, TTA_NOT_TRAINED for 'auto', brightness and contrast beyond the training recipe
 */
export function viewsOf(text: string, recipe: AugmentationRecipe | undefined): readonly View[] {
  if (text === 'none') return [];
  if (text === 'auto') return trainedViews(recipe);
  const views = new Map<string, View>();
  for (const word of text.split(',')) {
    for (const view of viewsNamed(word.trim(), recipe)) views.set(JSON.stringify(view), view);
  }
  return [...views.values()];
}

function viewsNamed(word: string, recipe: AugmentationRecipe | undefined): readonly View[] {
  const [name = '', amount] = word.split('=');
  if (amount === undefined && Object.hasOwn(plain, name)) return plain[name]!;
  const rule = Object.hasOwn(measured, name) ? measured[name]! : undefined;
  const by = amount === undefined || amount.trim() === '' ? Number.NaN : Number(amount);
  if (!rule || !(by > 0 && by <= rule.most)) {
    const limits = Object.entries(measured).map(([known, { most }]) => `${known}=0..${most}`);
    throw new HounsfieldError(
      'TTA_VIEW',
      `'${word}' is no view of an image. There are: none, auto, ${Object.keys(plain).join(', ')}, ${limits.join(', ')}; ` +
        'join several by commas.',
    );
  }
  if (name === 'brightness' || name === 'contrast') requireTrained(name, by, recipe);
  return rule.views(by);
}

function requireTrained(name: 'brightness' | 'contrast', by: number, recipe: AugmentationRecipe | undefined) {
  const trained = recipe?.[name] ?? 0;
  if (by <= trained) return;
  throw new HounsfieldError(
    'TTA_NOT_TRAINED',
    `${name}=${by} is asked for, and the model was trained with ${recipe ? trained || 'none' : 'nobody knows which'}: ` +
      'its card says so. Ask for no more than that, or train with augmentation of it.',
  );
}

/** What training did, at half of its largest amount; right angles and flips where it did them at all. */
function trainedViews(recipe: AugmentationRecipe | undefined): readonly View[] {
  if (!recipe) {
    throw new HounsfieldError(
      'TTA_NOT_TRAINED',
      "the model's card does not say how its training images were augmented, so auto has nothing to go by. " +
        'Name the views, for example shift=0.05.',
    );
  }
  const { rotateDegrees = 0, flipHorizontal, flipVertical } = recipe;
  const views: View[] = [];
  if (flipHorizontal) views.push({ kind: 'flip-horizontal' });
  if (flipVertical) views.push({ kind: 'flip-vertical' });
  if (rotateDegrees >= 90) views.push({ kind: 'rotate-90' }, { kind: 'rotate-270' });
  if (rotateDegrees >= 180 || (flipHorizontal && flipVertical)) views.push({ kind: 'rotate-180' });
  for (const [name, { views: make }] of Object.entries(measured)) {
    const most = recipe[name as 'shift' | 'scale' | 'crop' | 'brightness' | 'contrast'] ?? 0; // measured has these names
    if (most > 0) views.push(...make(Math.min(most, measured[name]!.most) / 2));
  }
  return views;
}
