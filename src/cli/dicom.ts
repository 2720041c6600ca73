import type { Command } from 'commander';
import type { StringsChecked } from '../tasks/files/check-strings.node.ts';
import { checkStrings, stringsOfFile } from '../tasks/files/check-strings.node.ts';
import {
  type DeidentifiedFolder,
  deidentifyFolder,
  type LeftOut,
} from '../tasks/files/deidentify-folder.node.ts';
import type { Run } from './command.ts';
import { exitCodes, type Output } from './output.ts';

interface AnonymizeOptions {
  readonly retain?: readonly string[];
  readonly clean?: readonly string[];
  readonly key?: string;
  readonly regions?: string;
  readonly acceptSuspectPixels?: boolean;
  readonly check?: string;
}

/** hounsfield dicom anonymize | check */
export function dicomCommand(program: Command, run: Run): void {
  const dicom = program.command('dicom').description('work on DICOM files');
  const list = (text: string, before: readonly string[] = []) => [...before, ...text.split(',')];
  const nested = (command: Command) =>
    command
      .option('--json', 'the result as JSON on standard output; progress stays on standard error')
      .exitOverride();
  nested(dicom.command('anonymize <DIR> <OUT>'))
    .description('de-identify every DICOM file of a folder (PS3.15 annex E) into another folder')
    .option('--retain <names>', 'what stays, parted by commas (see below)', list)
    .option('--clean <names>', 'what is cleaned instead of removed (see below)', list)
    .option('--key <file>', 'secret key, made where there is none (default: OUT.key)')
    .option('--regions <file>', 'region rules of your devices, JSON, besides those known')
    .option('--accept-suspect-pixels', 'writes images that may show names, with a warning')
    .option('--check <file>', 'strings, one a line, that must not be left anywhere in the result')
    .addHelpText('after', anonymizeHelp)
    .action((input: string, out: string, options: AnonymizeOptions) =>
      run((output) => anonymize(output, input, out, options)),
    );
  nested(dicom.command('check <DIR> <STRINGS>'))
    .description('look for strings (one a line of a file) in the bytes and names of all files of a folder')
    .action((folder: string, strings: string) =>
      run(async (output) => {
        const checked = await check(output, folder, strings);
        output.result(checked, checkedText(checked));
        return checked.found.length > 0 ? exitCodes.error : exitCodes.ok;
      }),
    );
}

const anonymizeHelp = `
--retain: safe-private, uids, device, institution, patient-characteristics, full-dates, modified-dates
--clean:  descriptors, structured-content, graphics, pixel-data

The same key gives the same UIDs, pseudonyms and shifts of dates: keep it to add files later, destroy it to cut the
tie. Images that may show names (ultrasound, secondary captures, Burned In Annotation YES and the like) are left out
unless --clean pixel-data finds a region rule for them or they are accepted. OUT/deidentification.jsonl tells what was
done to which attribute, without values. Exit code 1 when a file was left out or a string was found.

Examples:
  hounsfield dicom anonymize study/ clean/
  hounsfield dicom anonymize study/ clean/ --retain modified-dates,device --clean descriptors --check names.txt`;

async function anonymize(
  output: Output,
  input: string,
  out: string,
  options: AnonymizeOptions,
): Promise<number> {
  const names = [
    ...(options.retain ?? []).map((name) => optionName('retain', name)),
    ...(options.clean ?? []).map((name) => optionName('clean', name)),
  ];
  const done = await deidentifyFolder(input, out, {
    options: names,
    suspectPixels: options.acceptSuspectPixels === true ? 'accept' : 'refuse',
    ...(options.key === undefined ? {} : { keyFile: options.key }),
    ...(options.regions === undefined ? {} : { regionRulesFile: options.regions }),
    onProgress: (count, of) => output.report({ kind: 'count', text: 'de-identifying', done: count, of }),
  });
  const checked = options.check === undefined ? undefined : await check(output, out, options.check);
  const text = [folderText(done), ...(checked === undefined ? [] : [checkedText(checked)])].join('\n');
  output.result(checked === undefined ? done : { ...done, checked }, text);
  return done.failed.length > 0 || (checked?.found.length ?? 0) > 0 ? exitCodes.error : exitCodes.ok;
}

/** --retain full-dates is retainFullDates. */
const optionName = (kind: string, name: string) =>
  `${kind}-${name.trim()}`.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

async function check(output: Output, folder: string, file: string): Promise<StringsChecked> {
  return checkStrings(folder, await stringsOfFile(file), (done, of) =>
    output.report({ kind: 'count', text: 'looking for strings', done, of }),
  );
}

function folderText(done: DeidentifiedFolder): string {
  const lines = (title: string, left: readonly LeftOut[]) =>
    left.length === 0 ? [] : [`${title}:`, ...left.map(({ code, message }) => `  ${code}: ${message}`)];
  const warnings = done.warnings.map(({ file, text }) => `  ${file}: ${text}`);
  return [
    `${done.written} files written to ${done.folder}${done.alreadyThere > 0 ? `, ${done.alreadyThere} were there already` : ''}`,
    `key: ${done.keyFile}${done.isNewKey ? ' (new; keep it secret)' : ''}`,
    `log: ${done.logFile}`,
    ...(warnings.length === 0 ? [] : ['to be looked at:', ...warnings]),
    ...lines('passed over', done.passedOver),
    ...lines('LEFT OUT', done.failed),
  ].join('\n');
}

function checkedText({ strings, files, found }: StringsChecked): string {
  if (found.length === 0) return `none of ${strings} strings is left in ${files} files`;
  return [
    'STRINGS FOUND:',
    ...found.map(({ file, where, of, form }) => `  string ${of + 1} in ${file} (${where}; ${form})`),
  ].join('\n');
}
