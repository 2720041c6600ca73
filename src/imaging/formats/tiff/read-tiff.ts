import { HounsfieldError } from '../../../errors.ts';
import { type Geometry, geometryFrom } from '../../geometry/geometry.ts';
import type { LabelMap, MedicalImage, PixelArray } from '../../image/medical-image.ts';
import type { ByteSource } from '../byte-source.ts';
import { type VolumeFormat, type VolumeInfo, type VolumeReadOptions, volume } from '../volume-file.ts';
import { type PageOrder, pageOrder } from './page-order.ts';
import { channelsOf, finishedPlanes, uprightPlanes } from './tiff-colours.ts';
import { isTiff, openTiff, type TiffFile } from './tiff-directory.ts';
import { descriptionOf, readPage, type TiffPage } from './tiff-page.ts';
import { readSamples, requireRoom } from './tiff-pixels.ts';

export interface TiffOptions extends VolumeReadOptions {
  /** One page, 0 the first; left out: all that are alike. */
  readonly page?: number;
}

/** TIFF and BigTIFF: pages of one kind become slices, channels or time points. */
export const TIFF: VolumeFormat = {
  name: 'TIFF',
  extensions: ['.ome.tiff', '.ome.tif', '.tiff', '.tif', '.svs', '.btf'],
  matches: (head) => isTiff(head),
  read: readTiff,
  info: tiffInfo,
};

interface Stack {
  readonly pages: readonly TiffPage[];
  readonly order: PageOrder;
  readonly skipped: number;
}

/**
 * Reads a TIFF as an image: 1 to 64 bits, integers and floats, palettes, either planar configuration, strips and tiles,
 * uncompressed or by LZW, deflate, PackBits, JPEG, JPEG 2000, Zstandard, LERC, WebP; upright by its orientation tag. Pages go into
 * depth, or as ImageJ's or OME's description says. Its resolution, where there is a unit, becomes geometry in frame 'image'.
 * Throws TIFF_INVALID, TIFF_TRUNCATED, TIFF_BLOCK, TIFF_UNSUPPORTED, TIFF_TOO_LARGE, TIFF_PAGE.
 */
export async function readTiff(
  source: ByteSource,
  options: TiffOptions = {},
): Promise<MedicalImage | LabelMap> {
  const file = await openTiff(source);
  const { pages, order, skipped } = await stackOf(file, options.page);
  const first = pages[0]!;
  const channels = channelsOf(first);
  const count = first.width * first.height;
  const total = count * Math.max(first.samples, channels) * pages.length * Math.max(1, first.bits / 8);
  requireRoom(file, total, `${first.width} x ${first.height} pixels on ${pages.length} pages`);
  if (skipped > 0) {
    const message = `${skipped} pages of another size or kind than the first were left out; read them by their number.`;
    options.onWarning?.({ code: 'TIFF_PAGES_LEFT_OUT', message });
  }
  let out: PixelArray | undefined;
  let [width, height, bitDepth] = [first.width, first.height, first.bits];
  for (const [p, page] of pages.entries()) {
    const samples = await readSamples(file, page, { x: 0, y: 0, width: page.width, height: page.height });
    const planes = finishedPlanes(page, samples, count, source.name);
    const upright = uprightPlanes(planes.pixels, planes.channels, page.width, page.height, first.orientation);
    ({ width, height } = upright);
    bitDepth = planes.bitDepth;
    if (pages.length === 1) {
      out = upright.pixels;
      break;
    }
    out ??= sameType(upright.pixels, channels * count * pages.length);
    const at = placeOf(p, order);
    for (let c = 0; c < channels; c++) {
      const to =
        ((at.time * order.channels * channels + at.channel * channels + c) * order.depth + at.slice) * count;
      out.set(upright.pixels.subarray(c * count, (c + 1) * count), to);
    }
  }
  const shape = {
    timePoints: order.timePoints,
    channels: channels * order.channels,
    depth: order.depth,
    height,
    width,
  };
  const place = pageGeometry(first, order);
  const image = volume(
    out!,
    shape,
    source.name,
    { bitDepth, geometry: place, timeStepS: order.timeStepS },
    options,
  );
  const reading = {
    format: 'TIFF',
    ...(first.orientation >= 2 && first.orientation <= 8 ? { orientation: first.orientation } : {}),
    ...(first.photometric === 0 && first.sampleFormat === 'uint' ? { inverted: 'MinIsWhite' } : {}),
    ...(skipped > 0 ? { pagesLeftOut: skipped } : {}),
  };
  return { ...image, reading };
}

function sameType(like: PixelArray, length: number): PixelArray {
  const Kind = like.constructor as new (length: number) => PixelArray; // the array's own constructor
  return new Kind(length);
}

/** Where page p lies, by the order in which the axes change. */
function placeOf(p: number, order: PageOrder): { channel: number; slice: number; time: number } {
  const sizes = { C: order.channels, Z: order.depth, T: order.timePoints };
  const place = { C: 0, Z: 0, T: 0 };
  let rest = p;
  for (const axis of order.order) {
    place[axis] = rest % sizes[axis];
    rest = Math.floor(rest / sizes[axis]);
  }
  return { channel: place.C, slice: place.Z, time: place.T };
}

/** The pages that make up the image: those like the first, thumbnails and masks aside. */
async function stackOf(file: TiffFile, wanted: number | undefined): Promise<Stack> {
  const single: PageOrder = { channels: 1, depth: 1, timePoints: 1, order: ['C', 'Z', 'T'] };
  if (wanted !== undefined) {
    const directory = file.directories[wanted];
    if (!directory) {
      throw new HounsfieldError(
        'TIFF_PAGE',
        `page ${wanted} of ${file.source.name} is asked for, and it has ${file.directories.length}. Count from 0.`,
      );
    }
    const page = await readPage(file, directory);
    const told = pageOrder(await descriptionOf(file, directory), 1);
    return {
      pages: [page],
      order: { ...single, ...(told?.pixelMm ? { pixelMm: told.pixelMm } : {}) },
      skipped: 0,
    };
  }
  const first = await readPage(file, file.directories[0]!);
  const pages = [first];
  let skipped = 0;
  for (const directory of file.directories.slice(1)) {
    const page = await readPage(file, directory);
    const isAside = (page.subfileType & 5) !== 0;
    if (!isAside && isLike(page, first)) pages.push(page);
    else skipped++;
  }
  const told = pageOrder(await descriptionOf(file, file.directories[0]!), pages.length);
  return { pages, order: told ?? { ...single, depth: pages.length }, skipped };
}

function isLike(a: TiffPage, b: TiffPage): boolean {
  const keys = ['width', 'height', 'samples', 'bits', 'sampleFormat', 'photometric', 'orientation'] as const;
  return keys.every((key) => a[key] === b[key]) && channelsOf(a) === channelsOf(b);
}

/** Spacing from the description or the resolution tags. A stack whose slices' distance is not stated has none. */
function pageGeometry(page: TiffPage, order: PageOrder): Geometry | undefined {
  const { unitMm } = order;
  // ImageJ counts pixels per its own unit, and leaves the tag's unit at none
  const own = unitMm !== undefined && page.perUnit ? page.perUnit.map((count) => unitMm / count) : undefined;
  const pixel = order.pixelMm ?? own ?? page.pixelMm;
  if (!pixel) return undefined;
  if (order.depth > 1 && order.sliceMm === undefined) return undefined;
  const [across, down] = [pixel[0]!, pixel[1]!];
  const [x, y] = page.orientation >= 5 && page.orientation <= 8 ? [down, across] : [across, down];
  return geometryFrom({ spacingMm: [x, y, order.sliceMm ?? 1], frame: 'image' });
}

async function tiffInfo(source: ByteSource): Promise<VolumeInfo> {
  const file = await openTiff(source);
  const { pages, order, skipped } = await stackOf(file, undefined);
  const first = pages[0]!;
  const place = pageGeometry(first, order);
  const turned = first.orientation >= 5 && first.orientation <= 8;
  return {
    format: file.isBig ? 'BigTIFF' : 'TIFF',
    storedType: `${first.sampleFormat}${first.bits}`,
    byteOrder: file.littleEndian ? 'little' : 'big',
    ...(first.compression === 1
      ? {}
      : { compression: COMPRESSIONS[first.compression] ?? `compression ${first.compression}` }),
    width: turned ? first.height : first.width,
    height: turned ? first.width : first.height,
    depth: order.depth,
    channels: channelsOf(first) * order.channels,
    timePoints: order.timePoints,
    ...(place ? { geometry: place } : {}),
    ...(order.timeStepS === undefined ? {} : { timeStepS: order.timeStepS }),
    isLabelMap: false,
    warnings:
      skipped > 0
        ? [
            {
              code: 'TIFF_PAGES_LEFT_OUT',
              message: `${skipped} pages are of another size or kind than the first.`,
            },
          ]
        : [],
  };
}

const COMPRESSIONS: Readonly<Record<number, string>> = {
  5: 'LZW',
  7: 'JPEG',
  8: 'deflate',
  32773: 'PackBits',
  32946: 'deflate',
  33003: 'JPEG 2000',
  33005: 'JPEG 2000',
  34712: 'JPEG 2000',
  34887: 'LERC',
  50000: 'Zstandard',
  50001: 'WebP',
};
