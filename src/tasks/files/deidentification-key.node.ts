import { randomBytes } from 'node:crypto';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { writeError } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';

const KEY_BYTES = 32;
const OTHERS = 0o077;

/**
 * The secret key of a file; where there is none yet, one is drawn and written so that only its owner may read it.
 * Throws DEID_KEY_FILE, DISK_FULL, FILE_NOT_WRITABLE.
 */
export async function keyFromFile(file: string): Promise<{ key: Uint8Array; isNew: boolean }> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw keyError(file, 'cannot be read', cause);
  });
  if (text === undefined) return { key: await makeKeyFile(file), isNew: true };
  const hex = text.trim();
  if (!/^([0-9a-f]{2}){32,}$/i.test(hex))
    throw keyError(file, `does not hold a key of ${KEY_BYTES * 2} or more hexadecimal digits`);
  const { mode } = await stat(file);
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0)
    throw keyError(file, `may be read by others (mode ${(mode & 0o777).toString(8)})`);
  return { key: Uint8Array.from(Buffer.from(hex, 'hex')), isNew: false };
}

function keyError(file: string, reason: string, cause?: unknown): HounsfieldError {
  return new HounsfieldError(
    'DEID_KEY_FILE',
    `the key file ${file} ${reason}. Set its mode to 600, name another one, or let a new one be made (which gives new pseudonyms).`,
    { cause },
  );
}

async function makeKeyFile(file: string): Promise<Uint8Array> {
  const key = randomBytes(KEY_BYTES);
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(`${key.toString('hex')}\n`);
      await handle.sync();
    } catch (cause) {
      await rm(file, { force: true });
      throw cause;
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw writeError(cause, file);
  }
  return Uint8Array.from(key);
}
