import { decodeText, nameDelimiters, valueDelimiters } from '../character-sets.ts';
import type { Dataset, DicomFile, Tag } from '../dataset.ts';
import { type IdentifyingWords, latin1, wordsOf } from './clean-text.ts';

/** Who a file is about, as far as its own attributes say. */
export interface Identity {
  readonly sopClassUid: string;
  /** What pseudonyms are made of: Patient ID, else the name, else the study. */
  readonly patient: string;
  readonly words: IdentifyingWords;
}

/** Numbers and addresses that name a patient as their name does: IDs, birth date, accession, telephone. */
const identifying: readonly Tag[] = [
  0x00080050, 0x00100020, 0x00100030, 0x00101000, 0x00101040, 0x00102154, 0x00102155, 0x00380010, 0x00401103,
];
const MOST_WORDS = 10_000;

/** Reads the identity of a file from its header. */
export function identityOf(file: DicomFile): Identity {
  const { dataset } = file;
  const value = (tag: Tag): string => {
    const bytes = dataset.elements.get(tag)?.bytes;
    return bytes === undefined ? '' : latin1(bytes).replace(/^[ \0]+|[ \0]+$/g, '');
  };
  const words = new Set<string>();
  collect(dataset, words);
  const id = value(0x00100020);
  const name = value(0x00100010);
  const patient = id !== '' ? `id ${id}` : name !== '' ? `name ${name}` : `study ${value(0x0020000d)}`;
  return { sopClassUid: value(0x00080016), patient, words };
}

function collect(dataset: Dataset, words: Set<string>): void {
  for (const { tag, vr, bytes, items } of dataset.elements.values()) {
    if (words.size > MOST_WORDS) return;
    for (const item of items ?? []) collect(item, words);
    if (bytes === undefined || bytes.length > 1024) continue;
    if (vr !== 'PN' && !identifying.includes(tag)) continue;
    const delimiters = vr === 'PN' ? nameDelimiters : valueDelimiters;
    for (const word of wordsOf(decodeText(bytes, dataset.characterSets, delimiters))) words.add(word);
  }
}
