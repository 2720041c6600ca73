/** How a network wants its pictures, from 8 bits a channel. */
export interface InputConvention {
  /** Order of the channels. */
  readonly channels: 'rgb' | 'bgr';
  /** What a value of 255 is scaled to before mean and std. */
  readonly scale: 1 | 255;
  /** Taken away from each channel, in the network's order and scale. */
  readonly mean: readonly number[];
  /** Divided by, after that. */
  readonly std: readonly number[];
  /** Height and width in pixels that it was trained for. */
  readonly size: number;
}

/** Weights that are published, and what is known of them. */
export interface WeightSource {
  readonly url: string;
  /** Of the file, hexadecimal; undefined where none is known, and it is then fetched only with trust: 'first-use'. */
  readonly sha256: string | undefined;
  /** SPDX identifier, as the publisher states it. */
  readonly licence: string;
  /** Network here that they are for. */
  readonly network: string;
  readonly input: InputConvention;
  /** Outputs of the head that they hold; undefined where they hold none. */
  readonly classes: number | undefined;
  readonly trainedOn: string;
}

const imagenet = (size: number): InputConvention => ({
  channels: 'rgb',
  scale: 1,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  size,
});

interface TimmSource {
  readonly network: string;
  readonly revision?: string;
  readonly sha256?: string;
  readonly licence?: string;
  readonly input?: InputConvention;
  readonly trainedOn?: string;
}

const timm = (name: string, source: TimmSource): readonly [string, WeightSource] => [
  `timm/${name}`,
  {
    url: `https://huggingface.co/timm/${name}/resolve/${source.revision ?? 'main'}/model.safetensors`,
    sha256: source.sha256,
    licence: source.licence ?? 'Apache-2.0',
    network: source.network,
    input: source.input ?? imagenet(224),
    classes: 1000,
    trainedOn: source.trainedOn ?? 'ImageNet-1k',
  },
];

/**
 * Well-known weights by name. A checksum stands where it could be established from several independent records of the
 * same file, or from the file itself; where it could not, there is none rather than a guess.
 */
export const weightSources: ReadonlyMap<string, WeightSource> = new Map([
  timm('resnet18.a1_in1k', {
    network: 'resnet18',
    revision: '491b427b45c94c7fb0e78b5474cc919aff584bbf',
    sha256: '80c49dee3da4822c009c5a7fe591e9223c5a2cfcf95a4067ca4dfb5a7b89c612',
  }),
  timm('resnet34.a1_in1k', { network: 'resnet34' }),
  timm('resnet50.a1_in1k', {
    network: 'resnet50',
    revision: '767268603ca0cb0bfe326fa87277f19c419566ef',
    sha256: '773525d5821de224f8f30c33377b7a795d7863e08522698200d3217d3f2a41bb',
  }),
  timm('resnet101.a1_in1k', { network: 'resnet101' }),
  timm('densenet121.tv_in1k', {
    network: 'densenet121',
    revision: 'f0d0f2698a02cb133b09d48396db6e1e46fe9f3b',
    sha256: 'c894c6d9caa317a8ca1942986dee7a16a86c77734a4d691d2abe05389cfef358',
  }),
  timm('efficientnet_b0.ra_in1k', {
    network: 'efficientnet-b0',
    revision: '1b5383e5f79cc0f7fc067e372f8f26a5fa73f26a',
    sha256: 'd569899762ea9b1384ee07f4af64805cf8caa1c55f9253ebb1080dc40e87a2cd',
  }),
  timm('mobilenetv2_100.ra_in1k', { network: 'mobilenet-v2' }),
  timm('vgg11.tv_in1k', { network: 'vgg11', licence: 'BSD-3-Clause' }),
  timm('vgg16.tv_in1k', { network: 'vgg16', licence: 'BSD-3-Clause' }),
  timm('vit_small_patch16_224.augreg_in21k_ft_in1k', {
    network: 'vit-s16',
    revision: '7e2c55630205e1266030f18370f4c6ed1a514b52',
    sha256: '79c03c635cdfd798a364a9d8c4e5c0b7255b975ea2c9616046d4f77ab01435aa',
    input: { channels: 'rgb', scale: 1, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], size: 224 },
    trainedOn: 'ImageNet-21k, then ImageNet-1k',
  }),
  [
    'keras-squeezenet/squeezenet1_1-notop',
    {
      url:
        'https://raw.githubusercontent.com/rcmalli/keras-squeezenet/8cebee42add4737b9a352ffac6bf8e96c217146d/' +
        'weights/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5',
      sha256: '2d935d8c102ad1232484a77da8e6fbdf3ff4ab608974a0d8b6283115ffff204f',
      licence: 'MIT',
      network: 'squeezenet-1.1',
      input: { channels: 'bgr', scale: 255, mean: [103.939, 116.779, 123.68], std: [1, 1, 1], size: 227 },
      classes: undefined,
      trainedOn: 'ImageNet-1k',
    },
  ],
]);
