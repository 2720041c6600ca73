/**
 * The training loop in the open: a small network learns to tell bright discs from bright rings.
 * Run: npm run build && node dist/examples/train-a-network.js
 */
import assert from 'node:assert/strict';
import { tensor } from '../src/engine/index.ts';
import { nodeRuntime } from '../src/engine/node.ts';
import { compileTrainingStep, crossEntropy, networkNamed, oneCycle, sgd } from '../src/learning/index.ts';
import { RandomStream } from '../src/random.ts';

const [batch, size] = [32, 16];

/** Images [B, 1, H, W] and one-hot labels [B, 2]: a disc or a ring somewhere, in noise. */
function drawBatch(step: number) {
  const random = new RandomStream({ seed: 1, purpose: 'pictures', step });
  const images = new Float32Array(batch * size * size);
  const labels = new Float32Array(batch * 2);
  for (let b = 0; b < batch; b++) {
    const ring = random.integer(2);
    labels[2 * b + ring] = 1;
    const [cy, cx, radius] = [random.uniform(5, 11), random.uniform(5, 11), random.uniform(3, 4.5)];
    for (let i = 0; i < size * size; i++) {
      const distance = Math.hypot(Math.floor(i / size) - cy, (i % size) - cx);
      const inside = distance < radius && (ring === 0 || distance > radius - 1.5);
      images[b * size * size + i] = (inside ? 1 : 0) + random.normal(0, 0.3);
    }
  }
  return {
    images: tensor('float32', [batch, 1, size, size], images),
    targets: tensor('float32', [batch, 2], labels),
  };
}

const steps = 80;
const step = await compileTrainingStep(
  {
    seed: 1,
    optimizer: sgd({ momentum: 0.9 }),
    build(context) {
      const images = context.graph.input('images', 'float32', [batch, 1, size, size]);
      const targets = context.graph.input('targets', 'float32', [batch, 2]);
      const logits = networkNamed('compact-cnn').network(context, images, { outputs: 2 }); // [B, 2]
      return crossEntropy(logits, targets);
    },
  },
  { runtime: nodeRuntime },
);
const rate = oneCycle({ maximum: 0.1 });
const losses: number[] = [];
for (let i = 0; i < steps; i++) {
  losses.push(await step.run(drawBatch(i), rate(i, steps), { epoch: 0, step: i, last: i === steps - 1 }));
}
await step.close();
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
console.log(`loss ${mean(losses.slice(0, 5)).toFixed(3)} -> ${mean(losses.slice(-5)).toFixed(3)}`);
assert(mean(losses.slice(-5)) < 0.3 * mean(losses.slice(0, 5)));
