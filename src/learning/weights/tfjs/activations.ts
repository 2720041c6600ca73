import { add, mul, scalarLike, where } from '../../../engine/graph/build.ts';
import type { Value } from '../../../engine/graph/graph.ts';
import { configFault } from './faults.ts';
import { channelsFirst, type Held, heldAxis, rankOf } from './held.ts';
import { flagIn, type LayerRule, type LayerSite, numberIn, onlyInput, permuted } from './layer.ts';
import { isRecord } from './topology.ts';

type Elementwise = (x: Value, site: LayerSite) => Value;

const node =
  (op: string, attributes: Readonly<Record<string, number | string>> = {}): Elementwise =>
  (x) =>
    x.graph.op(op, [x], attributes);

const clip = (x: Value, low: number, high: number): Value =>
  x.graph.op('Clip', [x, scalarLike(x, low), scalarLike(x, high)]);

const swish: Elementwise = (x) => mul(x, x.graph.op('Sigmoid', [x]));

/** Keras 2 has 0.2 x + 0.5, Keras 3 relu6(x + 3) / 6. */
const hardSigmoid: Elementwise = (x, { isKeras3 }) =>
  x.graph.op('HardSigmoid', [x], { alpha: isKeras3 ? 1 / 6 : 0.2, beta: 0.5 });

/** Activations by Keras' names that work element by element. */
const elementwise: Readonly<Record<string, Elementwise>> = {
  linear: (x) => x,
  relu: node('Relu'),
  relu6: (x) => clip(x, 0, 6),
  elu: node('Elu'),
  selu: node('Selu'),
  celu: node('Celu'),
  sigmoid: node('Sigmoid'),
  tanh: node('Tanh'),
  softplus: node('Softplus'),
  softsign: node('Softsign'),
  exponential: node('Exp'),
  mish: node('Mish'),
  swish,
  silu: swish,
  hard_swish: node('HardSwish'),
  hard_silu: node('HardSwish'),
  hard_sigmoid: hardSigmoid,
  hard_tanh: (x) => clip(x, -1, 1),
  gelu: node('Gelu'),
  gelu_new: node('Gelu', { approximate: 'tanh' }),
  leaky_relu: node('LeakyRelu', { alpha: 0.2 }),
  log_sigmoid: (x) => x.graph.op('Neg', [x.graph.op('Softplus', [x.graph.op('Neg', [x])])]),
};

const alongAxis: Readonly<Record<string, string>> = { softmax: 'Softmax', log_softmax: 'LogSoftmax' };

/** The name in an `activation` setting: text, null, or a serialised function or layer. */
function activationName(site: LayerSite, setting: unknown): { name: string; site: LayerSite } {
  if (setting === null || setting === undefined) return { name: 'linear', site };
  if (typeof setting === 'string') return { name: setting, site };
  if (isRecord(setting)) {
    const { class_name: className, config } = setting;
    if (typeof config === 'string') return { name: config, site };
    if (typeof className === 'string') {
      return { name: className, site: { ...site, config: isRecord(config) ? config : {} } };
    }
  }
  return configFault(site, 'its activation has no name');
}

/** Applies a layer's `activation` setting. @throws TFJS_CONFIG for one that is not known */
export function activate(site: LayerSite, setting: unknown, x: Held): Held {
  const { name, site: named } = activationName(site, setting);
  if (Object.hasOwn(elementwise, name)) return { ...x, value: elementwise[name]!(x.value, site) };
  if (Object.hasOwn(alongAxis, name)) return normalizedAlong(site, alongAxis[name]!, x, -1);
  if (Object.hasOwn(activationLayers, name)) {
    const result = activationLayers[name]!(named, [x]);
    if ('value' in result) return result;
  }
  return configFault(site, `the activation '${name.slice(0, 40)}' is not known`);
}

function normalizedAlong(site: LayerSite, op: string, x: Held, axis: number): Held {
  return { ...x, value: x.value.graph.op(op, [x.value], { axis: heldAxis(x, axis, site) }) };
}

const layerOf =
  (make: (site: LayerSite, x: Value) => Value): LayerRule =>
  (site, inputs) => {
    const x = onlyInput(site, inputs);
    return { ...x, value: make(site, x.value) };
  };

const slopeKey = ({ config }: LayerSite): string => ('negative_slope' in config ? 'negative_slope' : 'alpha');

/** max_value from max_value on, x from threshold on, else negative_slope (x - threshold). */
function generalRelu(site: LayerSite, x: Value): Value {
  const most = site.config['max_value'] == null ? undefined : numberIn(site, 'max_value', 0);
  const slope = numberIn(site, 'negative_slope', 0);
  const threshold = numberIn(site, 'threshold', 0);
  if (slope === 0 && threshold === 0) return most === undefined ? x.graph.op('Relu', [x]) : clip(x, 0, most);
  const limited = most === undefined ? x : x.graph.op('Min', [x, scalarLike(x, most)]);
  const below = mul(add(x, scalarLike(x, -threshold)), scalarLike(x, slope));
  return where(x.graph.op('GreaterOrEqual', [x, scalarLike(x, threshold)]), limited, below);
}

/** alpha has the input's shape without its batch, 1 along shared_axes. */
const parametric: LayerRule = (site, inputs) => {
  const x = onlyInput(site, inputs);
  const rank = rankOf(x, site);
  const alpha = site.weight('alpha');
  if (alpha.dims.length !== rank - 1)
    return configFault(site, 'its alpha has another number of axes than its input');
  const held = { value: x.value, moved: x.moved };
  const slope = site.parameter('weight', () => {
    if (!x.moved) return alpha;
    return permuted(alpha, [rank - 2, ...Array.from({ length: rank - 2 }, (_, i) => i)]);
  });
  // Made once: a second call in the other order is brought into the first's.
  const fits = `${slope.constant!.dims}` === `${x.moved ? slope.constant!.dims : alpha.dims}`; // an initializer
  const value = fits ? held.value : channelsFirst(held, site);
  return { value: site.graph.op('PRelu', [value, slope]), moved: fits ? x.moved : true };
};

const softmaxLayer: LayerRule = (site, inputs) => {
  const x = onlyInput(site, inputs);
  const axis = site.config['axis'] ?? -1;
  const axes: readonly unknown[] = Array.isArray(axis) ? axis : [axis];
  if (axes.length !== 1 || typeof axes[0] !== 'number')
    return configFault(site, 'axis is not one whole number');
  return normalizedAlong(site, 'Softmax', x, axes[0]);
};

/** Layers that are activations. */
export const activationLayers: Readonly<Record<string, LayerRule>> = {
  Activation: (site, inputs) => activate(site, site.config['activation'], onlyInput(site, inputs)),
  ReLU: layerOf(generalRelu),
  ELU: layerOf((site, x) => x.graph.op('Elu', [x], { alpha: numberIn(site, 'alpha', 1) })),
  LeakyReLU: layerOf((site, x) =>
    x.graph.op('LeakyRelu', [x], { alpha: numberIn(site, slopeKey(site), 0.3) }),
  ),
  ThresholdedReLU: layerOf((site, x) =>
    x.graph.op('ThresholdedRelu', [x], { alpha: numberIn(site, 'theta', 1) }),
  ),
  PReLU: parametric,
  Softmax: softmaxLayer,
  GELU: layerOf((site, x) =>
    x.graph.op('Gelu', [x], { approximate: flagIn(site, 'approximate', false) ? 'tanh' : 'none' }),
  ),
};
