/**
 * What may be done to a training image, as plain JSON. Absent or zero: not done. Ranges are symmetric about no change.
 * Flips default to off: a mirrored thorax has its heart on the wrong side.
 */
export interface AugmentationRecipe {
  /** Largest rotation, degrees, each way. */
  readonly rotateDegrees?: number;
  /** Largest relative change of size: 0.1 zooms by 0.9..1.1. */
  readonly scale?: number;
  /** Largest shift as a fraction of the side. */
  readonly shift?: number;
  /** Probability of mirroring left-right. */
  readonly flipHorizontal?: number;
  /** Probability of mirroring top-bottom. */
  readonly flipVertical?: number;
  /** Random crop: a window of area 1-crop..1 of the image, at a random place, stretched to the full size; 0..0.9. */
  readonly crop?: number;
  /** Elastic deformation: standard deviation of the displacement, as a fraction of the side, e.g. 0.02. */
  readonly elastic?: number;
  /** Brightness factor 1-b..1+b, about the image's lowest value. */
  readonly brightness?: number;
  /** Contrast factor 1-c..1+c, about the image's mean. */
  readonly contrast?: number;
  /** Gamma exponent exp(-g)..exp(g). */
  readonly gamma?: number;
  /** Largest standard deviation of added normal noise, as a fraction of the image's own range. */
  readonly noise?: number;
  /** Largest standard deviation of Gaussian blur, pixels. */
  readonly blur?: number;
  /** Side of a square set to the mean, as a fraction of the image's side (DeVries and Taylor, 2017). */
  readonly cutout?: number;
  /** Beta(mixup, mixup) mixing of pairs (Zhang et al., ICLR 2018); works on the batch, see mixup.ts. */
  readonly mixup?: number;
  /** What is seen beyond the image's edge: its mirror image (default), or the image's lowest value. */
  readonly border?: 'reflect' | 'lowest';
}

/** Allowed values of each number in a recipe. */
export const RECIPE_LIMITS: Readonly<
  Record<Exclude<keyof AugmentationRecipe, 'border'>, readonly [number, number]>
> = {
  rotateDegrees: [0, 180],
  scale: [0, 0.9],
  shift: [0, 1],
  flipHorizontal: [0, 1],
  flipVertical: [0, 1],
  crop: [0, 0.9],
  elastic: [0, 0.2],
  brightness: [0, 1],
  contrast: [0, 1],
  gamma: [0, 2],
  noise: [0, 1],
  blur: [0, 50],
  cutout: [0, 1],
  mixup: [0, 10],
};

/** All that is wrong with a recipe, one sentence each; empty when it is right. */
export function recipeFaults(recipe: Readonly<Record<string, unknown>>): readonly string[] {
  const faults: string[] = [];
  for (const [name, value] of Object.entries(recipe)) {
    if (name === 'border') {
      if (value !== 'reflect' && value !== 'lowest')
        faults.push(`border is '${String(value)}', not reflect or lowest`);
    } else if (!Object.hasOwn(RECIPE_LIMITS, name)) {
      faults.push(`'${name}' is not known (known: ${Object.keys(RECIPE_LIMITS).join(', ')}, border)`);
    } else {
      const [low, high] = RECIPE_LIMITS[name as keyof typeof RECIPE_LIMITS]; // hasOwn above
      if (typeof value !== 'number' || !(value >= low && value <= high)) {
        faults.push(`${name} is ${String(value)}, outside ${low}..${high}`);
      }
    }
  }
  return faults;
}
