import { latin1 } from './character-sets.ts';

/** Bytes of a tag's head and of an item's, of name and of VR within a tag. */
const TAG_HEAD = 84;
const ITEM_HEAD = 16;
const NAME = 64;

/** More tags or items than any scanner writes are no header. */
const MOST_TAGS = 1024;
const MOST_ITEMS = 1024;

/**
 * The texts of one tag of a Siemens CSA header (private element (0029,xx10) or (0029,xx20) of SIEMENS CSA HEADER), in its
 * first or second layout, little endian. Not part of DICOM; as nibabel's csareader describes it. [] where the tag is
 * absent or empty, undefined where the bytes are no CSA header.
 */
export function csaTexts(bytes: Uint8Array, name: string): readonly string[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const second = latin1(bytes.subarray(0, 4)) === 'SV10';
  let at = second ? 8 : 0;
  if (at + 8 > bytes.length) return undefined;
  const tags = view.getUint32(at, true);
  if (tags < 1 || tags > MOST_TAGS) return undefined;
  // The first layout adds the number of a tag's items to their lengths.
  let added = 0;
  at += 8;
  for (let tag = 0; tag < tags; tag++) {
    if (at + TAG_HEAD > bytes.length) return undefined;
    const found = cut(latin1(bytes.subarray(at, at + NAME)));
    const items = view.getInt32(at + 76, true);
    if (items < 0 || items > MOST_ITEMS) return undefined;
    at += TAG_HEAD;
    added ||= items;
    const texts: string[] = [];
    for (let item = 0; item < items; item++) {
      if (at + ITEM_HEAD > bytes.length) return undefined;
      const stated = view.getInt32(at, true);
      const length = second ? view.getInt32(at + 4, true) : stated - added;
      at += ITEM_HEAD;
      if (length < 0 || at + length > bytes.length) return second ? undefined : texts;
      const text = cut(latin1(bytes.subarray(at, at + length))).trim();
      if (text !== '') texts.push(text);
      at += length + ((4 - (length % 4)) % 4);
    }
    if (found === name) return texts;
  }
  return [];
}

/** Up to the first zero byte. */
const cut = (text: string): string => {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
};
