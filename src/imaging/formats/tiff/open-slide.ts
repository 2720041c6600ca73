import { HounsfieldError } from '../../../errors.ts';
import { geometry } from '../../geometry/geometry.ts';
import { type MedicalImage, medicalImage } from '../../image/medical-image.ts';
import type { ByteSource } from '../byte-source.ts';
import { pageOrder } from './page-order.ts';
import { channelsOf, finishedPlanes } from './tiff-colours.ts';
import { openTiff, readDirectory, type TiffDirectory, type TiffFile } from './tiff-directory.ts';
import { descriptionOf, readPage, subDirectories, type TiffPage } from './tiff-page.ts';
import { type BlockCache, readSamples } from './tiff-pixels.ts';

/** One magnification of a slide. */
export interface SlideLevel {
  readonly width: number;
  readonly height: number;
  /** How many pixels of level 0 one of this level stands for, across and down. */
  readonly downsample: readonly [number, number];
  /** Micrometres of a pixel, across and down; undefined where the file does not say. */
  readonly mpp?: readonly [number, number];
  readonly tileWidth: number;
  readonly tileHeight: number;
}

/** A pyramidal TIFF opened without its pixels being read; close it when done. */
export interface Slide {
  /** The largest first. */
  readonly levels: readonly SlideLevel[];
  readonly channels: number;
  /** Aperio, OME or TIFF: whose description was understood. */
  readonly vendor: 'Aperio' | 'OME' | 'TIFF';
  /** Objective's magnification, where the file says. */
  readonly magnification?: number;
  /**
   * Pixels of a rectangle of a level, in that level's own pixels; only the tiles that it touches are read. Its geometry, where
   * the pixel's size is known, is in mm from the slide's first pixel. Throws SLIDE_REGION and what readTiff throws.
   */
  readRegion(level: number, x: number, y: number, width: number, height: number): Promise<MedicalImage>;
  /** The level to read when a pixel should be no larger than so many micrometres or level-0 pixels. */
  levelFor(downsample: number): number;
  close(): Promise<void>;
}

/** Most pixels of one region. */
const LARGEST_REGION = 2 ** 28;

/**
 * Opens a pyramid of tiles: Aperio's .svs, OME-TIFF with its levels in sub-directories, and other TIFFs whose further pages are
 * smaller copies of the first. Labels, overview pictures and thumbnails, which may show the patient's name, are left out.
 * Throws TIFF_INVALID, TIFF_TRUNCATED, TIFF_UNSUPPORTED.
 *
 * @example const slide = await openSlide(source); const tile = await slide.readRegion(0, 1024, 1024, 512, 512);
 */
export async function openSlide(source: ByteSource): Promise<Slide> {
  const file = await openTiff(source);
  const first = await readPage(file, file.directories[0]!);
  const description = await descriptionOf(file, file.directories[0]!);
  const pages = await levelPages(file, first);
  const { vendor, pixelUm, magnification } = scaleOf(description, first);
  const levels = pages.map((page): SlideLevel => {
    const downsample = [first.width / page.width, first.height / page.height] as const;
    return {
      width: page.width,
      height: page.height,
      downsample,
      ...(pixelUm ? { mpp: [pixelUm[0] * downsample[0], pixelUm[1] * downsample[1]] as const } : {}),
      tileWidth: page.blockWidth,
      tileHeight: page.blockHeight,
    };
  });
  const caches: readonly BlockCache[] = pages.map(() => new Map());
  return {
    levels,
    channels: channelsOf(first),
    vendor,
    ...(magnification === undefined ? {} : { magnification }),
    readRegion: (level, x, y, width, height) =>
      readRegion(file, pages, levels, caches, level, { x, y, width, height }),
    levelFor: (downsample) => {
      const fitting = levels.findLastIndex((one) => Math.max(...one.downsample) <= downsample * 1.01);
      return Math.max(0, fitting);
    },
    close: () => source.close(),
  };
}

/** The first page and its smaller copies, the largest first. */
async function levelPages(file: TiffFile, first: TiffPage): Promise<readonly TiffPage[]> {
  const candidates: TiffDirectory[] = [];
  const below = await subDirectories(file, first.directory);
  for (const offset of below.slice(0, 64)) candidates.push((await readDirectory(file, offset)).directory);
  candidates.push(...file.directories.slice(1));
  const pages = [first];
  for (const directory of candidates) {
    const page = await readPage(file, directory).catch((error: unknown) => {
      // a label in a format that is not read does not keep the slide closed
      if (error instanceof HounsfieldError && error.code === 'TIFF_UNSUPPORTED') return undefined;
      throw error;
    });
    if (page && isCopy(page, first) && pages.every((other) => other.width !== page.width)) pages.push(page);
  }
  return pages.sort((a, b) => b.width - a.width);
}

/** Smaller, tiled where the first is, of the same kind, and of the same form to within a pixel of rounding. */
function isCopy(page: TiffPage, first: TiffPage): boolean {
  if (page.width >= first.width || page.height > first.height || page.isTiled !== first.isTiled) return false;
  const isSame =
    page.samples === first.samples && page.bits === first.bits && page.sampleFormat === first.sampleFormat;
  const ratio = first.width / page.width;
  return isSame && Math.abs(first.height / ratio - page.height) <= 1 + 1 / ratio;
}

function scaleOf(
  description: string,
  first: TiffPage,
): {
  readonly vendor: Slide['vendor'];
  readonly pixelUm?: readonly [number, number];
  readonly magnification?: number;
} {
  if (description.startsWith('Aperio')) {
    const field = (name: string): number =>
      Number(new RegExp(`\\|\\s*${name}\\s*=\\s*([\\d.]+)`).exec(description)?.[1] ?? Number.NaN);
    const [mpp, magnification] = [field('MPP'), field('AppMag')];
    return {
      vendor: 'Aperio',
      ...(mpp > 0 ? { pixelUm: [mpp, mpp] as const } : {}),
      ...(magnification > 0 ? { magnification } : {}),
    };
  }
  const isOme = description.includes('<OME');
  const told = isOme ? omePixel(description) : first.pixelMm;
  const magnification = isOme
    ? Number(/NominalMagnification="([\d.]+)"/.exec(description)?.[1] ?? Number.NaN)
    : Number.NaN;
  return {
    vendor: isOme ? 'OME' : 'TIFF',
    ...(told ? { pixelUm: [told[0] * 1000, told[1] * 1000] as const } : {}),
    ...(magnification > 0 ? { magnification } : {}),
  };
}

/** The first Pixels element tells of the first page, however many pages there are. */
function omePixel(description: string): readonly [number, number] | undefined {
  const size = (name: string): number =>
    Math.max(1, Number(new RegExp(`\\s${name}="(\\d+)"`).exec(description)?.[1] ?? 1));
  const samples = Number(/SamplesPerPixel="(\d+)"/.exec(description)?.[1] ?? 1) || 1;
  const pages = Math.max(1, Math.round(size('SizeC') / samples)) * size('SizeZ') * size('SizeT');
  return pageOrder(description, pages)?.pixelMm;
}

async function readRegion(
  file: TiffFile,
  pages: readonly TiffPage[],
  levels: readonly SlideLevel[],
  caches: readonly BlockCache[],
  level: number,
  region: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): Promise<MedicalImage> {
  const page = pages[level];
  const { x, y, width, height } = region;
  const isWhole = [x, y, width, height].every(Number.isInteger);
  const isInside =
    page !== undefined &&
    isWhole &&
    x >= 0 &&
    y >= 0 &&
    width >= 1 &&
    height >= 1 &&
    x + width <= page.width &&
    y + height <= page.height;
  if (!page || !isInside || width * height > LARGEST_REGION) {
    const size = page ? `${page.width} x ${page.height} pixels` : `none: there are ${pages.length} levels`;
    throw new HounsfieldError(
      'SLIDE_REGION',
      `${width} x ${height} pixels at ${x}, ${y} of level ${level} are asked for, and that level has ${size}. ` +
        `Ask for whole pixels inside it, at most ${LARGEST_REGION}.`,
    );
  }
  const samples = await readSamples(file, page, region, caches[level]);
  const planes = finishedPlanes(page, samples, width * height, file.source.name);
  const mpp = levels[level]!.mpp;
  const place = mpp && [mpp[0] / 1000, mpp[1] / 1000];
  return medicalImage(
    planes.pixels,
    { channels: planes.channels, height, width },
    planes.bitDepth,
    'arbitrary',
    place
      ? {
          geometry: geometry(
            [place[0]!, 0, 0, (x + 0.5) * place[0]!, 0, place[1]!, 0, (y + 0.5) * place[1]!, 0, 0, 1, 0],
            'image',
          ),
        }
      : {},
  );
}
