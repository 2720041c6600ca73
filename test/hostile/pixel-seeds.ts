import { isHounsfieldError } from '../../src/errors.ts';
import { bytesSource } from '../../src/imaging/formats/byte-source.ts';
import type { DicomFile } from '../../src/imaging/formats/dicom/dataset.ts';
import { readDicom } from '../../src/imaging/formats/dicom/read-dicom.ts';
import type { Seed } from './mutate.ts';

const PIXEL_DATA = 0x7fe00010;
const IMAGE_GROUP = 0x0028;
/** An item's tag and length, and the headers of a codestream behind them. */
const [ITEM_HEADER, CODESTREAM_HEADER] = [8, 120];
const ELEMENT_HEADER = 12;

/**
 * Those seeds that have pixel data, with the places that matter to them: the values of the image's attributes, the pixel
 * data with its header and alone, and each fragment's header with the beginning of its codestream.
 */
export async function pixelSeeds(seeds: readonly Seed[]): Promise<readonly Seed[]> {
  const found: Seed[] = [];
  for (const seed of seeds) {
    try {
      const file = await readDicom(bytesSource(seed.files[0]!.bytes, seed.files[0]!.name));
      if (file.dataset.elements.has(PIXEL_DATA)) found.push({ ...seed, places: placesOf(file) });
    } catch (error) {
      if (!isHounsfieldError(error)) throw error;
    }
  }
  return found;
}

function placesOf(file: DicomFile): NonNullable<Seed['places']> {
  if (file.transferSyntaxUid === '1.2.840.10008.1.2.1.99') return []; // places are those of the inflated bytes
  const elements = [...file.dataset.elements.values()];
  const attributes = elements.flatMap(({ tag, place, bytes }): Place[] => {
    if (tag >>> 16 !== IMAGE_GROUP || place === undefined || bytes === undefined) return [];
    const end = place.offset + place.length;
    return bytes.length === 0 ? [] : [[end - bytes.length, end]];
  });
  const { place, fragments = [] } = file.dataset.elements.get(PIXEL_DATA)!; // pixelSeeds has looked
  if (place === undefined) return attributes;
  const [from, to] = [place.offset, place.offset + place.length];
  const headers = fragments.slice(0, 4).map(({ offset, length }): Place => {
    return [Math.max(0, offset - ITEM_HEADER), offset + Math.min(length, CODESTREAM_HEADER)];
  });
  const pixels: Place[] = [
    [from, to],
    [from + ELEMENT_HEADER, to],
    [from, from + ELEMENT_HEADER],
    ...headers,
  ];
  // as many of the one kind as of the other
  const times = Math.max(1, Math.round(attributes.length / pixels.length));
  return [...attributes, ...Array.from({ length: times }, () => pixels).flat()];
}

type Place = readonly [number, number];
