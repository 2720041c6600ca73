import { isPlainWord } from './vocabulary.ts';

/** Begins a switch of character sets (PS3.5 6.1.2.5.3). */
const ESCAPE = '\x1b';

/** Bytes as characters 0..255. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** Characters 0..255 as bytes, filled to an even length. */
export function bytesOfText(text: string, padding = ' '): Uint8Array {
  const whole = text.length % 2 === 0 ? text : text + padding;
  return Uint8Array.from(whole, (character) => character.charCodeAt(0) & 0xff);
}

/**
 * What is left of a description when every word that is not known to be harmless is gone (PS3.15 E.3.5). Numbers of
 * one or two digits stay; longer ones, dates and times go with the words. Text in other alphabets goes as a whole.
 *
 * @param own words of this file that name somebody; they go even where they are also words of the vocabulary
 */
export function cleanText(text: string, own: IdentifyingWords): string {
  if (text.includes(ESCAPE)) return '';
  const kept = text
    .replace(/\d+(?:[-./:]\d+)+/g, (number) => (/^\d{1,2}\.\d{1,2}$/.test(number) ? number : ' '))
    .split(/([^A-Za-z0-9\x80-\xff]+)/)
    .map((part, i) => (i % 2 === 1 ? separator(part) : isHarmless(part, own) ? part : ''));
  return kept
    .join('')
    .replace(/ {2,}/g, ' ')
    .replace(/^[ ,;:/.()+-]+|[ ,;:/.(+-]+$/g, '');
}

const separator = (part: string): string => (/^[ ,;:/()+\-.\r\n\\]+$/.test(part) ? part : ' ');

function isHarmless(part: string, own: IdentifyingWords): boolean {
  const word = part.toLowerCase();
  if (part === '' || /^\d{1,2}$/.test(part)) return true;
  return isPlainWord(word) && !own.has(word);
}

/** Words that name this patient or those around, in small letters. */
export type IdentifyingWords = ReadonlySet<string>;

const SHORTEST_WORD = 3;
/** Scripts that write without spaces between words, and say much with few signs. */
const unspaced = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Script=Thai}/u;

const plain = (value: string): string => value.normalize('NFKC').toLowerCase();

/** Words of a decoded value that may be looked for elsewhere: of three letters or more, or of four characters with digits. */
export function wordsOf(value: string): readonly string[] {
  return plain(value)
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) =>
      unspaced.test(word)
        ? [...word].length > 1
        : word.length > SHORTEST_WORD || (word.length === SHORTEST_WORD && !/\p{N}/u.test(word)),
    );
}

/** Which of the words stand in a decoded value: whole ones, or anywhere where words are not parted by spaces. */
export function wordsFound(value: string, own: IdentifyingWords): readonly string[] {
  if (own.size === 0) return [];
  const found = wordsOf(value).filter((word) => own.has(word));
  if (!unspaced.test(value.normalize('NFKC'))) return found;
  const text = plain(value);
  return [...found, ...[...own].filter((word) => unspaced.test(word) && text.includes(word))];
}
