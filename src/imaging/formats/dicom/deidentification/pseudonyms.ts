import { HounsfieldError } from '../../../../errors.ts';
import { uidFromBytes } from '../uid.ts';

/** What stands for identities: the same for the same key and value, and nothing without the key. */
export interface Pseudonyms {
  /** 2.25 and a number (PS3.5 B.2). */
  uid(value: string): Promise<string>;
  /** Upper-case letters and digits, 12 of them after the prefix. */
  text(purpose: string, value: string, prefix: string): Promise<string>;
  /** How many days this patient's dates go back: 1 to 3652. */
  shiftDays(patient: string): Promise<number>;
}

const SHORTEST_KEY = 16;
const LONGEST_SHIFT_DAYS = 3652;
const MOST_REMEMBERED = 200_000;
const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** Pseudonyms by HMAC-SHA-256 (RFC 2104). @param key 16 bytes or more, kept secret. Throws DEID_KEY. */
export async function pseudonymsFrom(key: Uint8Array): Promise<Pseudonyms> {
  if (key.length < SHORTEST_KEY)
    throw new HounsfieldError(
      'DEID_KEY',
      `the key has ${key.length} bytes, ${SHORTEST_KEY} or more are needed. Let a key file be made, or give a longer one.`,
    );
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const secret = await crypto.subtle.importKey('raw', Uint8Array.from(key), algorithm, false, ['sign']);
  const encoder = new TextEncoder();
  const remembered = new Map<string, Uint8Array>();
  const digest = async (purpose: string, value: string): Promise<Uint8Array> => {
    const message = `${purpose}\0${value}`;
    const known = remembered.get(message);
    if (known !== undefined) return known;
    const made = new Uint8Array(await crypto.subtle.sign('HMAC', secret, encoder.encode(message)));
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(message, made);
    return made;
  };
  return {
    uid: async (value) => uidFromBytes(await digest('uid', value)),
    text: async (purpose, value, prefix) =>
      prefix +
      [...(await digest(purpose, value)).subarray(0, 12)].map((byte) => alphabet[byte % 32]).join(''),
    shiftDays: async (patient) => {
      const bytes = await digest('days', patient);
      return 1 + (new DataView(bytes.buffer).getUint32(0) % LONGEST_SHIFT_DAYS);
    },
  };
}
