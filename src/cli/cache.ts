import type { Command } from 'commander';
import { clearImageCache, imageCachePlace, imagePacks } from '../tasks/dataset/image-cache-folder.node.ts';
import type { Run } from './command.ts';

/** hounsfield cache */
export function cacheCommand(program: Command, run: Run): void {
  program
    .command('cache')
    .description(
      'decoded images kept between training runs: where, how many bytes, and how to be rid of them',
    )
    .option('--clear', 'removes them all; they are decoded anew when needed')
    .addHelpText(
      'after',
      '\nHOUNSFIELD_CACHE=FOLDER keeps them elsewhere, HOUNSFIELD_CACHE=off nowhere; HOUNSFIELD_CACHE_GB=20 gives more room.',
    )
    .action((options: { readonly clear?: boolean }) =>
      run(async (output) => {
        const place = imageCachePlace(process.env);
        if (!place) return output.result({ folder: null }, 'HOUNSFIELD_CACHE=off: no images are kept.');
        if (options.clear) {
          const cleared = clearImageCache(place.folder);
          return output.result(
            { ...place, cleared },
            `${megabytes(cleared.bytes)} removed from ${place.folder}.`,
          );
        }
        const packs = imagePacks(place.folder);
        const bytes = packs.reduce((sum, pack) => sum + pack.bytes, 0);
        const text = `${place.folder}: ${megabytes(bytes)} of at most ${megabytes(place.bytes)}`;
        return output.result({ ...place, packs: packs.length, used: bytes }, text);
      }),
    );
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
