import { HounsfieldError } from '../../../errors.ts';
import { fieldNumbers, fieldText, invalidTiff, type TiffDirectory, type TiffFile } from './tiff-directory.ts';

/** How one page lies in its file: TIFF 6.0 with Adobe's technical notes. */
export interface TiffPage {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly bits: number;
  readonly sampleFormat: 'uint' | 'int' | 'float';
  readonly photometric: number;
  readonly compression: number;
  readonly predictor: number;
  /** True when each sample has blocks of its own. */
  readonly isPlanar: boolean;
  readonly isBitReversed: boolean;
  readonly isTiled: boolean;
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly blocksAcross: number;
  readonly blocksDown: number;
  readonly offsets: readonly number[];
  readonly byteCounts: readonly number[];
  /** What samples beyond the colour's mean: 0 unspecified, 1 premultiplied alpha, 2 alpha. */
  readonly extraSamples: readonly number[];
  readonly orientation: number;
  /** Millimetres of a pixel, across and down, where the file says. */
  readonly pixelMm?: readonly [number, number];
  /** Pixels in the resolution's unit, whichever that is. */
  readonly perUnit?: readonly [number, number];
  /** Reduced-resolution, page of many and mask bits. */
  readonly subfileType: number;
  readonly colourMap?: readonly number[];
  readonly jpegTables?: TiffDirectory;
  readonly chroma: readonly number[];
  readonly directory: TiffDirectory;
}

const TAG = {
  subfileType: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  description: 270,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  xResolution: 282,
  yResolution: 283,
  planar: 284,
  resolutionUnit: 296,
  predictor: 317,
  colourMap: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  subDirectories: 330,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  chroma: 530,
} as const;

const SAMPLE_FORMATS: Readonly<Record<number, TiffPage['sampleFormat']>> = {
  1: 'uint',
  2: 'int',
  3: 'float',
  4: 'uint',
};
/** Millimetres in the unit of the resolution tags. */
const UNIT_MM: Readonly<Record<number, number>> = { 2: 25.4, 3: 10 };

export function unsupportedTiff(name: string, what: string): HounsfieldError {
  return new HounsfieldError(
    'TIFF_UNSUPPORTED',
    `${name} has ${what}, which is not read. Convert it, for instance with tiffcp -c none or bfconvert.`,
  );
}

/** The description that a page carries: ImageJ's and OME's dimensions, a scanner's settings. May hold patient data. */
export function descriptionOf(
  file: Omit<TiffFile, 'directories'>,
  directory: TiffDirectory,
): Promise<string> {
  return fieldText(file, directory, TAG.description);
}

/** Places of the directories below a page: levels of a pyramid. */
export async function subDirectories(
  file: Omit<TiffFile, 'directories'>,
  directory: TiffDirectory,
): Promise<readonly number[]> {
  return (await fieldNumbers(file, directory, TAG.subDirectories)) ?? [];
}

/** Reads a page's layout and checks it. Throws TIFF_INVALID, TIFF_TRUNCATED, TIFF_UNSUPPORTED. */
export async function readPage(
  file: Omit<TiffFile, 'directories'>,
  directory: TiffDirectory,
): Promise<TiffPage> {
  const { name } = file.source;
  const numbers = async (tag: number): Promise<readonly number[] | undefined> =>
    fieldNumbers(file, directory, tag);
  const number = async (tag: number, fallback?: number): Promise<number> => {
    const value = (await numbers(tag))?.[0] ?? fallback;
    if (value === undefined) throw invalidTiff(name, `a page lacks field ${tag}`);
    return value;
  };
  const [width, height] = [await number(TAG.width), await number(TAG.height)];
  const samples = await number(TAG.samples, 1);
  const isSide = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 2 ** 31;
  if (!isSide(width) || !isSide(height) || !isSide(samples) || samples > 65535) {
    throw invalidTiff(name, `a page of ${width} x ${height} pixels of ${samples} samples`);
  }
  const allBits = (await numbers(TAG.bits)) ?? [1];
  const bits = allBits[0] ?? 1;
  if (allBits.slice(0, samples).some((one) => one !== bits))
    throw unsupportedTiff(name, 'samples of different numbers of bits');
  const format = (await numbers(TAG.sampleFormat))?.[0] ?? 1;
  const sampleFormat = SAMPLE_FORMATS[format];
  if (!sampleFormat || !isReadable(sampleFormat, bits))
    throw unsupportedTiff(name, `samples of ${bits} bits in format ${format}`);
  const isPlanar = (await number(TAG.planar, 1)) === 2 && samples > 1;
  const blocks = await blocksOf(file, directory, width, height, isPlanar ? samples : 1);
  const colourMap = await numbers(TAG.colourMap);
  const perUnit = await resolution(file, directory);
  const unit = UNIT_MM[(await numbers(TAG.resolutionUnit))?.[0] ?? 2];
  return {
    width,
    height,
    samples,
    bits,
    sampleFormat,
    photometric: await number(TAG.photometric, 1),
    compression: await number(TAG.compression, 1),
    predictor: await number(TAG.predictor, 1),
    isPlanar,
    isBitReversed: (await number(TAG.fillOrder, 1)) === 2,
    ...blocks,
    extraSamples: (await numbers(TAG.extraSamples)) ?? [],
    orientation: await number(TAG.orientation, 1),
    subfileType: await number(TAG.subfileType, 0),
    chroma: (await numbers(TAG.chroma)) ?? [2, 2],
    ...(colourMap ? { colourMap } : {}),
    ...(directory.entries.has(TAG.jpegTables) ? { jpegTables: directory } : {}),
    ...(perUnit ? { perUnit } : {}),
    ...(perUnit && unit !== undefined ? { pixelMm: [unit / perUnit[0], unit / perUnit[1]] as const } : {}),
    directory,
  };
}

type Blocks = Pick<
  TiffPage,
  'isTiled' | 'blockWidth' | 'blockHeight' | 'blocksAcross' | 'blocksDown' | 'offsets' | 'byteCounts'
>;

/** Strips or tiles: their sides and places. */
async function blocksOf(
  file: Omit<TiffFile, 'directories'>,
  directory: TiffDirectory,
  width: number,
  height: number,
  planes: number,
): Promise<Blocks> {
  const { name, size } = file.source;
  const isTiled = directory.entries.has(TAG.tileOffsets);
  const side = async (tag: number, fallback: number): Promise<number> => {
    const value = (await fieldNumbers(file, directory, tag))?.[0] || fallback;
    if (!Number.isInteger(value) || value < 1)
      throw invalidTiff(name, `blocks with a side of ${value} pixels`);
    return value;
  };
  const blockWidth = isTiled ? await side(TAG.tileWidth, 0) : width;
  const blockHeight = isTiled
    ? await side(TAG.tileHeight, 0)
    : Math.min(height, await side(TAG.rowsPerStrip, height));
  const [blocksAcross, blocksDown] = [Math.ceil(width / blockWidth), Math.ceil(height / blockHeight)];
  const offsets = (await fieldNumbers(file, directory, isTiled ? TAG.tileOffsets : TAG.stripOffsets)) ?? [];
  const wanted = blocksAcross * blocksDown * planes;
  if (offsets.length < wanted)
    throw invalidTiff(name, `a page of ${wanted} blocks has places of ${offsets.length}`);
  const stated = await fieldNumbers(file, directory, isTiled ? TAG.tileByteCounts : TAG.stripByteCounts);
  // without counts an uncompressed block reaches as far as it must
  const byteCounts = stated ?? offsets.map((offset) => Math.max(0, size - offset));
  return { isTiled, blockWidth, blockHeight, blocksAcross, blocksDown, offsets, byteCounts };
}

export const JPEG_TABLES_TAG = TAG.jpegTables;

function isReadable(format: TiffPage['sampleFormat'], bits: number): boolean {
  if (format === 'float') return bits === 16 || bits === 32 || bits === 64;
  if (format === 'int') return bits === 8 || bits === 16 || bits === 32;
  return [1, 2, 4, 8, 10, 12, 14, 16, 32].includes(bits);
}

async function resolution(
  file: Omit<TiffFile, 'directories'>,
  directory: TiffDirectory,
): Promise<readonly [number, number] | undefined> {
  const across = (await fieldNumbers(file, directory, TAG.xResolution))?.[0];
  const down = (await fieldNumbers(file, directory, TAG.yResolution))?.[0];
  if (across === undefined || down === undefined) return undefined;
  const isLength = (count: number): boolean => count > 1e-4 && count < 1e9;
  // 1 pixel per unit, or none, is what writers put who do not know
  return isLength(across) && isLength(down) && !(across === 1 && down === 1) ? [across, down] : undefined;
}
