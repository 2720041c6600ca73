import { encode } from 'fast-png';
import {
  type ClassificationEvidence,
  classificationEvidence,
} from '../../evidence/statistics/classification-evidence.ts';
import { chooseOperatingPoint } from '../../evidence/statistics/operating-point.ts';
import { RandomStream } from '../../random.ts';
import type { HistoryRow, ReportCase, ReportContent, ReportLanguage } from './content.ts';

interface Simulated {
  readonly probabilities: Float64Array; // [N, K]
  readonly labels: Int32Array; // [N]
  readonly patients: string[];
}

/** Softmax of noisy logits that lean towards the truth; two images a patient. */
function simulate(seed: number, counts: readonly number[], sharpness: number): Simulated {
  const random = new RandomStream({ seed, purpose: 'sample' });
  const labels = Int32Array.from(counts.flatMap((n, k) => Array.from({ length: n }, () => k)));
  const classCount = counts.length;
  const probabilities = new Float64Array(labels.length * classCount);
  labels.forEach((label, i) => {
    const logits = counts.map((_, k) => 1.6 * random.normal() + (k === label ? sharpness : 0));
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
    for (let k = 0; k < classCount; k++) probabilities[i * classCount + k] = Math.exp(logits[k]!) / total;
  });
  return { probabilities, labels, patients: Array.from(labels, (_, i) => `p${Math.floor(i / 2)}`) };
}

function historyRows(epochs: number): HistoryRow[] {
  const random = new RandomStream({ seed: 5, purpose: 'history' });
  return Array.from({ length: epochs }, (_, e) => {
    const t = e / (epochs - 1);
    return {
      epoch: e + 1,
      trainLoss: 0.12 + 0.5 * Math.exp(-4 * t) + 0.01 * random.normal(),
      validationLoss: 0.2 + 0.4 * Math.exp(-5 * t) + 0.09 * t * t + 0.02 * random.normal(),
      validationMetric: 0.975 - 0.16 * Math.exp(-5 * t) - 0.01 * t * t + 0.003 * random.normal(),
      learningRate:
        0.002 * (t < 0.3 ? 0.04 + (0.96 * t) / 0.3 : 0.5 * (1 + Math.cos((Math.PI * (t - 0.3)) / 0.7))),
    };
  });
}

/** A round phantom with two dark fields and a bright spot, plain or with a warm spot over it. */
function phantom(seed: number, warm: boolean): string {
  const size = 96;
  const random = new RandomStream({ seed, purpose: 'phantom' });
  const spotX = 0.3 + 0.4 * random.uniform();
  const spotY = 0.35 + 0.3 * random.uniform();
  const data = new Uint8Array(size * size * 3);
  const inside = (x: number, y: number, cx: number, cy: number, rx: number, ry: number): number =>
    1 / (1 + Math.exp(14 * (((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 - 1)));
  for (let i = 0; i < size * size; i++) {
    const x = (i % size) / size;
    const y = Math.floor(i / size) / size;
    let grey = 25 + 165 * inside(x, y, 0.5, 0.52, 0.46, 0.47);
    grey -= 120 * (inside(x, y, 0.31, 0.5, 0.15, 0.28) + inside(x, y, 0.69, 0.5, 0.15, 0.28));
    const spot = Math.exp(-(((x - spotX) / 0.06) ** 2) - ((y - spotY) / 0.07) ** 2);
    grey += 70 * spot + 7 * random.normal();
    const heat = warm ? Math.exp(-(((x - spotX) / 0.16) ** 2) - ((y - spotY) / 0.18) ** 2) : 0;
    const colour = [255, 60 + 150 * (1 - heat), 30];
    for (let c = 0; c < 3; c++) {
      data[3 * i + c] = Math.max(0, Math.min(255, grey * (1 - 0.6 * heat) + 0.6 * heat * colour[c]!));
    }
  }
  const png = encode({ width: size, height: size, data, channels: 3, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

function cases(classes: readonly string[], correct: boolean, count: number): ReportCase[] {
  return Array.from({ length: count }, (_, i) => {
    const truth = classes[i % classes.length]!;
    return {
      image: phantom(i + (correct ? 100 : 0), false),
      heatMap: phantom(i + (correct ? 100 : 0), true),
      truth,
      predicted: correct ? truth : classes[(i + 1) % classes.length]!,
      probability: 0.994 - 0.021 * i,
      caption: `test/image-${String(17 * (i + 3)).padStart(4, '0')}.png`,
    };
  });
}

/** Options of the made-up report that tests render and people look at. */
export interface SampleOptions {
  readonly language?: ReportLanguage;
  /** Two or more. */
  readonly classes?: readonly string[];
  readonly replicates?: number;
}

/** A made-up but plausible report: every section filled, nothing in it measured on real images. */
export function sampleContent(
  options: SampleOptions = {},
): ReportContent & { readonly test: ClassificationEvidence } {
  const { language = 'en', classes = ['normal', 'pneumonia'], replicates = 300 } = options;
  const two = classes.length === 2;
  const testCounts = two ? [234, 390] : classes.map((_, k) => 180 - Math.floor((160 * k) / classes.length));
  const validationCounts = two ? [135, 389] : testCounts.map((n) => Math.ceil(n / 2));
  const trainingCounts = two ? [1214, 3494] : testCounts.map((n) => 6 * n);
  const base = { classes, seed: 42, replicates };
  const validated = simulate(1, validationCounts, two ? 3.6 : 3.2);
  const column = (all: Float64Array): Float64Array => all.filter((_, i) => i % classes.length === 1);
  const operatingPoint = two
    ? {
        ...chooseOperatingPoint(column(validated.probabilities), validated.labels),
        chosenOn: 'validation',
      }
    : undefined;
  const judge = (samples: Simulated): ClassificationEvidence =>
    classificationEvidence({ ...base, ...samples, ...(operatingPoint && { operatingPoint }) });
  const split = (name: 'training' | 'validation' | 'test', imagesPerClass: readonly number[]) => {
    const images = imagesPerClass.reduce((a, b) => a + b, 0);
    const hash = (name === 'test' ? '9b1c' : name === 'training' ? '41fe' : 'c07a').repeat(16);
    return { name, images, patients: Math.ceil(images / 2), imagesPerClass, hash };
  };
  const zh = language === 'zh';
  return {
    language,
    title: zh ? '胸部 X 线肺炎分类' : 'Pneumonia on paediatric chest radiographs',
    createdAt: '2026-11-20T14:05:00Z',
    purpose: zh
      ? {
          summary: '判断一幅儿童胸部正位 X 线片是否显示肺炎，并给出概率。',
          intendedUse: '用于教学以及方法学研究：在已有标签的数据上比较训练方法。',
          outOfScope: ['临床诊断或分诊。', '成人、侧位片或床旁片。'],
        }
      : {
          summary: 'Says how likely it is that a frontal chest radiograph of a child shows pneumonia.',
          intendedUse: 'Teaching and research on methods: comparing ways of training on labelled data.',
          outOfScope: ['Diagnosis or triage of patients.', 'Adults, lateral views or bedside radiographs.'],
        },
    model: {
      network: 'ResNet-18',
      parameters: 11_168_834,
      input: zh ? '28 × 28 像素，1 通道' : '28 × 28 pixels, 1 channel',
      file: 'model.onnx',
    },
    classes,
    data: {
      name: zh ? '模拟数据集' : 'Simulated data set',
      source: zh ? '由程序生成' : 'made by a program',
      fingerprint: '7d4a'.repeat(16),
      splits: [
        split('training', trainingCounts),
        split('validation', validationCounts),
        split('test', testCounts),
      ],
      splitMethod: zh ? '按患者划分，按类别分层，种子 42' : 'by patient, stratified by class, seed 42',
      facts: zh
        ? [
            { name: '图像尺寸', value: '28 × 28，1 通道，8 位' },
            { name: '重复图像', value: '0 对完全相同，2 对近似（同一子集内）' },
          ]
        : [
            { name: 'Image size', value: '28 × 28, 1 channel, 8 bit' },
            { name: 'Duplicates', value: '0 exact, 2 near (within one split)' },
          ],
    },
    training: {
      history: historyRows(20),
      metricName: 'AUC',
      bestEpoch: 15,
      seconds: 1312,
      stoppedEarly: true,
    },
    validation: judge(validated),
    test: judge(simulate(2, testCounts, two ? 3.2 : 3)),
    cases: { mistakes: cases(classes, false, 6), correct: cases(classes, true, 3) },
    heatMapMethod: zh ? 'Grad-CAM，layer4' : 'Grad-CAM at layer4',
    limits: [
      zh ? '标签来自单次阅片，未经复核。' : 'Labels come from a single reading and were not reviewed.',
    ],
    settings: {
      network: 'resnet18',
      epochs: 30,
      batch: 128,
      optimizer: 'adamw',
      learningRate: 0.002,
      weightDecay: 0.01,
      schedule: 'one-cycle',
      augmentation: 'rotate, scale, shift, brightness, contrast',
      earlyStopping: true,
      classWeights: null,
    },
    provenance: [
      { name: 'hounsfield', value: '0.1.0' },
      { name: 'ONNX Runtime', value: '1.30.0 (CPU, 2 threads)' },
      { name: 'Node', value: '20.19.5, linux x64' },
      { name: zh ? '随机种子' : 'Seed', value: '42' },
      { name: zh ? 'model.onnx 的 SHA-256' : 'SHA-256 of model.onnx', value: 'e3b0'.repeat(16) },
    ],
  };
}
