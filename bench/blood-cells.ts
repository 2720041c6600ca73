import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { openImage } from '../src/imaging/formats/open.node.ts';
import { encodePng } from '../src/imaging/formats/write-png.node.ts';
import { type MedicalImage, medicalImage } from '../src/imaging/image/medical-image.ts';
import { taskNamed } from '../src/tasks/registry.ts';
import type { Benchmark } from './benchmark.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { sharedFile } from './shared-data.ts';

/** Cells of three kinds, cut out of smears by their boxes, told apart by transfer. */
export const bloodCells: Benchmark = {
  name: 'blood-cells',
  describe: 'BCCD: red cells, white cells and platelets cut out by their boxes, by --recipe transfer',
  options: [
    ['--epochs <n>', 'epochs of the second phase', '6'],
    ['--size <pixels>', 'side to which the network is given the cells', '96'],
    ['--seed <n>', 'of the run', '1'],
    ['--judge <part>', 'test, or validation while settings are still chosen', 'test'],
    ['--out <folder>', 'where cells and run are kept'],
  ],
  async run(options, say) {
    const judge = String(options['judge']);
    const data = await sharedFile('bccd/BCCD');
    const weights = await sharedFile('squeezenet_imagenet/squeezenet_v1.0_deepcompressed_fp32.safetensors');
    const out =
      typeof options['out'] === 'string'
        ? options['out']
        : await mkdtemp(path.join(os.tmpdir(), 'hounsfield-blood-cells-'));
    const manifest = await cutCells(data, path.join(out, 'cells'), say);
    const settings = {
      recipe: 'transfer',
      network: 'squeezenet-1.0',
      weights,
      normalise: 'caffe',
      size: countOption(options, 'size'),
      epochs: countOption(options, 'epochs'),
      batch: 32,
      augment: { rotateDegrees: 180, flipHorizontal: 0.5, flipVertical: 0.5, brightness: 0.1, contrast: 0.1 },
      watch: 'f1',
      // Cells that touch have boxes that overlap; a smear and all that is on it stay on one side.
      allowDuplicates: 'near',
      seed: countOption(options, 'seed'),
      judge,
    };
    const begun = performance.now();
    await taskNamed('classification').train(
      { data: manifest, out: path.join(out, 'run'), settings, resume: false },
      {
        runtime: nodeRuntime,
        report: (event) => {
          if (event.kind === 'epoch')
            say(`epoch ${event.epoch + 1}: macro F1 ${event.validation['f1']?.toFixed(4)}`);
        },
      },
    );
    const minutes = (performance.now() - begun) / 60_000;
    const metrics = JSON.parse(await readFile(path.join(out, 'run', 'metrics.json'), 'utf8')); // as finishRun writes it
    const interval = metrics.intervals?.test?.f1Macro;
    return {
      versions: productVersions(),
      settings: { ...settings, weights: path.basename(weights) },
      figures: [
        {
          what: `macro F1, ${judge}`,
          value: judge === 'test' ? metrics.test.f1Macro : metrics.validation.f1,
          unit: '',
          ...(interval ? { spread: [interval.low, interval.high] as const } : {}),
          target: { is: 'at least', value: 0.97 },
        },
        { what: 'training, from cut cells to report', value: minutes, unit: 'minutes' },
      ],
      notes: ['In brackets: 95 % interval by smear. Splits as published, by smear.'],
    };
  },
};

interface Box {
  readonly kind: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Every box as a PNG of its own; a manifest with the smear in the patient's place. */
async function cutCells(data: string, folder: string, say: (line: string) => void): Promise<string> {
  const manifest = path.join(folder, 'manifest.csv');
  if (
    await readdir(folder).then(
      (files) => files.includes('manifest.csv'),
      () => false,
    )
  )
    return manifest;
  await mkdir(folder, { recursive: true });
  const rows = ['image,label,patient,split'];
  const counts = new Map<string, number>();
  for (const [list, split] of [
    ['train', 'train'],
    ['val', 'validation'],
    ['test', 'test'],
  ] as const) {
    const names = (await readFile(path.join(data, 'ImageSets/Main', `${list}.txt`), 'utf8'))
      .trim()
      .split(/\s+/);
    for (const smear of names) {
      const image = await openImage(path.join(data, 'JPEGImages', `${smear}.jpg`));
      const boxes = boxesOf(await readFile(path.join(data, 'Annotations', `${smear}.xml`), 'utf8'));
      for (const [i, box] of boxes.entries()) {
        const cell = cut(image, box);
        if (!cell) continue;
        const name = `${smear}-${i}.png`;
        await writeFile(path.join(folder, name), encodePng(cell));
        rows.push(`${name},${box.kind},${smear},${split}`);
        counts.set(`${split} ${box.kind}`, (counts.get(`${split} ${box.kind}`) ?? 0) + 1);
      }
    }
  }
  await writeFile(manifest, `${rows.join('\n')}\n`);
  say([...counts].map(([what, count]) => `${what}: ${count}`).join(', '));
  return manifest;
}

function boxesOf(xml: string): Box[] {
  return [...xml.matchAll(/<object>([\s\S]*?)<\/object>/g)].map(([, object]) => {
    const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(object!)?.[1] ?? '';
    return {
      kind: field('name'),
      left: Number(field('xmin')),
      top: Number(field('ymin')),
      right: Number(field('xmax')),
      bottom: Number(field('ymax')),
    };
  });
}

/** The pixels inside a box, clipped to the picture; undefined where nothing is left. */
function cut(image: MedicalImage, box: Box): MedicalImage | undefined {
  const { channels, height, width, pixels } = image;
  const [left, top] = [Math.max(0, box.left), Math.max(0, box.top)];
  const [wide, high] = [Math.min(width, box.right) - left, Math.min(height, box.bottom) - top];
  if (wide < 4 || high < 4) return undefined;
  const cell = new Uint8Array(channels * high * wide);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < high; y++) {
      const from = (c * height + top + y) * width + left;
      cell.set((pixels as Uint8Array).subarray(from, from + wide), (c * high + y) * wide); // JPEG has 8 bits
    }
  }
  return medicalImage(cell, { channels, height: high, width: wide }, 8, image.unit);
}
