import type { ByteSource } from '../formats/byte-source.ts';
import type { Signal } from './signal.ts';
import type { SignalInfo } from './signal-info.ts';

/** What every reader of recordings understands; each format adds its own. */
export interface SignalReadOptions {
  /** Opens a file that lies beside this one, by its name. */
  readonly companion?: (name: string) => Promise<ByteSource>;
  /** What is usually read with a warning is an error; default false. */
  readonly strict?: boolean;
  /** Most samples over all channels, against files that promise more than they hold; each format states its default. */
  readonly largestSampleCount?: number;
}

/** What every format of recordings offers, so that a table can list it. */
export interface SignalFormat {
  readonly name: string;
  /** As in file names, lower case. */
  readonly extensions: readonly string[];
  /** By content: `head` is the first 4096 bytes or more. */
  matches(head: Uint8Array, name: string): boolean;
  read(source: ByteSource, options?: SignalReadOptions): Promise<Signal>;
  info(
    source: ByteSource,
    options?: SignalReadOptions & { readonly identity?: boolean },
  ): Promise<SignalInfo>;
}
