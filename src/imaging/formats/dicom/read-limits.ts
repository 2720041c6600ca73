/** What a file may ask of its reader. */
export interface DicomLimits {
  /** Sequences within sequences. */
  readonly depth: number;
  /** Elements, items and fragments together; unless told, at least one for every 256 bytes of the file. */
  readonly elements: number;
  /** Bytes that a deflated data set may grow to. */
  readonly inflatedBytes: number;
  /** Bytes of values held in memory; past them, values are left in the file. */
  readonly loadedBytes: number;
}

export const defaultLimits: DicomLimits = {
  depth: 100,
  elements: 1_000_000,
  inflatedBytes: 192 * 1024 * 1024,
  loadedBytes: 192 * 1024 * 1024,
};
