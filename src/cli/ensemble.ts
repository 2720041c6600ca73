import { type Command, Option } from 'commander';
import { type EnsembleRequest, ensembleRules, makeEnsemble } from '../tasks/ensemble/ensemble.node.ts';
import { nodeSurroundings } from '../tasks/surroundings.node.ts';
import { namesOf, numberOption, type Run } from './command.ts';
import { runningPath } from './paths.ts';

type Options = Omit<EnsembleRequest, 'models' | 'weights'> & { readonly weights?: readonly string[] };

/** hounsfield ensemble */
export function ensembleCommand(program: Command, run: Run): void {
  program
    .command('ensemble <MODEL...>')
    .description(
      'several models as one ONNX file, or one that looks at views of each image (test-time augmentation)',
    )
    .requiredOption('--out <file>', 'the ONNX file to write')
    .addOption(
      new Option('--how <rule>', 'how answers become one (default: mean)').choices([...ensembleRules]),
    )
    .option('--weights <list>', 'one a model, joined by commas: .5,.3,.2', namesOf)
    .option(
      '--tta <views>',
      'views whose answers are averaged: auto (those of the training), flips, rotations, shifts, or a list: ' +
        'flip-horizontal,shift=0.05,scale=0.1',
    )
    .option('--half', 'keep large weights as float16: half the file')
    .option('--validate <data>', "choose the operating point on the data's validation part")
    .option('--patient-pattern <regex>', "finds the patient in a file's name: its first group")
    .addOption(numberOption('--threads <n>', 'of the runtime (default: one a core)'))
    .addHelpText(
      'after',
      '\nExample:\n  hounsfield ensemble run-1/model.onnx run-2/model.onnx --out both.onnx --tta auto',
    )
    .action((models: string[], { weights, ...options }: Options) =>
      run(async (output) => {
        const numbers = weights ? { weights: weights.map(Number) } : {};
        const { card, ...written } = await makeEnsemble(
          { models, ...options, ...numbers },
          nodeSurroundings(output.report),
        );
        const { network, labels, ensemble, operatingPoint, operatingPoints } = card;
        const views = ensemble!.members[0]!.views.length;
        const text =
          `${network}${views > 0 ? `, ${views + 1} views an image` : ''}: ` +
          `${runningPath(written.out)} (${(written.bytes / 1e6).toFixed(1)} MB)`;
        return output.result(
          { ...written, network, labels, ensemble, operatingPoint, operatingPoints },
          text,
        );
      }),
    );
}
