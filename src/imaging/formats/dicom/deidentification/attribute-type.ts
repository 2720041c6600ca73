import type { Tag } from '../dataset.ts';
import { nestedTypes, sopClassRoot, typedTags, typesBySopClass } from './attribute-types.generated.ts';

/** Types of PS3.5 7.4; 1C counts as 1 and 2C as 2, since their conditions are not looked at. */
export type AttributeType = 1 | 2 | 3;

interface Types {
  readonly order: ReadonlyMap<Tag, number>;
  readonly bySopClass: ReadonlyMap<string, string>;
  readonly nested: ReadonlyMap<string, AttributeType>;
}

let types: Types | undefined;

function load(): Types {
  const words = typedTags.trim().split(/\s+/);
  const order = new Map(words.map((digits, i) => [Number.parseInt(digits, 16), i]));
  const bySopClass = new Map<string, string>();
  for (const [pattern, uids] of sections(typesBySopClass))
    for (const uid of uids) bySopClass.set(sopClassRoot + uid, pattern);
  const nested = new Map<string, AttributeType>();
  for (const [type, pairs] of sections(nestedTypes))
    for (const pair of pairs) nested.set(pair, Number(type) as AttributeType); // the generated table holds 1, 2 and 3
  return { order, bySopClass, nested };
}

/** '= head' lines, each with the words that follow it. */
function sections(text: string): readonly (readonly [string, readonly string[]])[] {
  return text
    .trim()
    .split(/^= /m)
    .filter((section) => section !== '')
    .map((section) => {
      const [head = '', ...words] = section.trim().split(/\s+/);
      return [head, words];
    });
}

const digits = (tag: Tag): string => tag.toString(16).padStart(8, '0');

/**
 * The Type of an attribute whose action depends on it, in the SOP class's IOD or, inside of a sequence, the strictest
 * of all IODs. Undefined where neither is known. An attribute that a known IOD does not have is of Type 3 there.
 */
export function attributeType(
  tag: Tag,
  sopClassUid: string,
  parent: Tag | undefined,
): AttributeType | undefined {
  types ??= load();
  if (parent !== undefined) return types.nested.get(`${digits(parent)}.${digits(tag)}`);
  const index = types.order.get(tag);
  const pattern = types.bySopClass.get(sopClassUid);
  if (pattern === undefined) return undefined;
  return index === undefined ? 3 : (Number(pattern[index]) as AttributeType); // the generated table holds 1, 2 and 3
}
