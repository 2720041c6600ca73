import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ConvertOptions, convertFile } from '../tasks/files/convert-file.node.ts';
import { describePath } from '../tasks/files/describe-path.node.ts';
import { descriptionText } from '../tasks/files/description-text.ts';
import { DICOM_OBJECTS } from '../tasks/files/dicom-object.node.ts';
import { type ViewFileOptions, viewFile } from '../tasks/files/view-file.node.ts';
import { writtenExtensions } from '../tasks/files/writers.node.ts';
import { numberOption, type Run } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { type Output, textColumns } from './output.ts';
import { runningPath } from './paths.ts';
import { readSteps } from './steps-file.ts';

/** hounsfield info */
export function infoCommand(program: Command, run: Run): void {
  program
    .command('info <PATH>')
    .description('what a file or a folder of DICOM files holds, from headers alone')
    .option('--identity', 'show names, dates, descriptions and UIDs, which may name the patient')
    .addHelpText(
      'after',
      `
Examples:
  hounsfield info scan.nii.gz
  hounsfield info studies/
  hounsfield info report.dcm --identity`,
    )
    .action((path: string, options: { identity?: boolean }) =>
      run(async (output) => {
        const { signal, remove } = onInterrupt(output);
        try {
          const found = await describePath(path, {
            identity: options.identity === true,
            signal,
            onProgress: (done, of) => output.report({ kind: 'count', text: 'reading headers', done, of }),
          });
          return output.result(found, descriptionText(found, textColumns()));
        } finally {
          remove();
        }
      }),
    );
}

/** What may be wrong with a stack of slices and is put up with when named. */
const ACCEPTED: Readonly<Record<string, NonNullable<Opening['stacking']>>> = {
  tilt: { gantryTilt: 'keep' },
  spacing: { spacing: 'any' },
  duplicates: { duplicates: 'first' },
  'missing-place': { missingGeometry: 'instance-number' },
};

function accepted(text: string): NonNullable<Opening['stacking']> {
  const names = text.split(',');
  const odd = names.find((name) => !Object.hasOwn(ACCEPTED, name));
  if (odd !== undefined) throw new InvalidArgumentError(`There are ${Object.keys(ACCEPTED).join(', ')}.`);
  return Object.assign({}, ...names.map((name) => ACCEPTED[name]));
}

/** Options of every command that opens a file. */
function openingOptions(command: Command): Command {
  return command
    .option('--series <uid>', 'the series of a folder that holds several')
    .addOption(numberOption('--stack <n>', 'the stack of a series that holds several, from 0'))
    .addOption(numberOption('--frame <n>', 'one frame or page, from 0'))
    .addOption(numberOption('--time <n>', 'one time point, from 0'))
    .option('--part <name>', 'dataset of an HDF5 file, array of an .npz')
    .addOption(numberOption('--rate <Hz>', 'of a table of samples without a column of times'))
    .option('--stored', 'numbers as they lie in the file, without slope, intercept and lookup tables')
    .addOption(
      new Option('--suv <kind>', 'uptake value of a PET').choices([
        'SUVbw',
        'SUVlbm',
        'SUVlbm-james',
        'SUVbsa',
      ]),
    )
    .addOption(
      new Option(
        '--accept <what>',
        `of a stack, parted by commas: ${Object.keys(ACCEPTED).join(', ')}`,
      ).argParser(accepted),
    )
    .option('--labels', 'the values are labels');
}

interface OpeningOptions {
  readonly series?: string;
  readonly stack?: number;
  readonly frame?: number;
  readonly time?: number;
  readonly part?: string;
  readonly rate?: number;
  readonly stored?: boolean;
  readonly suv?: NonNullable<ConvertOptions['suv']>;
  readonly labels?: boolean;
  readonly accept?: NonNullable<Opening['stacking']>;
}

type Opening = NonNullable<ViewFileOptions['opening']>;

function openingOf(options: OpeningOptions, output: Output): Omit<Opening, 'reference'> {
  const { accept, series, stack, frame, part, rate, stored, suv, labels } = options;
  return {
    ...(accept ? { stacking: accept } : {}),
    ...(series === undefined ? {} : { series }),
    ...(stack === undefined ? {} : { stack }),
    ...(frame === undefined ? {} : { frame }),
    ...(part === undefined ? {} : { part }),
    ...(rate === undefined ? {} : { samplingRateHz: rate }),
    ...(stored === true ? { values: 'stored' as const } : {}),
    ...(suv === undefined ? {} : { suv }),
    ...(labels === true ? { as: 'labels' as const } : {}),
    onWarning: (text) => output.report({ kind: 'note', text }),
    onProgress: (done, of) => output.report({ kind: 'count', text: 'reading', done, of }),
  };
}

const numbers = (text: string): number[] => {
  const list = text.split(',').map(Number);
  if (list.some((value) => !Number.isFinite(value)) || (list.length !== 1 && list.length !== 3)) {
    throw new InvalidArgumentError('Give one number, or three parted by commas.');
  }
  return list;
};
const three = (text: string): [number, number, number] => {
  const list = numbers(text);
  if (list.length !== 3) throw new InvalidArgumentError('Give three numbers parted by commas.');
  return list as [number, number, number]; // counted
};

interface ConvertCommandOptions extends OpeningOptions {
  readonly orientation?: string;
  readonly spacing?: readonly number[];
  readonly like?: string;
  readonly slice?: string;
  readonly window?: string;
  readonly steps?: string;
  readonly reference?: string;
  readonly object?: NonNullable<ConvertOptions['object']>;
  readonly madeBy?: NonNullable<ConvertOptions['madeBy']>;
  readonly burnedIn?: NonNullable<ConvertOptions['burnedIn']>;
  readonly overwrite?: boolean;
}

/** hounsfield convert */
export function convertCommand(program: Command, run: Run): void {
  openingOptions(program.command('convert <IN> <OUT>'))
    .description("write an image, mask or recording in the format of OUT's extension")
    .option('--orientation <code>', 'turn the axes: LPS, RAS, …')
    .addOption(new Option('--spacing <mm>', 'resample, one number or x,y,z').argParser(numbers))
    .option('--like <file>', "resample to another image's grid")
    .option('--slice <plane>', 'the middle slice: axial, coronal, sagittal or stored')
    .option('--window <window>', 'to 8 bits: a preset (lung, bone, …), LOW..HIGH or CENTRE,WIDTH')
    .option('--steps <file>', 'JSON list of transforms, done after those above')
    .option(
      '--reference <path>',
      'image or series that contours and segmentations are brought to, and that a new .dcm belongs to',
    )
    .addOption(
      new Option('--object <kind>', 'what a .dcm is (default: segmentation, or capture)').choices(
        DICOM_OBJECTS,
      ),
    )
    .addOption(
      new Option('--made-by <how>', 'how labels of a .dcm were made').choices([
        'manual',
        'semiautomatic',
        'automatic',
      ]),
    )
    .addOption(
      new Option('--burned-in <yes|no>', 'whether a picture for a .dcm shows who the patient is').choices([
        'yes',
        'no',
      ]),
    )
    .option('--overwrite', 'replace OUT if it is there')
    .addHelpText(
      'after',
      `
Written are: ${writtenExtensions.join(' ')}
IN is a file of any format that hounsfield info knows, or a folder with one DICOM series.

Examples:
  hounsfield convert series/ ct.nii.gz
  hounsfield convert structures.dcm mask.nrrd --reference series/
  hounsfield convert mask.nii.gz surface.stl --labels
  hounsfield convert ct.nii.gz slice.png --slice axial --window soft-tissue
  hounsfield convert mask.nii.gz seg.dcm --labels --reference series/ --made-by manual
  hounsfield convert 100.hea ecg.edf`,
    )
    .action((input: string, out: string, options: ConvertCommandOptions) =>
      run(async (output) => {
        const { reference, like, time, window, object, madeBy, burnedIn } = options;
        const done = await convertFile(input, out, {
          ...openingOf(options, output),
          ...(time === undefined ? {} : { timePoint: time }),
          ...(window === undefined ? {} : { window }),
          ...(object === undefined ? {} : { object }),
          ...(madeBy === undefined ? {} : { madeBy }),
          ...(burnedIn === undefined ? {} : { burnedIn }),
          ...(reference === undefined ? {} : { reference }),
          ...(like === undefined ? {} : { like }),
          steps: await stepsOf(options),
          overwrite: options.overwrite === true,
        });
        return output.result(done, done.files.map(runningPath).join('\n'));
      }),
    );
}

async function stepsOf(options: ConvertCommandOptions): Promise<NonNullable<ConvertOptions['steps']>> {
  const { orientation, spacing, slice, steps } = options;
  return [
    ...(orientation === undefined
      ? []
      : [{ transform: 'orient', parameters: { to: orientation.toUpperCase() } }]),
    ...(spacing === undefined
      ? []
      : [
          {
            transform: 'resample-to-spacing',
            parameters: { spacingMm: spacing.length === 1 ? spacing[0] : spacing },
          },
        ]),
    ...(slice === undefined ? [] : [{ transform: 'take-slice', parameters: { plane: slice } }]),
    ...(steps === undefined ? [] : await readSteps(steps)),
  ];
}

interface ViewCommandOptions extends OpeningOptions {
  readonly out: string;
  readonly overlay?: string;
  readonly window?: string;
  readonly at?: [number, number, number];
  readonly atMm?: [number, number, number];
  readonly height?: number;
  readonly opacity?: number;
}

/** hounsfield view */
export function viewCommand(program: Command, run: Run): void {
  openingOptions(program.command('view <FILE>'))
    .description('draw axial, coronal and sagittal planes, or a picture, into a PNG')
    .requiredOption('--out <png>', 'where the picture goes')
    .option('--overlay <file>', 'mask, segmentation or RT structure set to draw over it')
    .option('--window <window>', 'preset (lung, bone, soft-tissue, …), LOW..HIGH or CENTRE,WIDTH')
    .addOption(
      new Option(
        '--at <x,y,z>',
        'voxel whose planes are shown (default: the middle, of the overlay if any)',
      ).argParser(three),
    )
    .addOption(new Option('--at-mm <x,y,z>', 'the same in LPS mm').argParser(three))
    .addOption(numberOption('--height <pixels>', 'of the picture (default: 512)'))
    .addOption(numberOption('--opacity <0..1>', "of the overlay's filling (default: 0.3)"))
    .addHelpText(
      'after',
      `
The patient's left is shown at the right, head and front up. Letters stand where the file says how the image lies.

Examples:
  hounsfield view series/ --window lung --out chest.png
  hounsfield view t1.nii.gz --overlay labels.nii.gz --out brain.png`,
    )
    .action((file: string, options: ViewCommandOptions) =>
      run(async (output) => {
        const { out, overlay, window, at, atMm, height, opacity, time } = options;
        const opening = openingOf(options, output);
        const drawn = await viewFile(file, out, {
          opening,
          ...(overlay === undefined ? {} : { overlay }),
          ...(window === undefined ? {} : { window }),
          ...(at ? { at } : {}),
          ...(atMm ? { atMm } : {}),
          ...(height === undefined ? {} : { height }),
          ...(opacity === undefined ? {} : { opacity }),
          ...(time === undefined ? {} : { timePoint: time }),
        });
        const size = { width: drawn.width, height: drawn.height };
        return output.result({ file: out, ...size }, `${runningPath(out)}  ${size.width} × ${size.height}`);
      }),
    );
}
