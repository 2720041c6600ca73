import type { InputConvention } from './sources.ts';

const caffe = (mean: readonly number[], size: number): InputConvention => ({
  channels: 'bgr',
  scale: 255,
  mean,
  std: [1, 1, 1],
  size,
});
/** keras.applications.imagenet_utils, mode 'caffe'. */
const KERAS_MEAN = [103.939, 116.779, 123.68];

interface KnownNames {
  /** Of a layer, without what stands before it in the path. */
  readonly layer: RegExp;
  readonly input: InputConvention;
}

/** Layers that only one family of published networks has; the first that is found counts. */
const kerasNames: readonly KnownNames[] = [
  { layer: /^fire\d+[/_](squeeze|expand)1x1/, input: caffe(KERAS_MEAN, 227) },
  // DenseNet's blocks have two convolutions, ResNet's three
  { layer: /^conv2_block1_3_conv/, input: caffe(KERAS_MEAN, 224) },
  { layer: /^block1_conv1/, input: caffe(KERAS_MEAN, 224) },
  {
    layer: /^expanded_conv_depthwise/,
    input: { channels: 'rgb', scale: 1, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], size: 224 },
  },
];
const caffeNames: readonly KnownNames[] = [
  { layer: /^fire\d+[/_](squeeze1x1|expand1x1|conv1x1_1)\./, input: caffe([104, 117, 123], 227) },
];

/**
 * How pictures were given to a network while its weights were trained, where the names of its layers are those of a
 * release that is known for it: SqueezeNet of Caffe, and ResNet, VGG, MobileNetV2 and SqueezeNet of Keras.
 *
 * @param names of tensors
 */
export function conventionOfNames(names: Iterable<string>): InputConvention | undefined {
  const all = [...names].map((name) => name.replace(/^model_weights\//, ''));
  const isKeras = all.some((name) => /(^|[/.])(depthwise_)?kernel(:\d+)?$/.test(name));
  const known = isKeras ? kerasNames : caffeNames;
  return known.find(({ layer }) => all.some((name) => layer.test(name)))?.input;
}
