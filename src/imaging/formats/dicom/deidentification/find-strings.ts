import { HounsfieldError } from '../../../../errors.ts';

/** One way in which a string may lie in a file. */
interface Pattern {
  /** Which of the strings, counted from 0. */
  readonly of: number;
  /** How it lies there: its form and encoding, such as 'part, utf-16le'. */
  readonly form: string;
  /** In small ASCII letters. */
  readonly bytes: Uint8Array;
  /** Where its rarest kind of byte stands, by which it is looked for. */
  readonly anchor: number;
}

export interface StringSearch {
  readonly patterns: readonly Pattern[];
}

/** A string that was found: its number in the list, and how it lies there. The string itself is not repeated. */
export interface FoundString {
  readonly of: number;
  readonly form: string;
}

const SHORTEST = 3;
/** Shorter parts of names occur in any pixels by chance. */
const SHORTEST_PART = 4;

/**
 * Prepares the search for strings: whole and their parts (components of names, words), dates in the usual forms,
 * in ASCII, UTF-8, UTF-16 and the encodings of every character set of PS3.3 C.12.1.1.2.
 *
 * @throws DEID_CHECK_STRING for one with fewer than three characters
 */
export function searchFor(strings: readonly string[]): StringSearch {
  const found = new Map<string, Pattern>();
  strings.forEach((text, of) => {
    const short = [...text.trim()].length < SHORTEST && !/[^\x20-\x7e]/.test(text);
    if (short)
      throw new HounsfieldError(
        'DEID_CHECK_STRING',
        `string ${of + 1} of those to be looked for has fewer than ${SHORTEST} characters, which are found anywhere. Leave it out.`,
      );
    for (const [form, variant] of variantsOf(text.trim()))
      for (const [encoding, bytes] of encodingsOf(variant)) {
        const key = bytes.join();
        if (!found.has(key))
          found.set(key, { of, form: `${form}, ${encoding}`, bytes, anchor: anchorOf(bytes) });
      }
  });
  return { patterns: [...found.values()] };
}

/** Which strings lie in some bytes, in any case of ASCII letters. */
export function findStrings(bytes: Uint8Array, { patterns }: StringSearch): readonly FoundString[] {
  const small = lowerCase(bytes);
  return patterns.filter((pattern) => contains(small, pattern)).map(({ of, form }) => ({ of, form }));
}

function lowerCase(bytes: Uint8Array): Uint8Array {
  const small = new Uint8Array(bytes); // slice() of a Node.js Buffer would share its memory
  for (let i = 0; i < small.length; i++) if (small[i]! >= 0x41 && small[i]! <= 0x5a) small[i]! += 32;
  return small;
}

function anchorOf(bytes: Uint8Array): number {
  const at = bytes.findIndex((byte) => byte !== 0 && byte !== 0x20);
  return Math.max(0, at);
}

function contains(small: Uint8Array, { bytes, anchor }: Pattern): boolean {
  const first = bytes[anchor]!;
  const last = small.length - bytes.length + anchor;
  for (let at = small.indexOf(first, anchor); at >= 0 && at <= last; at = small.indexOf(first, at + 1)) {
    let i = 0;
    while (i < bytes.length && small[at - anchor + i] === bytes[i]) i++;
    if (i === bytes.length) return true;
  }
  return false;
}

function variantsOf(text: string): readonly (readonly [form: string, variant: string])[] {
  const date = /^(\d{4})[-./]?(\d{2})[-./]?(\d{2})$/.exec(text);
  if (date !== null)
    return datesOf(date[1]!, date[2]!, date[3]!).map((variant) => ['date', variant] as const);
  const parts = text.split(/[\^=,;\\\s]+/).filter((part) => {
    const isPlain = /^[\x20-\x7e]*$/.test(part);
    return part !== text && [...part].length >= (isPlain ? SHORTEST_PART : 2);
  });
  return [['whole', text], ...parts.map((part) => ['part', part] as const)];
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function datesOf(year: string, month: string, day: string): readonly string[] {
  const name = months[Number(month) - 1];
  const short = `${Number(day)} ${name} ${year}`;
  return [
    `${year}${month}${day}`,
    ...['.', '-', '/', ' '].flatMap((mark) => [
      `${year}${mark}${month}${mark}${day}`,
      `${day}${mark}${month}${mark}${year}`,
      `${month}${mark}${day}${mark}${year}`,
    ]),
    ...(name === undefined
      ? []
      : [short, short.replaceAll(' ', '-'), `${day}${name}${year}`, `${name} ${Number(day)}, ${year}`]),
  ];
}

const singleByte = [
  ...['2', '3', '4', '5', '6', '7', '8', '10', '15'].map((part) => `iso-8859-${part}`),
  ...['windows-1252', 'windows-1254', 'windows-874', 'koi8-r'],
];
const doubleByte = ['gb18030', 'shift_jis', 'euc-jp', 'euc-kr', 'big5'];

type Encoded = readonly (readonly [encoding: string, bytes: Uint8Array])[];

function encodingsOf(text: string): Encoded {
  const small = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const found: [string, Uint8Array][] = [['utf-8', new TextEncoder().encode(small)]];
  const cases = new Set([
    small,
    small.toLowerCase(),
    small.toUpperCase().replace(/[A-Z]/g, (l) => l.toLowerCase()),
  ]);
  for (const variant of cases) {
    found.push(['utf-8', new TextEncoder().encode(variant)]);
    found.push(['utf-16le', utf16(variant, true)], ['utf-16be', utf16(variant, false)]);
    if (isAscii(variant)) continue;
    for (const label of singleByte) push(found, label, encode(variant, reverse(label, 1)));
    for (const label of doubleByte) push(found, label, encode(variant, reverse(label, 2)));
    // ISO 2022 brings the same rows into bytes below 80 (JIS X 0208, JIS X 0212, KS X 1001, GB 2312).
    for (const label of ['euc-jp', 'euc-kr', 'gb18030'])
      push(found, `iso-2022 of ${label}`, sevenBits(encode(variant, reverse(label, 2))));
  }
  return found.filter(([, bytes]) => bytes.length >= SHORTEST);
}

const isAscii = (text: string): boolean => [...text].every((character) => character < '\x80');

function push(list: [string, Uint8Array][], label: string, bytes: Uint8Array | undefined): void {
  if (bytes !== undefined) list.push([label, lowerCase(bytes)]);
}

function utf16(text: string, little: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), little);
  return new Uint8Array(view.buffer);
}

const tables = new Map<string, ReadonlyMap<string, readonly number[]>>();

/** From a character to its bytes, found by decoding all that there are. */
function reverse(label: string, width: 1 | 2): ReadonlyMap<string, readonly number[]> {
  const known = tables.get(label);
  if (known !== undefined) return known;
  const table = new Map<string, readonly number[]>();
  const decoder = new TextDecoder(label);
  const add = (bytes: readonly number[]) => {
    const text = decoder.decode(Uint8Array.from(bytes));
    if ([...text].length === 1 && text !== '\ufffd' && !table.has(text)) table.set(text, bytes);
  };
  for (let byte = 0x20; byte < 0x100; byte++) add([byte]);
  if (width === 2)
    for (let lead = 0x81; lead < 0xff; lead++)
      for (let trail = 0x40; trail < 0xff; trail++) add([lead, trail]);
  tables.set(label, table);
  return table;
}

function encode(text: string, table: ReadonlyMap<string, readonly number[]>): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    const found = table.get(character);
    if (found === undefined) return undefined;
    bytes.push(...found);
  }
  return Uint8Array.from(bytes);
}

const sevenBits = (bytes: Uint8Array | undefined): Uint8Array | undefined =>
  bytes?.every((byte) => byte >= 0xa1) === true ? bytes.map((byte) => byte & 0x7f) : undefined;
