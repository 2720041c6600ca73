/** Hounsfield's own, made once from a UUID (PS3.5 B.2). */
export const implementationClassUid = '2.25.178235678548459547854827932153273822003';
/** At most 16 characters (SH). */
export const implementationVersionName = 'HOUNSFIELD';

/** A new UID under 2.25 (PS3.5 B.2): a random UUID as a decimal number, at most 44 characters. */
export function newUid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return uidFromBytes(bytes);
}

/** The UID of 16 bytes, such as a keyed hash: made a UUID of version 4, then a decimal number under 2.25. */
export function uidFromBytes(bytes: Uint8Array): string {
  const uuid = new Uint8Array(bytes.subarray(0, 16));
  uuid[6] = (uuid[6]! & 0x0f) | 0x40;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  let value = 0n;
  for (const byte of uuid) value = (value << 8n) | BigInt(byte);
  return `2.25.${value}`;
}

/** True for what PS3.5 9.1 allows: digits and dots, no leading zeros, at most 64 characters. */
export const isUid = (value: string): boolean =>
  value.length <= 64 && /^(0|[1-9]\d*)(\.(0|[1-9]\d*))*$/.test(value);
