import { HounsfieldError } from '../../../errors.ts';
import { type BuildValue, buildElement } from './build-dataset.ts';
import { decodeText } from './character-sets.ts';
import type { DataElement, Dataset, Vr } from './dataset.ts';
import { swapped } from './encode-elements.ts';
import { usesCharacterSet, wordBytes } from './value-representation.ts';
import type { ElementName } from './values.ts';

const reversed = new Map<string, ReadonlyMap<string, readonly number[]>>();

/** Bytes by character of a set: of one byte each, or of up to two where the set is one of those. */
function bytesByCharacter(characterSet: string): ReadonlyMap<string, readonly number[]> {
  let found = reversed.get(characterSet);
  if (found !== undefined) return found;
  const map = new Map<string, readonly number[]>();
  const note = (bytes: readonly number[]) => {
    const text = decodeText(Uint8Array.from(bytes), [characterSet]);
    if ([...text].length === 1 && !text.includes('\ufffd') && !map.has(text)) map.set(text, bytes);
  };
  for (let byte = 0; byte < 256; byte++) note([byte]);
  if (/GB/.test(characterSet))
    for (let first = 0x81; first < 0xff; first++)
      for (let second = 0x40; second < 0xff; second++) note([first, second]);
  found = map;
  reversed.set(characterSet, found);
  return found;
}

/**
 * Text in the first of the character sets (PS3.3 C.12.1.1.2), without code extensions.
 * Throws DICOM_TEXT_UNENCODABLE where it has no such character.
 */
export function encodeText(text: string, characterSets: readonly string[]): Uint8Array {
  const utf8 = new TextEncoder().encode(text);
  const [first = ''] = characterSets;
  if (utf8.length === text.length || first === 'ISO_IR 192') return utf8;
  const characters = bytesByCharacter(first);
  const bytes = [...text].flatMap((character) => {
    const code = characters.get(character);
    if (code !== undefined) return code;
    const message = `text has a character that the data set's character set ${first || 'ISO_IR 6'} lacks. Write it otherwise, or make a new data set in ISO_IR 192.`;
    throw new HounsfieldError('DICOM_TEXT_UNENCODABLE', message);
  });
  return Uint8Array.from(bytes);
}

/**
 * An element to be put into a data set that was read: in its character set and byte order.
 * Throws DICOM_TEXT_UNENCODABLE and buildElement's codes.
 */
export function buildElementFor(
  dataset: Dataset,
  name: ElementName,
  value: BuildValue,
  vr?: Vr,
): DataElement {
  const element = buildElement(name, value, vr);
  if (element.bytes === undefined || value instanceof Uint8Array) return element;
  if (usesCharacterSet(element.vr)) {
    const text = new TextDecoder().decode(element.bytes).replace(/ $/, '');
    return buildElement(name, encodeText(text, dataset.characterSets), element.vr);
  }
  if (dataset.littleEndian) return element;
  return { ...element, bytes: swapped(element.bytes, wordBytes(element.vr)) };
}
