import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type { Command } from 'commander';
import { diagnose } from '../tasks/diagnosis.node.ts';
import type { Run } from './command.ts';

/** hounsfield doctor */
export function doctorCommand(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('versions, devices, threads and memory of this machine; what is missing and how to get it')
    .addHelpText('after', '\nExample:\n  hounsfield doctor --json')
    .action(() =>
      run(async (output) => {
        const found = await diagnose();
        const machine = {
          processor: cpus()[0]?.model ?? 'unknown',
          cores: cpus().length,
          threads: availableParallelism(),
          vectorInstructions: found.vectorInstructions,
          memoryGiB: gibibytes(totalmem()),
          freeMemoryGiB: gibibytes(freemem()),
        };
        const { versions, devices, missing } = found;
        const rows = [
          ...Object.entries(versions),
          ['platform', `${process.platform} ${process.arch}`],
          ['devices', devices.join(', ')],
          ['processor', machine.processor],
          ['cores, threads', `${machine.cores}, ${machine.threads}`],
          ['vector instr.', machine.vectorInstructions],
          ['memory', `${machine.memoryGiB} GiB, ${machine.freeMemoryGiB} GiB free`],
        ].map(([name, value]) => `${name!.padEnd(17)} ${value}`);
        const wanting = missing.map(
          ({ what, wantedFor, remedy }) => `  ${what}, for ${wantedFor}\n    ${remedy}`,
        );
        const end = missing.length === 0 ? ['Nothing is missing.'] : ['Missing:', ...wanting];
        return output.result({ versions, devices, machine, missing }, [...rows, '', ...end].join('\n'));
      }),
    );
}

const gibibytes = (bytes: number): number => Math.round((bytes / 2 ** 30) * 10) / 10;
