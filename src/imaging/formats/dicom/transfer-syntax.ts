/** How a transfer syntax encodes a data set (PS3.5 annex A). */
export interface TransferSyntax {
  readonly explicitVr: boolean;
  readonly littleEndian: boolean;
  readonly deflated: boolean;
  /** Pixel data lies in fragments. */
  readonly encapsulated: boolean;
}

export const implicitLittleEndian = '1.2.840.10008.1.2';
export const explicitLittleEndian = '1.2.840.10008.1.2.1';
export const explicitBigEndian = '1.2.840.10008.1.2.2';
export const deflatedLittleEndian = '1.2.840.10008.1.2.1.99';

const plain = { explicitVr: true, littleEndian: true, deflated: false, encapsulated: false };
const table: Readonly<Record<string, TransferSyntax>> = {
  [implicitLittleEndian]: { ...plain, explicitVr: false },
  [explicitLittleEndian]: plain,
  [explicitBigEndian]: { ...plain, littleEndian: false },
  [deflatedLittleEndian]: { ...plain, deflated: true },
  // GE's private implicit little endian with big-endian pixel data
  '1.2.840.113619.5.2': { ...plain, explicitVr: false },
  // JPIP referenced deflate: no pixel data inside
  '1.2.840.10008.1.2.4.95': { ...plain, deflated: true },
  '1.2.840.10008.1.2.4.205': { ...plain, deflated: true },
  '1.2.840.10008.1.2.4.94': plain,
  '1.2.840.10008.1.2.4.204': plain,
};

/** What is known of a transfer syntax; any that is not listed is explicit little endian with fragments. */
export const transferSyntax = (uid: string): TransferSyntax => table[uid] ?? { ...plain, encapsulated: true };
