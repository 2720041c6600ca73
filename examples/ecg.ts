/**
 * Writes a made-up ECG with marks as WFDB and as EDF+, reads both back, and resamples it.
 * Run: npm run build && node dist/examples/ecg.js
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  applySignalSteps,
  isSignal,
  type Signal,
  type SignalAnnotation,
  signal,
  undoSignal,
  writeEdf,
  writeWfdb,
} from '../src/imaging/index.ts';
import { open } from '../src/imaging/node.ts';

// Ten seconds at 360 Hz: a narrow wave each 0.8 s, one of them early and broad.
const rate = 360;
const beats: readonly SignalAnnotation[] = Array.from({ length: 12 }, (_, i) => {
  const timeS = i === 6 ? 0.4 + 0.8 * 6 - 0.2 : 0.4 + 0.8 * i;
  return { timeS, sample: Math.round(timeS * rate), label: i === 6 ? 'V' : 'N' };
});
const lead = (gain: number) =>
  Float64Array.from({ length: 10 * rate }, (_, i) =>
    beats.reduce((sum, { timeS, label }) => {
      const width = label === 'V' ? 0.04 : 0.015;
      return sum + gain * Math.exp(-(((i / rate - timeS) / width) ** 2));
    }, 0),
  );
const ecg = signal(
  [
    { name: 'MLII', unit: 'mV', samplingRateHz: rate, samples: lead(1) },
    { name: 'V1', unit: 'mV', samplingRateHz: rate, samples: lead(-0.6) },
  ],
  rate,
  beats,
);

// The files: WFDB is several, EDF+ is one. `open` finds the format by content.
const folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-example-'));
for (const [name, bytes] of Object.entries(writeWfdb(ecg, { name: 'made-up' }))) {
  await writeFile(path.join(folder, name), bytes);
}
await writeFile(path.join(folder, 'made-up.edf'), writeEdf(ecg));

/** Largest difference between the samples of two recordings. */
const apart = (a: Signal, b: Signal) =>
  Math.max(
    ...a.channels.flatMap(({ samples }, c) => {
      const other = b.channels[c]!.samples;
      return [...samples].map((value, i) => Math.abs(value - other[i]!));
    }),
  );

for (const name of ['made-up.hea', 'made-up.edf']) {
  const back = await open(path.join(folder, name));
  assert(isSignal(back));
  assert.deepEqual(
    back.channels.map((channel) => [channel.name, channel.unit]),
    [
      ['MLII', 'mV'],
      ['V1', 'mV'],
    ],
  );
  assert.deepEqual(
    back.annotations.map(({ label }) => label),
    beats.map(({ label }) => label),
  );
  assert(back.annotations.every(({ timeS }, i) => Math.abs(timeS - beats[i]!.timeS) < 1 / rate));
  assert(apart(ecg, back) < 1e-4); // 16 bits over some 1.6 mV
  console.log(name, back.channels.length, 'channels,', back.annotations.length, 'marks');
}

// At 100 Hz marks keep their time; the step is recorded and can be taken back.
const slow = applySignalSteps(ecg, [{ transform: 'resample-signal', parameters: { samplingRateHz: 100 } }]);
assert.equal(slow.channels[0]!.samples.length, 1000);
assert.equal(slow.annotations[6]!.timeS, beats[6]!.timeS);
assert.equal(slow.annotations[6]!.sample, Math.round(beats[6]!.timeS * 100));
const again = undoSignal(slow);
assert.equal(again.channels[0]!.samples.length, 10 * rate);
assert(apart(ecg, again) < 0.05); // what was above 50 Hz is gone
await rm(folder, { recursive: true });
