import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import { makePhantomDataset } from '../dataset/phantom.ts';
import { writePhantomDataset, writePhantomImage } from '../dataset/phantom-files.node.ts';
import type { TaskSurroundings, TrainResult } from '../task.ts';
import { explainImages } from './explain.node.ts';
import { predictImages } from './predict.node.ts';
import { lightAugmentation } from './settings.ts';
import { trainClassifier } from './train.node.ts';

export interface DemoOptions {
  /** Folder; what an earlier demo left there is replaced. */
  readonly out: string;
  readonly seed?: number;
  readonly patients?: number;
  readonly epochs?: number;
  readonly threads?: number;
}

export interface DemoResult {
  readonly outcome: TrainResult['outcome'];
  readonly test: TrainResult['test'];
  readonly newImage: {
    readonly truth: string;
    readonly label: string;
    readonly probabilities: Readonly<Record<string, number>>;
    /** Whether the probability of a nodule reaches the operating point's threshold. */
    readonly positive?: boolean;
    readonly threshold?: number;
  };
  readonly files: Readonly<Record<string, string>>;
  readonly seconds: number;
}

const SLICES = 6;
const SIZE = 64;
/** Marks a folder as a demo's own, which may be replaced. */
const MARK = 'demo.json';

/**
 * The whole way on made-up images: data, training that stops early, figures on patients never seen, and the answer for
 * one image of a patient who is not in the data.
 *
 * @throws DEMO_FOLDER when the folder holds something else; INTERRUPTED
 */
export async function runDemo(options: DemoOptions, around: TaskSurroundings): Promise<DemoResult> {
  const begun = performance.now();
  const { out, seed = 1, patients = 300, epochs = 40 } = options;
  await freshFolder(out, options);
  const at = (...parts: string[]) => path.join(out, ...parts);
  const stage = (text: string) => around.report({ kind: 'stage', text });

  stage(`making ${patients * SLICES} phantom chest CT slices of ${patients} patients`);
  const data = await writePhantomDataset(at('chest-ct-phantom'), {
    seed,
    patients,
    slicesPerPatient: SLICES,
    size: SIZE,
  });
  const image = at('new-patient.png');
  const truth = await writeNewPatient(image, seed);

  const trained = await trainClassifier(
    { data, out: at('run'), settings: demoSettings(options, epochs, seed), resume: false },
    around,
  );
  if (trained.outcome === 'interrupted') {
    throw new HounsfieldError('INTERRUPTED', 'the demo was stopped. Start it again: npm run demo.');
  }

  stage('one image of a patient who is not in the data');
  const model = at('run', 'model.onnx');
  const [prediction] = await predictImages({ model, images: [image] }, around);
  const [explanation] = await explainImages({ model, images: [image], out, label: 'nodule' }, around);
  const { image: _path, ...answer } = prediction!;
  const newImage = { truth, ...answer };
  await writeFileAtomically(at('prediction.json'), `${JSON.stringify({ ...prediction, truth }, null, 2)}\n`);
  return {
    outcome: trained.outcome,
    test: trained.test,
    newImage,
    files: {
      ...trained.files,
      prediction: at('prediction.json'),
      heatMap: explanation!.overlay,
      image,
      data: at('chest-ct-phantom'),
    },
    seconds: (performance.now() - begun) / 1000,
  };
}

function demoSettings({ threads }: DemoOptions, epochs: number, seed: number) {
  return {
    network: 'compact-cnn',
    epochs,
    batch: 32,
    lr: 3e-3,
    schedule: 'cosine',
    patience: 5,
    // Made-up patients may look alike at 64 pixels; that none is there twice is certain.
    allowDuplicates: 'near',
    augment: { ...lightAugmentation, flipHorizontal: 0.5 },
    seed,
    split: { train: 0.6, validation: 0.2, test: 0.2 },
    intendedUse: 'A demonstration on made-up images. It says nothing about people.',
    ...(threads ? { threads } : {}),
  };
}

/** The first slice with a nodule that the next seed makes, found by the model or not. Returns its class. */
async function writeNewPatient(file: string, seed: number): Promise<string> {
  const others = makePhantomDataset({
    seed: seed + 1,
    patients: 12,
    slicesPerPatient: SLICES,
    size: SIZE,
  });
  const index = Math.max(
    0,
    others.samples.findIndex(({ label }) => label === 1),
  );
  await writePhantomImage(file, others, index);
  return others.classes[others.samples[index]!.label]!;
}

/** Empties the folder if an earlier demo made it; refuses a folder with anything else in it. */
async function freshFolder(out: string, options: DemoOptions): Promise<void> {
  const found = await readdir(out).catch(() => []);
  if (found.length > 0) {
    if (!(await stat(path.join(out, MARK)).catch(() => undefined))) {
      throw new HounsfieldError(
        'DEMO_FOLDER',
        `${out} holds files that are not a demo's, and would be replaced. Name another folder with --out.`,
      );
    }
    await rm(out, { recursive: true });
  }
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, out);
  });
  await writeFileAtomically(path.join(out, MARK), `${JSON.stringify(options)}\n`);
}
