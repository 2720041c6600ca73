import { elementCount, type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { type Candidate, mapped } from './candidate.ts';

/**
 * A first convolution for another number of input channels. To one: the sum, exact for a grey image that would have been
 * repeated. To more or fewer: repeated in turn and scaled, so that equal channels give the same as before.
 */
export function adaptInputChannels(source: Candidate, channels: number): Candidate {
  const [filters, before, ...space] = source.dims as [number, number, ...number[]]; // a convolution's weight
  const area = elementCount(space);
  const read = (): Tensor => {
    const from = source.read().data as Float32Array; // weights are float32
    const to = new Float32Array(filters * channels * area);
    for (let f = 0; f < filters; f++) {
      if (channels === 1) {
        for (let c = 0; c < before; c++) {
          for (let i = 0; i < area; i++) to[f * area + i]! += from[(f * before + c) * area + i]!;
        }
        continue;
      }
      for (let c = 0; c < channels; c++) {
        const start = (f * before + (c % before)) * area;
        for (let i = 0; i < area; i++) {
          to[(f * channels + c) * area + i] = (from[start + i]! * before) / channels;
        }
      }
    }
    return tensor('float32', [filters, channels, ...space], to);
  };
  const how =
    channels === 1
      ? `sum over ${before} channels`
      : `${before} channel${before === 1 ? '' : 's'} repeated to ${channels}, scaled`;
  return { ...source, dims: [filters, channels, ...space], how, read };
}

/** A first convolution that takes its channels in the opposite order: weights for blue, green, red on red, green, blue. */
export function reverseInputChannels(weight: Tensor): Tensor {
  const [, channels, ...space] = weight.dims as [number, number, ...number[]]; // a convolution's weight
  const area = elementCount(space);
  const from = weight.data as Float32Array; // weights are float32
  const at = (index: number): number => {
    const filter = Math.floor(index / (channels * area));
    const channel = Math.floor(index / area) % channels;
    return (filter * channels + channels - 1 - channel) * area + (index % area);
  };
  const source = { from: '', dims: weight.dims, read: () => weight };
  return mapped(source, (_, index) => from[at(index)]!, '').read();
}
