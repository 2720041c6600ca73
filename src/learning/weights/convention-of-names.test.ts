import { expect, test } from 'vitest';
import { conventionOfNames } from './convention-of-names.ts';

test.each([
  ['Caffe’s SqueezeNet', ['conv1.weight', 'fire2/conv1x1_1.weight'], 'bgr', 104],
  ['Caffe’s SqueezeNet, as its layers are called there', ['fire2/squeeze1x1.weight'], 'bgr', 104],
  ['Keras’s SqueezeNet', ['fire2/expand1x1/fire2/expand1x1_3/kernel:0'], 'bgr', 103.939],
  ['Keras’s ResNet', ['model_weights/conv2_block1_3_conv/conv2_block1_3_conv/kernel:0'], 'bgr', 103.939],
  ['Keras’s VGG', ['block1_conv1/block1_conv1/kernel:0'], 'bgr', 103.939],
  ['Keras’s MobileNetV2', ['Conv1/Conv1/kernel:0', 'expanded_conv_depthwise/depthwise_kernel'], 'rgb', 0.5],
])('%s', (_, names, channels, mean) => {
  const found = conventionOfNames(names)!;
  expect([found.channels, found.mean[0]]).toEqual([channels, mean]);
});

test.each([
  ['torchvision’s ResNet', ['layer1.0.conv1.weight', 'fc.weight']],
  ['torchvision’s SqueezeNet', ['features.3.squeeze.weight', 'features.3.expand1x1.weight']],
  ['Keras’s DenseNet, of torchvision’s convention', ['conv2_block1_1_conv/conv2_block1_1_conv/kernel:0']],
  ['no names', []],
])('%s: nothing is known', (_, names) => {
  expect(conventionOfNames(names)).toBeUndefined();
});
