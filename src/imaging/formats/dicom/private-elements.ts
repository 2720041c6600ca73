import type { DataElement, Dataset, Tag } from './dataset.ts';
import { isPrivate, isPrivateCreator } from './dictionary.ts';
import { textsOf } from './values.ts';

/** The name that reserves a private element's block (PS3.5 7.8.1); undefined where none does. */
export function privateCreatorOf(dataset: Dataset, tag: Tag): string | undefined {
  if (!isPrivate(tag) || isPrivateCreator(tag)) return undefined;
  const creator = dataset.elements.get(((tag & 0xffff0000) | ((tag >>> 8) & 0xff)) >>> 0);
  return creator === undefined ? undefined : creatorName(dataset, creator);
}

/**
 * A private element by its creator, group and the low byte of its element number, wherever its block lies;
 * undefined where it is absent.
 *
 * @example privateElement(dataset, 'Philips Imaging DD 001', 0x2001, 0x03) // diffusion b-factor
 */
export function privateElement(
  dataset: Dataset,
  creator: string,
  group: number,
  low: number,
): DataElement | undefined {
  for (const block of dataset.elements.values()) {
    if (block.tag >>> 16 !== group || !isPrivateCreator(block.tag)) continue;
    if (creatorName(dataset, block) !== creator) continue;
    const found = dataset.elements.get(((group << 16) | ((block.tag & 0xff) << 8) | low) >>> 0);
    if (found !== undefined) return found;
  }
  return undefined;
}

const creatorName = (dataset: Dataset, creator: DataElement): string | undefined =>
  creator.bytes === undefined ? undefined : textsOf(dataset, { ...creator, vr: 'LO' })[0];
