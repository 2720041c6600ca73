/** How the pages of a file make up an image, by its description; lengths in mm, undefined where it does not say. */
export interface PageOrder {
  readonly channels: number;
  readonly depth: number;
  readonly timePoints: number;
  /** From the fastest: the axis that changes with each page. */
  readonly order: readonly ('C' | 'Z' | 'T')[];
  readonly pixelMm?: readonly [number, number];
  /** Of ImageJ: what the resolution tags count in. */
  readonly unitMm?: number;
  readonly sliceMm?: number;
  readonly timeStepS?: number;
}

const UNIT_MM: Readonly<Record<string, number>> = {
  m: 1e3,
  cm: 10,
  mm: 1,
  um: 1e-3,
  µm: 1e-3,
  μm: 1e-3,
  micron: 1e-3,
  microns: 1e-3,
  micrometer: 1e-3,
  nm: 1e-6,
  inch: 25.4,
  in: 25.4,
};

/** Reads what ImageJ and OME write into the first page's description; undefined where it is neither, or does not fit. */
export function pageOrder(description: string, pages: number): PageOrder | undefined {
  const found = description.startsWith('ImageJ=')
    ? imageJ(description)
    : description.includes('<OME')
      ? ome(description)
      : undefined;
  return found && found.channels * found.depth * found.timePoints === pages ? found : undefined;
}

function imageJ(text: string): PageOrder {
  const fields = new Map(
    text.split('\n').map((line) => [line.split('=', 1)[0]!.trim(), line.slice(line.indexOf('=') + 1).trim()]),
  );
  const count = (name: string): number => Math.max(1, Number.parseInt(fields.get(name) ?? '1', 10) || 1);
  const [channels, slices, frames] = [count('channels'), count('slices'), count('frames')];
  const unit = UNIT_MM[(fields.get('unit') ?? '').replace('\\u00B5', 'µ')];
  const spacing = Number(fields.get('spacing') ?? Number.NaN);
  const interval = Number(fields.get('finterval') ?? Number.NaN);
  const isPlain = channels * slices * frames === 1;
  return {
    channels,
    depth: isPlain ? count('images') : slices,
    timePoints: frames,
    order: ['C', 'Z', 'T'],
    ...(unit === undefined ? {} : { unitMm: unit }),
    ...(unit !== undefined && spacing > 0 ? { sliceMm: spacing * unit } : {}),
    ...(interval > 0 ? { timeStepS: interval } : {}),
  };
}

function ome(text: string): PageOrder | undefined {
  const pixels = /<(?:\w+:)?Pixels\s([^<>]*)>/.exec(text)?.[1];
  if (pixels === undefined) return undefined;
  const attribute = (name: string): string | undefined =>
    new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(pixels)?.[1];
  const count = (name: string): number => Math.max(1, Number.parseInt(attribute(name) ?? '1', 10) || 1);
  const length = (axis: string): number | undefined => {
    const value = Number(attribute(`PhysicalSize${axis}`) ?? Number.NaN);
    const unit = UNIT_MM[attribute(`PhysicalSize${axis}Unit`) ?? 'µm'];
    return value > 0 && unit !== undefined && Number.isFinite(value) ? value * unit : undefined;
  };
  const [x, y, z] = [length('X'), length('Y'), length('Z')];
  const order = [...(attribute('DimensionOrder') ?? 'XYCZT').slice(2)].filter(
    (axis) => axis === 'C' || axis === 'Z' || axis === 'T',
  );
  const step = Number(attribute('TimeIncrement') ?? Number.NaN);
  const samples = Number(/SamplesPerPixel="(\d+)"/.exec(text)?.[1] ?? 1) || 1;
  return {
    channels: Math.max(1, Math.round(count('SizeC') / samples)),
    depth: count('SizeZ'),
    timePoints: count('SizeT'),
    order: new Set(order).size === 3 ? order : ['C', 'Z', 'T'],
    ...(x !== undefined && y !== undefined ? { pixelMm: [x, y] as const } : {}),
    ...(z !== undefined ? { sliceMm: z } : {}),
    ...(step > 0 && (attribute('TimeIncrementUnit') ?? 's') === 's' ? { timeStepS: step } : {}),
  };
}
