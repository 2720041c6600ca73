import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeError } from '../../atomic-file.node.ts';
import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import {
  createDeidentifier,
  type Deidentified,
  type Deidentifier,
  deidentifyDicom,
  writeDeidentified,
} from '../../imaging/formats/dicom/deidentification/deidentify-dicom.ts';
import { chooseOptions } from '../../imaging/formats/dicom/deidentification/profile.ts';
import { parseRegionRules } from '../../imaging/formats/dicom/deidentification/region-rules.ts';
import { fileSource } from '../../imaging/formats/file-source.node.ts';
import { keyFromFile } from './deidentification-key.node.ts';
import { folderPath, walkFolder } from './walk-folder.node.ts';

export interface DeidentifyFolderOptions {
  /** Of profileOptions. */
  readonly options?: readonly string[];
  readonly suspectPixels?: 'refuse' | 'accept';
  /** Beside the output folder, with .key behind its name, unless told. Made where there is none. */
  readonly keyFile?: string;
  /** JSON, see region-rules.ts. */
  readonly regionRulesFile?: string;
  readonly onProgress?: (done: number, of: number) => void;
}

/** A file of the source that is not in the result. Its name may tell of a patient: it is told, and not written down. */
export interface LeftOut {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

export interface DeidentifiedFolder {
  readonly folder: string;
  readonly keyFile: string;
  readonly isNewKey: boolean;
  /** One JSON line a file: what was done to which attribute. */
  readonly logFile: string;
  readonly written: number;
  /** Files that were there already, byte by byte: from a run before, or twice in the source. */
  readonly alreadyThere: number;
  /** Files that could not be handled: the result is not whole without them. */
  readonly failed: readonly LeftOut[];
  /** What is no DICOM object, and directories of such (DICOMDIR). */
  readonly passedOver: readonly LeftOut[];
  readonly warnings: readonly { readonly file: string; readonly text: string }[];
}

export const LOG_NAME = 'deidentification.jsonl';

/**
 * De-identifies every DICOM file of a folder into another: study, series and instance name the new files. Each is
 * written whole or not at all, none that is there is replaced, and a file that cannot be handled is told of and left
 * out. With the same key a second run goes on where the first ended.
 *
 * @throws DEID_FOLDERS, DEID_KEY_FILE, DEID_OPTION, DEID_REGION_RULES, FILE_MISSING, FILE_UNREADABLE, DISK_FULL,
 *   FILE_NOT_WRITABLE
 */
export async function deidentifyFolder(
  input: string,
  output: string,
  options: DeidentifyFolderOptions = {},
): Promise<DeidentifiedFolder> {
  const source = await folderPath(input);
  await checkApart(source, output);
  const chosen = [...chooseOptions(options.options ?? [])];
  const regionRules = await rulesOf(options.regionRulesFile);
  const keyFile = options.keyFile ?? `${output.replace(/[/\\]+$/, '')}.key`;
  await makeFolder(path.dirname(path.resolve(keyFile)));
  const { key, isNew } = await keyFromFile(keyFile);
  const deidentifier = await createDeidentifier({
    ...{ key, regionRules, options: chosen },
    suspectPixels: options.suspectPixels ?? 'refuse',
  });
  await makeFolder(output);
  const files = await walkFolder(source);
  const run: FolderRun = {
    ...{ output, deidentifier, failed: [], passedOver: [], warnings: [] },
    ...{ written: 0, alreadyThere: 0 },
  };
  for (const [i, { name, path: file, passedOver }] of files.entries()) {
    if (passedOver === undefined) await take(run, name, file);
    else
      run.passedOver.push({
        ...{ name, code: 'DEID_NOT_FOLLOWED' },
        message: `${file} is ${passedOver} and was passed over.`,
      });
    options.onProgress?.(i + 1, files.length);
  }
  const { written, alreadyThere, failed, passedOver, warnings } = run;
  const logFile = path.join(output, LOG_NAME);
  const found = { written, alreadyThere, failed, passedOver, warnings };
  return { folder: output, keyFile, isNewKey: isNew, logFile, ...found };
}

async function rulesOf(file: string | undefined) {
  if (file === undefined) return [];
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new HounsfieldError('FILE_MISSING', `${file} cannot be read. Check the path.`, { cause });
  });
  return parseRegionRules(text, file);
}

/** Neither folder may lie in the other: results would be read again, or lie among what they were made of. */
async function checkApart(source: string, output: string): Promise<void> {
  let existing = path.resolve(output);
  let rest = '';
  for (;;) {
    const real = await realpath(existing).catch(() => undefined);
    if (real !== undefined) {
      existing = path.join(real, rest);
      break;
    }
    rest = path.join(path.basename(existing), rest);
    existing = path.dirname(existing);
  }
  const inside = (inner: string, outer: string) => `${inner}${path.sep}`.startsWith(`${outer}${path.sep}`);
  if (inside(existing, source) || inside(source, existing))
    throw new HounsfieldError(
      'DEID_FOLDERS',
      `${output} and the folder to be de-identified lie in one another. Choose an output folder apart from it.`,
    );
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, folder);
  });
}

/** Errors after which no other file would fare better. */
const ofTheOutput = new Set(['DISK_FULL', 'FILE_NOT_WRITABLE']);
/** Endings of files that are meant to be DICOM. */
const dicomEnding = /\.(dcm|dicom|dic|ima|img|\d+)$/i;
const anyEnding = /\.[^./]*$/;

/** What a run has come to so far. */
interface FolderRun {
  readonly output: string;
  readonly deidentifier: Deidentifier;
  readonly failed: LeftOut[];
  readonly passedOver: LeftOut[];
  readonly warnings: { file: string; text: string }[];
  written: number;
  alreadyThere: number;
}

async function take(run: FolderRun, name: string, file: string): Promise<void> {
  try {
    const source = await fileSource(file);
    try {
      await write(run, await deidentifyDicom(source, run.deidentifier));
    } finally {
      await source.close();
    }
  } catch (error) {
    if (!isHounsfieldError(error) || ofTheOutput.has(error.code)) throw error;
    const left = { name, code: error.code, message: error.message.slice(error.code.length + 2) };
    const isOther = error.code === 'DICOM_NOT_DICOM' && (await isMeantOtherwise(name, file));
    if (isOther || error.code === 'DEID_DICOMDIR') run.passedOver.push(left);
    else run.failed.push(left);
  }
}

/** True for a file that nobody takes for DICOM: by its ending or, where it has none, by being text. */
async function isMeantOtherwise(name: string, file: string): Promise<boolean> {
  if (anyEnding.test(name)) return !dicomEnding.test(name);
  const source = await fileSource(file);
  try {
    const head = await source.read(0, 4096);
    return head.length > 0 && head.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d));
  } finally {
    await source.close();
  }
}

async function write(run: FolderRun, made: Deidentified): Promise<void> {
  const file = `${made.studyUid}/${made.seriesUid}/${made.instanceUid}.dcm`;
  const target = path.join(run.output, file);
  await makeFolder(path.dirname(target));
  const partial = `${target}.partial`;
  try {
    const digest = await writeStream(partial, writeDeidentified(made));
    if (await exists(target)) {
      if (digest !== (await digestOf(target)))
        throw new HounsfieldError(
          'DEID_EXISTS',
          `${file} is there already and differs: another file has the same SOP Instance UID, or other options or another version wrote it. Choose a new output folder, or sort the files out.`,
        );
      run.alreadyThere++;
      return;
    }
    await appendFile(path.join(run.output, LOG_NAME), logLine(file, made), { mode: 0o600 });
    await rename(partial, target);
    run.written++;
    for (const text of made.warnings) run.warnings.push({ file, text });
  } catch (cause) {
    throw isHounsfieldError(cause) ? cause : writeError(cause, target);
  } finally {
    await rm(partial, { force: true });
  }
}

const logLine = (file: string, { log, warnings }: Deidentified): string =>
  `${JSON.stringify({ file, warnings, attributes: log })}\n`;

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

async function writeStream(file: string, pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(file, 'w');
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      await handle.writeFile(piece);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer); // no encoding is set
  return hash.digest('hex');
}
