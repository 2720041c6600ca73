import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import { cacheFolder } from '../../cache-folder.node.ts';
import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import { weightSources } from './sources.ts';

export interface FetchOptions {
  /** Of the file, 64 hexadecimal digits. Needed, unless the table of sources knows it or trust is given. */
  readonly sha256?: string | undefined;
  /** 'first-use' accepts what comes at the first time, tells its checksum, and holds the file to it from then on. */
  readonly trust?: 'first-use' | undefined;
  /** Default: $HOUNSFIELD_CACHE, or hounsfield in the user's cache folder. */
  readonly cacheFolder?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Largest file that is taken; default 4 GiB. */
  readonly maxBytes?: number | undefined;
  /** Called as bytes come; total is undefined where the server does not tell. */
  readonly onProgress?: ((received: number, total: number | undefined) => void) | undefined;
}

export interface FetchedWeights {
  readonly path: string;
  readonly sha256: string;
  /** False when it was in the cache, and no network was needed. */
  readonly downloaded: boolean;
}

const MOST_REDIRECTS = 8;
/** A connection that breaks is taken up again where it broke, so many times. */
const MOST_ATTEMPTS = 4;
const MOST_BYTES = 2 ** 32;
const SILENCE_MS = 60_000;

/**
 * Weights from an address into the cache; offline from then on. The file is checked at every use and is either whole and
 * right or not there. Behind a proxy, start Node.js with NODE_USE_ENV_PROXY=1.
 *
 * @param url https:, or http: to this machine itself
 * @throws WEIGHTS_URL, WEIGHTS_NO_CHECKSUM, WEIGHTS_CHECKSUM, WEIGHTS_FETCH, WEIGHTS_TOO_LARGE, DISK_FULL,
 *   FILE_NOT_WRITABLE; the signal's reason when it is aborted
 */
export async function fetchWeights(url: string, options: FetchOptions = {}): Promise<FetchedWeights> {
  const address = checkedUrl(url, 'the address');
  const folder = join(options.cacheFolder ?? cacheFolder(), 'weights');
  const known = checksumFor(url, options.sha256);
  const note = join(folder, `${sha256Of(url)}.json`);
  const wanted = known ?? (options.trust ? await notedChecksum(note) : refuseUnknown(address));
  if (wanted) {
    const path = cachePath(folder, wanted, address);
    if (existsSync(path)) {
      if ((await fileChecksum(path, options.signal)) === wanted)
        return { path, sha256: wanted, downloaded: false };
      await rm(path, { force: true }); // spoiled on the disk
    }
  }
  const partial = join(folder, `.${randomUUID()}.partial`);
  try {
    await mkdir(folder, { recursive: true });
    const sha256 = await download(address, partial, options);
    if (wanted && sha256 !== wanted) refuseChecksum(address, sha256, wanted);
    const path = cachePath(folder, sha256, address);
    await rename(partial, path);
    if (!known) await writeFileAtomically(note, JSON.stringify({ sha256 }));
    return { path, sha256, downloaded: true };
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {}); // the first error is the one to tell
    options.signal?.throwIfAborted();
    throw isHounsfieldError(error) ? error : writeError(error, partial);
  }
}

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Addresses as messages show them: what follows '?' may hold a secret. */
const shown = (url: URL): string => `${url.origin}${url.pathname}`;

function checkedUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (
    url &&
    !url.username &&
    !url.password &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal))
  ) {
    return url;
  }
  throw new HounsfieldError(
    'WEIGHTS_URL',
    `${what} of the weights is not https: (or http: to this machine), or holds a password. Give one that begins with https://.`,
  );
}

function checksumFor(url: string, given: string | undefined): string | undefined {
  const known = [...weightSources.values()].find((source) => source.url === url)?.sha256;
  if (given === undefined) return known;
  if (!/^[0-9a-fA-F]{64}$/.test(given)) {
    throw new HounsfieldError(
      'WEIGHTS_NO_CHECKSUM',
      `a SHA-256 has 64 hexadecimal digits, and ${given.length} characters were given. Copy it whole from where the weights are published.`,
    );
  }
  return given.toLowerCase();
}

function refuseUnknown(url: URL): never {
  throw new HounsfieldError(
    'WEIGHTS_NO_CHECKSUM',
    `no checksum is known for ${shown(url)}. Give its SHA-256 as it is published, or pass trust: 'first-use' to accept ` +
      'what comes now and be told its checksum.',
  );
}

function refuseChecksum(url: URL, found: string, wanted: string): never {
  throw new HounsfieldError(
    'WEIGHTS_CHECKSUM',
    `what came from ${shown(url)} has the SHA-256 ${found}, expected ${wanted}, and was thrown away. The file there has ` +
      'changed, or something on the way changes it: check the address and the checksum where the weights are published.',
  );
}

/** What was accepted at the first use. */
async function notedChecksum(note: string): Promise<string | undefined> {
  if (!existsSync(note)) return undefined;
  try {
    const content = JSON.parse(await readFile(note, 'utf8')) as { sha256?: unknown }; // its field is checked below
    const { sha256 } = content;
    return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined;
  } catch {
    return undefined;
  }
}

/** By content, so that one file that lies at several addresses is kept once. */
function cachePath(folder: string, sha256: string, url: URL): string {
  const ending = extname(basename(url.pathname));
  return join(folder, `${sha256}${/^\.(safetensors|onnx|h5|keras|npz)$/.test(ending) ? ending : ''}`);
}

async function fileChecksum(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, signal ? { signal } : {});
  return hash.digest('hex');
}

/** Streams the answer into the file, takes it up again when the connection breaks, and gives the checksum. */
async function download(url: URL, path: string, options: FetchOptions): Promise<string> {
  const { signal, onProgress } = options;
  const most = options.maxBytes ?? MOST_BYTES;
  const file = await open(path, 'wx');
  try {
    let hash = createHash('sha256');
    let received = 0;
    for (let attempt = 1; ; attempt++) {
      const silence = new AbortController();
      const stop = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
      let timer = setTimeout(() => silence.abort(), SILENCE_MS);
      try {
        const response = await request(url, received, stop);
        if (received > 0 && !continues(response, received)) {
          received = 0; // the server begins anew, and so do we
          hash = createHash('sha256');
          await file.truncate(0);
        }
        const length = Number(response.headers.get('content-length') ?? Number.NaN);
        const total = Number.isFinite(length) ? received + length : undefined;
        if ((total ?? 0) > most) refuseSize(url, total!, most);
        for await (const chunk of response.body ?? []) {
          if (received === 0) refuseWebPage(url, response, chunk);
          if (received + chunk.length > most) refuseSize(url, received + chunk.length, most);
          await file.write(chunk, 0, chunk.length, received);
          hash.update(chunk);
          received += chunk.length;
          onProgress?.(received, total);
          clearTimeout(timer);
          timer = setTimeout(() => silence.abort(), SILENCE_MS);
        }
        if (total !== undefined && received < total)
          throw new Error(`it ended after ${received} of ${total} bytes`);
        await file.sync();
        return hash.digest('hex');
      } catch (error) {
        signal?.throwIfAborted();
        if (isHounsfieldError(error) || isDiskError(error)) throw error;
        if (attempt === MOST_ATTEMPTS || (received === 0 && attempt > 1)) throw unreachable(url, error);
      } finally {
        clearTimeout(timer);
      }
    }
  } finally {
    await file.close();
  }
}

const isDiskError = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && error.syscall === 'write';

function continues(response: Response, received: number): boolean {
  const range = response.headers.get('content-range') ?? '';
  return response.status === 206 && range.startsWith(`bytes ${received}-`);
}

/** Follows redirections itself, as each of them must be safe, too. */
async function request(url: URL, from: number, signal: AbortSignal): Promise<Response> {
  let next = url;
  for (let step = 0; step <= MOST_REDIRECTS; step++) {
    // nothing compressed, so that lengths and ranges are those of the file
    const headers = { 'accept-encoding': 'identity', ...(from > 0 ? { range: `bytes=${from}-` } : {}) };
    const response = await fetch(next, { headers, redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location && URL.canParse(location, next)) {
      await response.body?.cancel();
      next = checkedUrl(new URL(location, next).href, 'the address redirected to');
      continue;
    }
    if (response.ok) return response;
    await response.body?.cancel();
    throw fetchError(url, `the server answers ${response.status}`, undefined);
  }
  throw fetchError(url, `it redirects more than ${MOST_REDIRECTS} times`, undefined);
}

const unreachable = (url: URL, error: unknown): HounsfieldError => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const isCoded = cause instanceof Error && 'code' in cause && typeof cause.code === 'string';
  const reason = isCoded ? String(cause.code) : cause instanceof Error ? cause.message : String(cause);
  return fetchError(url, reason, error);
};

function fetchError(url: URL, reason: string, cause: unknown): HounsfieldError {
  return new HounsfieldError(
    'WEIGHTS_FETCH',
    `${shown(url)} cannot be fetched (${reason}). Check the address and the network (behind a proxy, NODE_USE_ENV_PROXY=1), ` +
      'or fetch the file by other means and give its path.',
    { cause },
  );
}

function refuseWebPage(url: URL, response: Response, first: Uint8Array): void {
  const type = response.headers.get('content-type') ?? '';
  if (!/^text\/html\b/i.test(type) && first[0] !== 0x3c) return; // '<'
  throw fetchError(
    url,
    'it answers with a web page instead of a file: sign in there, or copy the address of the file itself',
    undefined,
  );
}

function refuseSize(url: URL, bytes: number, most: number): never {
  throw new HounsfieldError(
    'WEIGHTS_TOO_LARGE',
    `${shown(url)} has at least ${bytes} bytes where ${most} are allowed. Raise maxBytes if the file is really so large.`,
  );
}
