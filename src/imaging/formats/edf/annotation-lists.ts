import type { SignalAnnotation } from '../../signal/signal.ts';

/** A time-stamped annotations list (EDF+ clause 2.2.2): one onset, several texts. */
export interface AnnotationList {
  /** Seconds after the file's starting time. */
  readonly onsetS: number;
  readonly durationS?: number;
  /** An empty first text is a record's own time. */
  readonly texts: readonly string[];
}

const ONSET = /^[+-]\d+(?:\.\d*)?$/;
const DURATION = /^\d+(?:\.\d*)?$/;

/** The lists in one record of an annotations signal; `broken` counts those that have no readable onset. */
export function parseAnnotationLists(bytes: Uint8Array): {
  readonly lists: readonly AnnotationList[];
  readonly broken: number;
} {
  const lists: AnnotationList[] = [];
  let broken = 0;
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] === 0) {
      at++;
      continue;
    }
    const end = bytes.indexOf(0, at);
    const stop = end < 0 ? bytes.length : end;
    const list = parseList(decodeText(bytes.subarray(at, stop)));
    if (list) lists.push(list);
    else broken++;
    at = stop;
  }
  return { lists, broken };
}

function parseList(text: string): AnnotationList | undefined {
  const [head = '', ...texts] = text.split('\x14');
  const [onset = '', duration, ...more] = head.split('\x15');
  const isOdd = more.length > 0 || (duration !== undefined && duration !== '' && !DURATION.test(duration));
  if (!ONSET.test(onset) || isOdd || texts.length === 0) return undefined;
  if (!Number.isFinite(Number(onset)) || !Number.isFinite(Number(duration ?? 0))) return undefined;
  // the last separator ends the list
  const kept = texts.at(-1) === '' ? texts.slice(0, -1) : texts;
  return {
    onsetS: Number(onset),
    ...(duration ? { durationS: Number(duration) } : {}),
    texts: kept,
  };
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  }
}

/** The marks of a list on a clock that starts at `startS`. */
export function marksOf(list: AnnotationList, startS: number): readonly SignalAnnotation[] {
  return list.texts
    .filter((text) => text !== '')
    .map((label) => ({
      timeS: list.onsetS - startS,
      ...(list.durationS === undefined ? {} : { durationS: list.durationS }),
      label,
    }));
}
