import type { Tag } from '../dataset.ts';
import { safePrivateBlocks } from './safe-private.generated.ts';

interface Block {
  readonly elements: ReadonlySet<number>;
  readonly sequences: ReadonlySet<number>;
  readonly uids: ReadonlySet<number>;
}

let blocks: ReadonlyMap<string, Block> | undefined;

function load(): ReadonlyMap<string, Block> {
  const numbers = (text = '') =>
    new Set(text.split(' ').flatMap((hex) => (hex === '' ? [] : [Number.parseInt(hex, 16)])));
  return new Map(
    safePrivateBlocks
      .trim()
      .split('\n')
      .map((line) => {
        const [creator, group, elements, sequences, uids] = line.split('|');
        const block = { elements: numbers(elements), sequences: numbers(sequences), uids: numbers(uids) };
        return [`${creator}|${group}`, block];
      }),
  );
}

/** What table E.3.10-1 says of a private element; undefined where it does not call it safe. */
export function safePrivateKind(tag: Tag, creator: string | undefined): 'SQ' | 'UI' | 'value' | undefined {
  if (creator === undefined) return undefined;
  blocks ??= load();
  const block = blocks.get(`${creator}|${(tag >>> 16).toString(16).padStart(4, '0')}`);
  const element = tag & 0xff;
  if (block?.elements.has(element) !== true) return undefined;
  return block.sequences.has(element) ? 'SQ' : block.uids.has(element) ? 'UI' : 'value';
}
