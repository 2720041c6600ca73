import { HounsfieldError } from '../../../errors.ts';
import type { SignalAnnotation } from '../../signal/signal.ts';
import { ANNOTATION_CODES, NOTE } from './annotation-codes.ts';

const CODE_OF: ReadonlyMap<string, number> = new Map(
  Object.entries(ANNOTATION_CODES).map(([code, { mnemonic }]) => [mnemonic, Number(code)]),
);
const LONGEST_INTERVAL = 1023;

/**
 * Annotations in MIT format (WFDB Applications Guide, annot(5)), in the order of time, counted in ticks of 1 / ticksPerS;
 * where that is not the record's frame rate the file says so. A label that is no mnemonic becomes the text of a note.
 * Throws WFDB_NOTE_TOO_LONG.
 */
export function encodeWfdbAnnotations(
  annotations: readonly SignalAnnotation[],
  ticksPerS: number,
  frameRateHz: number,
): Uint8Array {
  const out: number[] = [];
  const word = (code: number, data: number): void => {
    out.push(data & 0xff, (code << 2) | ((data >> 8) & 3));
  };
  const timed = annotations.map((one) => ({ ...one, at: Math.round(one.timeS * ticksPerS) }));
  if (ticksPerS !== frameRateHz) {
    word(NOTE, 0);
    putNote(out, `## time resolution: ${ticksPerS}`, word);
  }
  let [last, channel, number] = [0, 0, 0];
  for (const one of timed.toSorted((a, b) => a.at - b.at)) {
    const code = CODE_OF.get(one.label);
    const note =
      code === undefined ? [one.label, one.note ?? ''].filter((part) => part !== '').join(' ') : one.note;
    const interval = one.at - last;
    const isLong = interval > LONGEST_INTERVAL || interval < 0;
    if (isLong) {
      word(59, 0);
      out.push((interval >> 16) & 0xff, (interval >> 24) & 0xff, interval & 0xff, (interval >> 8) & 0xff);
    }
    word(code ?? NOTE, isLong ? 0 : interval);
    if (one.subtype) word(61, one.subtype & 0xff);
    if ((one.channel ?? 0) !== channel) word(62, (one.channel ?? 0) & 0xff);
    if ((one.number ?? 0) !== number) word(60, (one.number ?? 0) & 0xff);
    if (note) putNote(out, note, word);
    [last, channel, number] = [one.at, one.channel ?? 0, one.number ?? 0];
  }
  word(0, 0);
  return Uint8Array.from(out);
}

function putNote(out: number[], note: string, word: (code: number, data: number) => void): void {
  const bytes = new TextEncoder().encode(note);
  if (bytes.length > 255) {
    throw new HounsfieldError(
      'WFDB_NOTE_TOO_LONG',
      `a note has ${bytes.length} bytes, and WFDB's annotations hold 255. Shorten it, or write EDF+.`,
    );
  }
  word(63, bytes.length);
  for (const byte of bytes) out.push(byte);
  if (bytes.length % 2 === 1) out.push(0);
}
