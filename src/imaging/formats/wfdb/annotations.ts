import { HounsfieldError } from '../../../errors.ts';
import type { SignalAnnotation } from '../../signal/signal.ts';
import { ANNOTATION_CODES, CODE_OF_AHA, NOTE } from './annotation-codes.ts';

/** One annotation as its file has it. */
export interface WfdbAnnotation {
  /** Ticks from the start of the record: frames, unless the file has a time resolution of its own. */
  readonly sample: number;
  /** 1..49. */
  readonly code: number;
  readonly mnemonic: string;
  readonly subtype: number;
  readonly channel: number;
  readonly number: number;
  readonly note: string;
}

/** An annotation code that a file defines for itself. */
export interface AnnotationDefinition {
  readonly code: number;
  readonly mnemonic: string;
  readonly description: string;
}

export interface WfdbAnnotationFile {
  readonly layout: 'MIT' | 'AHA';
  readonly annotations: readonly WfdbAnnotation[];
  readonly definitions: readonly AnnotationDefinition[];
  /** Ticks per second, where the file says. */
  readonly ticksPerS?: number;
  /** Notes at tick 0: remarks about the whole file, not marks in time. */
  readonly remarks: readonly string[];
  readonly warnings: readonly string[];
}

type Raw = Omit<WfdbAnnotation, 'mnemonic'>;

const SKIP = 59;
const NUMBER = 60;
const SUBTYPE = 61;
const CHANNEL = 62;
const AUX = 63;
const AHA_RECORD_BYTES = 16;
const AHA_END = 0xff;

/**
 * Reads an annotation file in MIT or AHA format (WFDB Applications Guide, annot(5)); which one is found by its first two
 * bytes. Definitions of codes and of the time resolution are taken out of the list. Throws WFDB_ANNOTATIONS_INVALID.
 */
export function parseWfdbAnnotations(bytes: Uint8Array, name: string): WfdbAnnotationFile {
  const letter = String.fromCharCode(bytes[1] ?? 0);
  const isAha =
    bytes[0] === 0 &&
    Object.hasOwn(CODE_OF_AHA, letter) &&
    letter !== '[' &&
    letter !== ']' &&
    ahaFits(bytes);
  if (isAha)
    return { layout: 'AHA', annotations: ahaAnnotations(bytes), definitions: [], remarks: [], warnings: [] };
  const warnings: string[] = [];
  const raw = mitAnnotations(bytes, name, warnings);
  return { layout: 'MIT', ...withoutDefinitions(raw), warnings };
}

/** MIT files may begin with the same two bytes: AHA ones have serial numbers 1, 2 … in their records. */
function ahaFits(bytes: Uint8Array): boolean {
  return bytes.length >= AHA_RECORD_BYTES && bytes[6] === 1 && bytes[7] === 0;
}

function invalid(name: string, at: number, what: string): HounsfieldError {
  return new HounsfieldError(
    'WFDB_ANNOTATIONS_INVALID',
    `${name}, byte ${at}: ${what}. Copy the file again from its source, or leave its annotations out.`,
  );
}

function mitAnnotations(bytes: Uint8Array, name: string, warnings: string[]): Raw[] {
  const list: Raw[] = [];
  const signed8 = (value: number): number => (value << 24) >> 24;
  let sample = 0;
  let channel = 0;
  let number = 0;
  let at = 0;
  let current: { -readonly [K in keyof Raw]: Raw[K] } | undefined;
  for (;;) {
    if (at + 2 > bytes.length) {
      warnings.push('an annotation file has no end mark; it may have been cut short');
      break;
    }
    const low = bytes[at]!;
    const code = bytes[at + 1]! >> 2;
    const interval = ((bytes[at + 1]! & 3) << 8) | low;
    if (code === 0 && interval === 0) break;
    at += 2;
    if (code === SKIP) {
      if (at + 4 > bytes.length) throw invalid(name, at, 'it ends inside a long interval');
      sample += (bytes[at]! << 16) | (bytes[at + 1]! << 24) | bytes[at + 2]! | (bytes[at + 3]! << 8);
      at += 4;
    } else if (code < SKIP) {
      sample += interval;
      current = { sample, code, subtype: 0, channel, number, note: '' };
      if (code > 0) list.push(current);
    } else if (code === AUX) {
      const length = low;
      if (at + length > bytes.length) throw invalid(name, at, 'it ends inside a note');
      if (current) current.note = noteText(bytes.subarray(at, at + length));
      at += length + (length % 2);
    } else if (current) {
      if (code === SUBTYPE) current.subtype = signed8(low);
      else if (code === CHANNEL) current.channel = channel = low;
      else if (code === NUMBER) current.number = number = signed8(low);
    }
  }
  return list;
}

/** UTF-8 where it is valid, else Latin-1. */
function noteText(bytes: Uint8Array): string {
  if (bytes.every((byte) => byte < 128)) return latin1(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return latin1(bytes);
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Notes at tick 0 speak of the whole file: those that begin with ## set its time resolution and define codes. */
function withoutDefinitions(raw: readonly Raw[]): Omit<WfdbAnnotationFile, 'layout' | 'warnings'> {
  const definitions: AnnotationDefinition[] = [];
  const remarks: string[] = [];
  const kept: Raw[] = [];
  let ticksPerS: number | undefined;
  let defining = false;
  for (const one of raw) {
    const isHead = one.code === NOTE && one.sample === 0;
    const resolution = isHead ? /^## time resolution: (\d+(?:\.\d*)?)/.exec(one.note) : null;
    const definition = isHead && defining ? /^(\d+) (\S+) (.+)$/.exec(one.note) : null;
    if (resolution) {
      if (Number(resolution[1]) > 0) ticksPerS ??= Number(resolution[1]);
    } else if (isHead && one.note.startsWith('## annotation type definitions')) {
      defining = true;
    } else if (isHead && one.note.startsWith('## end of definitions')) {
      defining = false;
    } else if (definition) {
      definitions.push({
        code: Number(definition[1]),
        mnemonic: definition[2]!,
        description: definition[3]!,
      });
    } else if (isHead) {
      remarks.push(one.note);
    } else {
      kept.push(one);
    }
  }
  const own = new Map(definitions.map((one) => [one.code, one.mnemonic]));
  const annotations = kept.map((one) => ({
    ...one,
    mnemonic: own.get(one.code) ?? ANNOTATION_CODES[one.code]?.mnemonic ?? `[${one.code}]`,
  }));
  return { annotations, definitions, remarks, ...(ticksPerS === undefined ? {} : { ticksPerS }) };
}

/** Records of 16 bytes: 0, letter, time (high word first), serial number, subtype, MIT code, six characters. */
function ahaAnnotations(bytes: Uint8Array): readonly WfdbAnnotation[] {
  const list: WfdbAnnotation[] = [];
  for (let at = 0; at + AHA_RECORD_BYTES <= bytes.length && bytes[at] !== AHA_END; at += AHA_RECORD_BYTES) {
    const letter = String.fromCharCode(bytes[at + 1]!);
    const sample = (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24) | bytes[at + 4]! | (bytes[at + 5]! << 8);
    const subtype = (bytes[at + 8]! << 24) >> 24;
    const mitCode = bytes[at + 9]!;
    const code = ANNOTATION_CODES[mitCode]?.aha === letter ? mitCode : (CODE_OF_AHA[letter] ?? NOTE);
    const aux = latin1(bytes.subarray(at + 10, at + 16));
    list.push({
      sample,
      code,
      mnemonic: ANNOTATION_CODES[code]!.mnemonic,
      subtype: letter === 'U' && subtype === 0 ? -1 : subtype,
      channel: 0,
      number: 0,
      note: aux.split('\0', 1)[0]!,
    });
  }
  return list;
}

/** A file's annotations on a recording's clock; sub-type, channel and number only where they are not 0. */
export function signalAnnotations(
  file: WfdbAnnotationFile,
  frameRateHz: number,
): readonly SignalAnnotation[] {
  const ticksPerS = file.ticksPerS ?? frameRateHz;
  return file.annotations.map((one) => ({
    timeS: one.sample / ticksPerS,
    ...(ticksPerS === frameRateHz ? { sample: one.sample } : {}),
    label: one.mnemonic,
    ...(one.note === '' ? {} : { note: one.note }),
    ...(one.channel === 0 ? {} : { channel: one.channel }),
    ...(one.subtype === 0 ? {} : { subtype: one.subtype }),
    ...(one.number === 0 ? {} : { number: one.number }),
  }));
}
