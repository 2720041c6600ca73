/** How one character set turns bytes into text. */
type Decode = (bytes: Uint8Array) => string;

/** A code element of ISO 2022 that an escape sequence brings into G0 (bytes below 80) or G1 (above). */
interface CodeElement {
  readonly decode: Decode;
  /** Bytes of one character. */
  readonly width: 1 | 2;
}

const decoders = new Map<string, TextDecoder>();

function decoderOf(label: string): TextDecoder {
  let decoder = decoders.get(label);
  if (decoder === undefined) {
    decoder = new TextDecoder(label, { ignoreBOM: true });
    decoders.set(label, decoder);
  }
  return decoder;
}

const byLabel =
  (label: string): Decode =>
  (bytes) =>
    decoderOf(label).decode(bytes);

/** ISO 8859-1, control characters included; what DICOM calls ISO-IR 6 is read with it, too. */
export const latin1: Decode = (bytes) => {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
};

/** A set of one byte a character: below A0 as ISO 8859-1, above as the label's decoder says. */
function singleByte(label: string): Decode {
  let table: readonly string[] | undefined;
  return (bytes) => {
    table ??= Array.from({ length: 256 }, (_, byte) =>
      byte < 0xa0 ? String.fromCharCode(byte) : decoderOf(label).decode(Uint8Array.of(byte)),
    );
    let text = '';
    for (const byte of bytes) text += table[byte]!;
    return text;
  };
}

const latin2 = singleByte('iso-8859-2');
const latin3 = singleByte('iso-8859-3');
const latin4 = singleByte('iso-8859-4');
const cyrillic = singleByte('iso-8859-5');
const arabic = singleByte('iso-8859-6');
const greek = singleByte('iso-8859-7');
const hebrew = singleByte('iso-8859-8');
const latin5 = singleByte('iso-8859-9');
const thai = singleByte('windows-874');
const latin9 = singleByte('iso-8859-15');
const japanese = byLabel('shift_jis');

/** Characters of two bytes in G0, read by a decoder that expects them in G1; some are mapped otherwise than there. */
const shifted =
  (label: string, prefix: readonly number[], instead: Readonly<Record<string, string>>): Decode =>
  (bytes) => {
    const out: number[] = [];
    for (let at = 0; at < bytes.length; at += 2)
      out.push(...prefix, bytes[at]! | 0x80, ...(at + 1 < bytes.length ? [bytes[at + 1]! | 0x80] : []));
    let text = '';
    for (const character of decoderOf(label).decode(Uint8Array.from(out)))
      text += instead[character] ?? character;
    return text;
  };

/** JIS X 0208 as its own standard names the characters, not as Windows maps them. */
const kanji = shifted('euc-jp', [], {
  '\uff5e': '\u301c',
  '\u2225': '\u2016',
  '\uff0d': '\u2212',
  '\uffe0': '\u00a2',
  '\uffe1': '\u00a3',
  '\uffe2': '\u00ac',
});
const supplementaryKanji = shifted('euc-jp', [0x8f], { '\uff5e': '~' });

/** Defined terms without code extensions (PS3.3 table C.12-2 and C.12-5), by what follows ISO_IR or ISO 2022 IR. */
const sets: Readonly<Record<string, Decode>> = {
  '': latin1,
  '6': latin1,
  '13': japanese,
  '58': byLabel('gbk'),
  '87': kanji,
  '100': latin1,
  '101': latin2,
  '109': latin3,
  '110': latin4,
  '126': greek,
  '127': arabic,
  '138': hebrew,
  '144': cyrillic,
  '148': latin5,
  '149': byLabel('euc-kr'),
  '159': supplementaryKanji,
  '166': thai,
  '192': byLabel('utf-8'),
  '203': latin9,
  GB18030: byLabel('gb18030'),
  GBK: byLabel('gbk'),
};

/** Escape sequences (PS3.3 tables C.12-3 and C.12-4): which half they fill, with what. */
const escapes: Readonly<Record<string, { readonly half: 0 | 1; readonly element: CodeElement }>> = {
  '(B': { half: 0, element: { decode: latin1, width: 1 } },
  '(J': { half: 0, element: { decode: japanese, width: 1 } },
  ')I': { half: 1, element: { decode: japanese, width: 1 } },
  '-A': { half: 1, element: { decode: latin1, width: 1 } },
  '-B': { half: 1, element: { decode: latin2, width: 1 } },
  '-C': { half: 1, element: { decode: latin3, width: 1 } },
  '-D': { half: 1, element: { decode: latin4, width: 1 } },
  '-F': { half: 1, element: { decode: greek, width: 1 } },
  '-G': { half: 1, element: { decode: arabic, width: 1 } },
  '-H': { half: 1, element: { decode: hebrew, width: 1 } },
  '-L': { half: 1, element: { decode: cyrillic, width: 1 } },
  '-M': { half: 1, element: { decode: latin5, width: 1 } },
  '-T': { half: 1, element: { decode: thai, width: 1 } },
  '-b': { half: 1, element: { decode: latin9, width: 1 } },
  $B: { half: 0, element: { decode: kanji, width: 2 } },
  '$@': { half: 0, element: { decode: kanji, width: 2 } },
  '$(D': { half: 0, element: { decode: supplementaryKanji, width: 2 } },
  '$)C': { half: 1, element: { decode: byLabel('euc-kr'), width: 2 } },
  '$)A': { half: 1, element: { decode: byLabel('gbk'), width: 2 } },
};

/** What follows ISO_IR or ISO 2022 IR, misspellings of the gaps included; undefined for an unknown term. */
function termOf(characterSet: string): string | undefined {
  const term = characterSet
    .trim()
    .toUpperCase()
    .replace(/^ISO.?2022.?(IR.?)?|^ISO.?IR.?/, '')
    .replace(/^0+(?=\d)/, '');
  return term in sets ? term : undefined;
}

/** True where every term of Specific Character Set is known. */
export const areKnown = (characterSets: readonly string[]): boolean =>
  characterSets.every((set) => termOf(set) !== undefined);

const standAlone = new Set(['192', 'GB18030', 'GBK']);
const escapeByte = 0x1b;

/** Bytes that bring back the first character set (PS3.5 6.1.2.5.3). */
const lineEnds = [0x09, 0x0a, 0x0c, 0x0d];
export const textDelimiters: ReadonlySet<number> = new Set(lineEnds);
export const valueDelimiters: ReadonlySet<number> = new Set([...lineEnds, 0x5c]);
export const nameDelimiters: ReadonlySet<number> = new Set([...lineEnds, 0x5c, 0x5e, 0x3d]);

/**
 * Text in the character sets that Specific Character Set names, with code extensions by ISO 2022 (PS3.5 6.1.2).
 * Unknown sets are read as ISO 8859-1; bytes that mean nothing become U+FFFD.
 */
export function decodeText(
  bytes: Uint8Array,
  characterSets: readonly string[],
  delimiters: ReadonlySet<number> = valueDelimiters,
): string {
  const term = termOf(characterSets[0] ?? '') ?? '';
  const first = sets[term]!;
  if (standAlone.has(term) || !bytes.includes(escapeByte)) return first(bytes);
  return decodeExtended(bytes, first, delimiters);
}

function decodeExtended(bytes: Uint8Array, first: Decode, delimiters: ReadonlySet<number>): string {
  const initial: CodeElement = { decode: first, width: 1 };
  let halves: [CodeElement, CodeElement] = [initial, initial];
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === escapeByte) {
      const name = escapeAt(bytes, at);
      const found = name === undefined ? undefined : escapes[name];
      if (name !== undefined && found !== undefined) {
        halves = found.half === 0 ? [found.element, halves[1]] : [halves[0], found.element];
        at += 1 + name.length;
        continue;
      }
    }
    if (delimiters.has(bytes[at]!) && halves[0].width === 1) halves = [initial, initial];
    const end = runEnd(bytes, at, halves, delimiters);
    text += halves[bytes[at]! < 0x80 ? 0 : 1].decode(bytes.subarray(at, end));
    at = end;
  }
  return text;
}

function escapeAt(bytes: Uint8Array, at: number): string | undefined {
  const three = String.fromCharCode(...bytes.subarray(at + 1, at + 4));
  return [three, three.slice(0, 2)].find((name) => name in escapes);
}

/** Where the run ends that one code element reads: at an escape, a delimiter, or a byte of the other half. */
function runEnd(
  bytes: Uint8Array,
  from: number,
  halves: readonly [CodeElement, CodeElement],
  delimiters: ReadonlySet<number>,
): number {
  const low = bytes[from]! < 0x80;
  const width = halves[low ? 0 : 1].width;
  const mixed = halves[0] === halves[1];
  let end = from + width;
  while (end < bytes.length) {
    const byte = bytes[end]!;
    if (byte === escapeByte || (!mixed && byte < 0x80 !== low)) break;
    if (halves[0].width === 1 && delimiters.has(byte)) break;
    end += width;
  }
  return Math.min(end, bytes.length);
}
