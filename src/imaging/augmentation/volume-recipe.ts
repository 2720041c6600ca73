import type { Vector3 } from '../geometry/geometry.ts';

/** How often something is done, 0..1; always where absent. */
interface Sometimes {
  readonly probability?: number;
}

/** Lowest and highest value that may be drawn. */
export type Span = readonly [low: number, high: number];

/**
 * What may be done to a training volume, as plain JSON. Absent: not done. Lengths are mm along the array's axes; one
 * number stands for all three. The order of doing is the order here.
 */
export interface VolumeRecipe {
  readonly affine?: Sometimes & {
    /** Largest angle about x, y, z, each way. */
    readonly rotateDegrees?: Vector3 | number;
    /** Largest relative change of size: 0.1 scales by 0.9..1.1. One number: the same for all axes. */
    readonly scale?: Vector3 | number;
    /** Largest shear, each way. */
    readonly shear?: Vector3 | number;
    readonly translateMm?: Vector3 | number;
  };
  readonly elastic?: Sometimes & {
    /** Largest displacement of a control point; kept to 0.4 of their distance, so that nothing folds. */
    readonly displacementMm?: Vector3 | number;
    /** Control points along each axis, the outer two at each end at rest; default 7. */
    readonly points?: number;
  };
  /**
   * Probabilities of mirroring each axis. Off by default: a mirrored thorax has its heart on the right, and left and
   * right labels change their meaning.
   */
  readonly mirror?: { readonly x?: number; readonly y?: number; readonly z?: number };
  /** A window at a random place; voxels along x, y, z. */
  readonly crop?: { readonly size: Vector3 };
  /** What comes in from outside: the image's lowest value (default), or its mirror image. */
  readonly border?: 'fill' | 'reflect';
  /** Names of the images whose values may change; all where absent. Contents move in all. */
  readonly images?: readonly string[];
  /** Thick slices: one of the axes, `factor` times coarser. */
  readonly anisotropy?: Sometimes & { readonly factor?: Span; readonly axes?: string };
  /** All axes coarser. */
  readonly lowResolution?: Sometimes & { readonly factor?: Span };
  /** Standard deviation along each axis, drawn apart. */
  readonly blur?: Sometimes & { readonly sigmaMm?: Span };
  /** Largest coefficient of a polynomial of order 3, each way. */
  readonly biasField?: Sometimes & { readonly coefficient?: number };
  readonly motion?: Sometimes & {
    readonly rotateDegrees?: number;
    readonly translateMm?: number;
    readonly moves?: number;
    readonly axes?: string;
  };
  readonly ghosting?: Sometimes & {
    readonly ghosts?: Span;
    readonly strength?: Span;
    readonly axes?: string;
  };
  readonly spike?: Sometimes & { readonly count?: number; readonly strength?: Span };
  /** Standard deviation as a part of the image's own. */
  readonly noise?: Sometimes & { readonly fraction?: Span; readonly kind?: 'gaussian' | 'rician' };
  /** Shift by up to `brightness` of the standard deviation, contrast 1 - c..1 + c about the mean. */
  readonly contrast?: Sometimes & { readonly brightness?: number; readonly contrast?: number };
  /** Exponent e^-g..e^g between the image's lowest and highest value. */
  readonly gamma?: Sometimes & { readonly logExponent?: number };
  /** Boxes of random sides up to a part of the image's, set to the mean. */
  readonly cutOut?: Sometimes & { readonly boxes?: number; readonly side?: number };
}

/** How a number of a recipe is written: one amount, an amount for all or each axis, a whole number, or a span. */
interface Limits {
  readonly as: 'amount' | 'vector' | 'whole' | 'span';
  readonly low: number;
  readonly high: number;
  readonly fallback: number | Span;
}

type Choice = readonly string[] | 'axes';

const amount = (low: number, high: number, fallback: number): Limits => ({
  as: 'amount',
  low,
  high,
  fallback,
});
const vector = (high: number, fallback: number): Limits => ({ as: 'vector', low: 0, high, fallback });
const whole = (low: number, high: number, fallback: number): Limits => ({ as: 'whole', low, high, fallback });
const span = (low: number, high: number, fallback: Span): Limits => ({ as: 'span', low, high, fallback });
const probability = amount(0, 1, 1);

/** Every field of every entry of a recipe: what may be written there, and what is taken where it is absent. */
export const VOLUME_RECIPE_LIMITS = {
  affine: {
    probability,
    rotateDegrees: vector(180, 0),
    scale: vector(0.9, 0),
    shear: vector(1, 0),
    translateMm: vector(1000, 0),
  },
  elastic: { probability, displacementMm: vector(1000, 5), points: whole(5, 32, 7) },
  mirror: { x: amount(0, 1, 0), y: amount(0, 1, 0), z: amount(0, 1, 0) },
  anisotropy: { probability, factor: span(1, 50, [1.5, 4]), axes: 'axes' },
  lowResolution: { probability, factor: span(1, 50, [1, 2]) },
  blur: { probability, sigmaMm: span(0, 100, [0, 1.5]) },
  biasField: { probability, coefficient: amount(0, 5, 0.3) },
  motion: {
    probability,
    rotateDegrees: amount(0, 90, 5),
    translateMm: amount(0, 200, 5),
    moves: whole(1, 16, 2),
    axes: 'axes',
  },
  ghosting: { probability, ghosts: span(2, 1000, [4, 10]), strength: span(0, 2, [0.3, 0.8]), axes: 'axes' },
  spike: { probability, count: whole(1, 32, 1), strength: span(-10, 10, [0.05, 0.3]) },
  noise: { probability, fraction: span(0, 10, [0, 0.15]), kind: ['gaussian', 'rician'] },
  contrast: { probability, brightness: amount(0, 10, 0), contrast: amount(0, 0.99, 0.25) },
  gamma: { probability, logExponent: amount(0, 2, 0.3) },
  cutOut: { probability, boxes: whole(1, 64, 1), side: amount(0, 1, 0.25) },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Limits | Choice>>>>;

export type VolumeEntry = keyof typeof VOLUME_RECIPE_LIMITS;

/** All that is wrong with a recipe, one sentence each; empty when it is right. */
export function volumeRecipeFaults(recipe: Readonly<Record<string, unknown>>): readonly string[] {
  const faults: string[] = [];
  for (const [name, entry] of Object.entries(recipe)) {
    if (name === 'border') {
      if (entry !== 'fill' && entry !== 'reflect')
        faults.push(`border is ${shown(entry)}, not fill or reflect`);
    } else if (name === 'images') {
      const right = Array.isArray(entry) && entry.every((image) => typeof image === 'string');
      if (!right) faults.push(`images is ${shown(entry)}, expected a list of names`);
    } else if (name === 'crop') faults.push(...cropFaults(entry));
    else if (!Object.hasOwn(VOLUME_RECIPE_LIMITS, name)) {
      const known = [...Object.keys(VOLUME_RECIPE_LIMITS), 'crop', 'border', 'images'].join(', ');
      faults.push(`'${name.slice(0, 40)}' is not known (known: ${known})`);
    } else faults.push(...entryFaults(name as VolumeEntry, entry)); // hasOwn above
  }
  return faults;
}

function cropFaults(entry: unknown): readonly string[] {
  const size = (entry as { readonly size?: unknown } | null)?.size; // checked here
  const right =
    Array.isArray(size) && size.length === 3 && size.every((side) => Number.isInteger(side) && side >= 1);
  const others = right ? Object.keys(entry as object).filter((key) => key !== 'size') : []; // has a size
  return [
    ...(right ? [] : ['crop.size is no list of three whole numbers of at least 1']),
    ...others.map((key) => `crop.${key.slice(0, 40)} is not known (known: size)`),
  ];
}

function entryFaults(name: VolumeEntry, entry: unknown): readonly string[] {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return [`${name} is ${shown(entry)}, expected an object such as {"probability": 0.5}`];
  }
  const fields: Readonly<Record<string, Limits | Choice>> = VOLUME_RECIPE_LIMITS[name];
  return Object.entries(entry).flatMap(([field, value]) => {
    const limits = Object.hasOwn(fields, field) ? fields[field] : undefined;
    const place = `${name}.${field.slice(0, 40)}`;
    if (limits === undefined) return [`${place} is not known (known: ${Object.keys(fields).join(', ')})`];
    if (limits === 'axes') {
      return typeof value === 'string' && /^(?=.)x?y?z?$/.test(value)
        ? []
        : [`${place} is ${shown(value)}, expected some of xyz in this order`];
    }
    if ('as' in limits) return limitFaults(place, value, limits);
    return limits.includes(value as string)
      ? []
      : [`${place} is ${shown(value)}, not one of ${limits.join(', ')}`];
  });
}

function limitFaults(place: string, value: unknown, { as, low, high }: Limits): readonly string[] {
  const inside = (item: unknown) => typeof item === 'number' && item >= low && item <= high;
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const outside = `outside ${low}..${high}`;
  if (as === 'span') {
    const right = list.length === 2 && list.every(inside) && (list[0] as number) <= (list[1] as number);
    return right ? [] : [`${place} is ${shown(value)}, expected [lowest, highest] within ${low}..${high}`];
  }
  if (as === 'vector' && list.length === 3) {
    return list.every(inside) ? [] : [`${place} is ${shown(value)}, ${outside}`];
  }
  if (!inside(value)) return [`${place} is ${shown(value)}, ${outside}`];
  return as === 'whole' && !Number.isInteger(value)
    ? [`${place} is ${shown(value)}, expected a whole number`]
    : [];
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 60) ?? String(value);
}

/** A number of an entry, or what is taken where it is absent. */
export function amountOf(entry: object | undefined, limits: Limits, field: string): number {
  const value = (entry as Record<string, unknown> | undefined)?.[field]; // checked by volumeRecipeFaults
  return typeof value === 'number' ? value : (limits.fallback as number); // an amount's fallback
}

/** Three numbers of an entry. */
export function vectorOf(entry: object | undefined, limits: Limits, field: string): Vector3 {
  const value = (entry as Record<string, unknown> | undefined)?.[field]; // checked by volumeRecipeFaults
  if (Array.isArray(value)) return value as unknown as Vector3; // as above
  const one = amountOf(entry, limits, field);
  return [one, one, one];
}

/** A span of an entry. */
export function spanOf(entry: object | undefined, limits: Limits, field: string): Span {
  const value = (entry as Record<string, unknown> | undefined)?.[field]; // checked by volumeRecipeFaults
  return (Array.isArray(value) ? value : limits.fallback) as Span; // as above
}
