import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { threadId } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import type { IntensityUnit } from '../../imaging/image/medical-image.ts';
import type { NamedStep } from '../../imaging/transforms/history.ts';
import { version } from '../../version.node.ts';
import type { InputShape, ResizeMode } from './conform-image.ts';
import {
  type ImageCachePlace,
  makePrivateFolder,
  removeFile,
  trimImageCache,
} from './image-cache-folder.node.ts';
import { sourceKeys } from './image-cache-keys.node.ts';
import type { IntensityScale } from './intensity-scale.ts';

/** A cache for images of one making; survives structured cloning. */
export interface DiskCache {
  readonly place: ImageCachePlace;
  /** Folder of the packs with images of this making. */
  readonly folder: string;
  readonly values: number;
  /** Bytes of one value. */
  readonly width: 1 | 2 | 4;
}

/** What makes one decoded image differ from another of the same file. */
export interface ImageMaking {
  readonly preparation: readonly NamedStep[] | undefined;
  readonly shape: InputShape;
  readonly mode: ResizeMode;
  readonly width: 1 | 2 | 4;
}

/** An image as it was stored. */
export interface CachedImage extends IntensityScale {
  readonly pixels: Uint8Array | Uint16Array | Float32Array; // [C, H, W]
}

/** One image's place in the cache, found or not. */
export interface CacheEntry {
  readonly image: CachedImage | undefined;
  /** Stores what was decoded, unless the files have changed since or the values do not fit. */
  readonly store: (pixels: Float32Array, scale: IntensityScale) => Promise<void>;
}

/** Raised whenever what is stored, or how images are made, changes within a version. */
const FORMAT = 1;
/** magic u32, CRC-32 of all that follows u32, content key 32, stat key 32, bits u8, length of unit u8, unit 24, zeros */
const HEADER = 128;
const MAGIC = 0x48494331; // HIC1
const UNIT_BYTES = 24;
const LARGEST_PACK = 64 * 2 ** 20;
/** Packs used within this time belong to a run that may be under way. */
const IDLE_SECONDS = 600;
const SCAN_AGAIN_MILLISECONDS = 1000;

/** The cache for images of a making; makes its folder and room. Undefined where the folder cannot be made. */
export function diskCache(place: ImageCachePlace, making: ImageMaking): DiskCache | undefined {
  const { channels, height, width } = making.shape;
  const text = JSON.stringify([
    FORMAT,
    version,
    making.preparation ?? [],
    channels,
    height,
    width,
    making.mode,
    making.width,
  ]);
  const id = createHash('sha256').update(text).digest('hex').slice(0, 32);
  const folder = path.join(place.folder, id);
  try {
    makePrivateFolder(place.folder);
    trimImageCache(place, IDLE_SECONDS);
    makePrivateFolder(folder);
  } catch {
    return undefined;
  }
  return { place, folder, values: channels * height * width, width: making.width };
}

/** Looks a picture's file (or folder) up. Undefined where it cannot be cached; never throws. */
export async function lookUpImage(cache: DiskCache, source: string): Promise<CacheEntry | undefined> {
  try {
    const packs = openPacks(cache);
    const keys = await sourceKeys(source);
    if (!keys) return undefined;
    let image = packs.read(keys.stat);
    let content: Buffer | undefined;
    if (!image) {
      content = await keys.content();
      image = packs.read(content);
    }
    return {
      image,
      async store(pixels, scale) {
        if (image || !content) return;
        const now = await sourceKeys(source).catch(() => undefined);
        if (!now?.stat.equals(keys.stat)) return;
        packs.write(content, keys.settled ? keys.stat : Buffer.alloc(32), pixels, scale);
      },
    };
  } catch {
    return undefined; // whatever is wrong with the file is told by whoever decodes it
  }
}

/** Closes the files that this thread holds open for a cache. */
export function closeDiskCache(cache: DiskCache): void {
  opened.get(cache)?.close();
  opened.delete(cache);
}

interface Packs {
  readonly read: (key: Buffer) => CachedImage | undefined;
  readonly write: (content: Buffer, stat: Buffer, pixels: Float32Array, scale: IntensityScale) => void;
  readonly close: () => void;
}

const opened = new WeakMap<DiskCache, Packs>();

function openPacks(cache: DiskCache): Packs {
  const there = opened.get(cache);
  if (there) return there;
  const packs = createPacks(cache);
  opened.set(cache, packs);
  return packs;
}

/** An open pack; every record has the same length, so that a torn last one spoils nothing. */
interface OpenPack {
  readonly file: number;
  readonly name: string;
  records: number;
  touchedAt: number;
}

function createPacks(cache: DiskCache): Packs {
  const recordBytes = HEADER + cache.values * cache.width;
  const packBytes = Math.max(recordBytes, Math.min(LARGEST_PACK, Math.floor(cache.place.bytes / 8)));
  const packs = new Map<string, OpenPack>();
  const index = new Map<string, { readonly pack: OpenPack; readonly at: number }>();
  let scannedAt = Number.NEGATIVE_INFINITY;
  let own: OpenPack | undefined;
  let full = false;

  const remember = (pack: OpenPack, at: number, header: Buffer) => {
    for (const key of [header.subarray(8, 40), header.subarray(40, 72)]) {
      if (key.some((byte) => byte !== 0)) index.set(key.toString('latin1'), { pack, at });
    }
  };
  const scanPack = (name: string) => {
    const known = packs.get(name);
    if (known && known === own) return;
    const pack = known ?? {
      file: openSync(path.join(cache.folder, name), 'r+'),
      name,
      records: 0,
      touchedAt: 0,
    };
    packs.set(name, pack);
    const records = Math.floor(fstatSync(pack.file).size / recordBytes);
    const header = Buffer.alloc(HEADER);
    for (; pack.records < records; pack.records++) {
      readSync(pack.file, header, 0, HEADER, pack.records * recordBytes);
      if (header.readUInt32LE(0) === MAGIC) remember(pack, pack.records, header);
    }
  };
  /** Takes in what other threads and processes have written since. */
  const scan = () => {
    if (performance.now() - scannedAt < SCAN_AGAIN_MILLISECONDS) return;
    scannedAt = performance.now();
    for (const name of readdirSync(cache.folder)) {
      if (name.endsWith('.pack')) scanPack(name);
    }
  };
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch {
      return undefined; // a cache that fails is a cache without the image
    }
  };
  const touch = (pack: OpenPack) => {
    const now = Date.now();
    if (now - pack.touchedAt < (IDLE_SECONDS / 2) * 1000) return;
    pack.touchedAt = now;
    attempt(() => futimesSync(pack.file, now / 1000, now / 1000));
  };
  const newPack = (): OpenPack | undefined => {
    const room = { ...cache.place, bytes: cache.place.bytes - packBytes };
    if (trimImageCache(room, IDLE_SECONDS) > room.bytes) return undefined;
    makePrivateFolder(cache.folder);
    const name = `${process.pid}-${threadId}-${process.hrtime.bigint()}.pack`;
    const pack = {
      file: openSync(path.join(cache.folder, name), 'wx+', 0o600),
      name,
      records: 0,
      touchedAt: Date.now(),
    };
    packs.set(name, pack);
    return pack;
  };

  return {
    read(key) {
      const id = key.toString('latin1');
      if (!index.has(id)) attempt(scan);
      const place = index.get(id);
      if (!place) return undefined;
      const record = Buffer.alloc(recordBytes);
      const count = attempt(() => readSync(place.pack.file, record, 0, recordBytes, place.at * recordBytes));
      const image = count === recordBytes ? imageOf(record, cache, key) : undefined;
      if (image) touch(place.pack);
      else {
        index.delete(id);
        // Marked as no record at all, so that no run looks at it again.
        attempt(() => writeSync(place.pack.file, Buffer.alloc(4), 0, 4, place.at * recordBytes));
      }
      return image;
    },
    write(content, stat, pixels, scale) {
      const record = full ? undefined : recordOf(content, stat, pixels, scale, cache);
      if (!record) return;
      if (own && (own.records + 1) * recordBytes > packBytes) own = undefined;
      own ??= attempt(newPack);
      const pack = own;
      const begin = pack ? pack.records * recordBytes : 0;
      const written = pack && attempt(() => writeSync(pack.file, record, 0, recordBytes, begin));
      if (pack && written === recordBytes) {
        remember(pack, pack.records, record);
        pack.records++;
        return;
      }
      full = true; // no room, or no right to write
      if (pack) attempt(() => ftruncateSync(pack.file, begin));
      if (pack && begin === 0) attempt(() => removeFile(path.join(cache.folder, pack.name)));
    },
    close() {
      for (const { file } of packs.values()) attempt(() => closeSync(file));
      packs.clear();
      index.clear();
    },
  };
}

/** Undefined where the values do not fit the cache's type exactly. */
function recordOf(
  content: Buffer,
  stat: Buffer,
  pixels: Float32Array,
  { bitDepth, unit }: IntensityScale,
  cache: DiskCache,
): Buffer | undefined {
  const unitBytes = Buffer.from(unit);
  if (pixels.length !== cache.values || unitBytes.length > UNIT_BYTES) return undefined;
  const narrow = arrayOf(new ArrayBuffer(cache.values * cache.width), cache.width);
  narrow.set(pixels);
  for (let i = 0; i < pixels.length; i++) {
    if (narrow[i] !== pixels[i] && !Number.isNaN(pixels[i])) return undefined;
  }
  const record = Buffer.alloc(HEADER + narrow.byteLength);
  record.writeUInt32LE(MAGIC, 0);
  content.copy(record, 8);
  stat.copy(record, 40);
  record[72] = bitDepth;
  record[73] = unitBytes.length;
  unitBytes.copy(record, 74);
  record.set(new Uint8Array(narrow.buffer), HEADER);
  record.writeUInt32LE(crc32(record.subarray(8)), 4);
  return record;
}

/** Undefined where the record is not that of the key, or not as it was written. */
function imageOf(record: Buffer, cache: DiskCache, key: Buffer): CachedImage | undefined {
  if (record.readUInt32LE(0) !== MAGIC || record.readUInt32LE(4) !== crc32(record.subarray(8)))
    return undefined;
  if (!key.equals(record.subarray(8, 40)) && !key.equals(record.subarray(40, 72))) return undefined;
  const bytes = new Uint8Array(record.subarray(HEADER)).buffer;
  const unit = record.toString('utf8', 74, 74 + Math.min(record[73]!, UNIT_BYTES));
  return {
    pixels: arrayOf(bytes, cache.width),
    bitDepth: record[72]!,
    unit: unit as IntensityUnit, // written by recordOf, and the checksum is right
  };
}

function arrayOf(bytes: ArrayBuffer, width: 1 | 2 | 4): Uint8Array | Uint16Array | Float32Array {
  return width === 1 ? new Uint8Array(bytes) : width === 2 ? new Uint16Array(bytes) : new Float32Array(bytes);
}
