"""Fixtures for TensorFlow.js layers models: Keras models as model.json writes them, and what Keras answers.

    python scripts/peers/tfjs.py            # Keras 3
    python scripts/peers/tfjs.py --legacy   # Keras 2 (tf_keras on PYTHONPATH)

The weights come from a hash of their names, so that only the topology, the manifest and the answers are stored.
"""

import json
import os
import sys

LEGACY = "--legacy" in sys.argv
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np

if LEGACY:
    import tf_keras as keras
else:
    import keras

from learning_fixture import write
from learning_hash_weights import hash_uniform

L = keras.layers
I = keras.Input


def functional(inputs, outputs):
    return keras.Model(inputs, outputs)


def chain(shape, *layers, dtype=None):
    x = inp = I(shape=shape, name="input", **({"dtype": dtype} if dtype else {}))
    for layer in layers:
        x = layer(x)
    return functional(inp, x)


def convolutions():
    yield "Conv1D causal, dilated", chain((11, 3), L.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu"))
    yield "Conv1D same, stride 2", chain((12, 3), L.Conv1D(4, 4, padding="same", strides=2))
    for size in (7, 8):
        for kernel in (2, 3, 4):
            yield f"Conv2D same, stride 2, kernel {kernel}, size {size}", chain(
                (size, size + 1, 2), L.Conv2D(3, kernel, strides=2, padding="same"))
    yield "Conv2D valid, stride 2 and 1", chain((9, 8, 2), L.Conv2D(3, (3, 2), strides=(2, 1), use_bias=False))
    yield "Conv2D groups, dilation", chain((9, 8, 4), L.Conv2D(6, 3, groups=2, padding="same", dilation_rate=2))
    yield "Conv3D same, dilation 2", chain((6, 5, 7, 2), L.Conv3D(3, 3, padding="same", dilation_rate=2, activation="elu"))
    yield "Conv3D same, stride 2", chain((6, 5, 7, 2), L.Conv3D(3, 2, padding="same", strides=2))
    yield "DepthwiseConv2D, multiplier 3", chain((8, 7, 2), L.DepthwiseConv2D(3, depth_multiplier=3, padding="same", strides=2))
    yield "DepthwiseConv1D", chain((9, 3), L.DepthwiseConv1D(3, padding="same", depth_multiplier=2))
    yield "SeparableConv2D", chain((8, 7, 2), L.SeparableConv2D(5, 3, depth_multiplier=2, padding="same", activation="tanh"))
    yield "SeparableConv1D", chain((9, 2), L.SeparableConv1D(5, 3, depth_multiplier=2))
    for padding in ("valid", "same"):
        for kernel, stride in ((3, 2), (2, 2), (4, 2), (2, 3), (3, 1)):
            yield f"Conv2DTranspose {padding}, kernel {kernel}, stride {stride}", chain(
                (4, 5, 2), L.Conv2DTranspose(3, kernel, strides=stride, padding=padding))
        yield f"Conv2DTranspose {padding}, output padding", chain(
            (4, 5, 2), L.Conv2DTranspose(3, 3, strides=2, padding=padding, output_padding=1))
        yield f"Conv3DTranspose {padding}", chain((3, 4, 3, 2), L.Conv3DTranspose(2, 3, strides=2, padding=padding))
    yield "Conv1DTranspose", chain((5, 2), L.Conv1DTranspose(3, 3, strides=2, padding="same"))


def activations():
    names = ["relu", "relu6", "elu", "selu", "softmax", "sigmoid", "tanh", "linear", "softplus", "softsign",
             "hard_sigmoid", "swish", "gelu", "exponential", "mish"]
    if not LEGACY:
        names += ["silu", "log_softmax", "leaky_relu", "hard_silu"]
    for name in names:
        yield f"Activation {name}", chain((5, 6, 3), L.Conv2D(4, 1), L.Activation(name))
    yield "Dense, softmax", chain((6,), L.Dense(5, activation="softmax"))
    slope = {"alpha": 0.2} if LEGACY else {"negative_slope": 0.2}
    yield "LeakyReLU", chain((6,), L.LeakyReLU(**slope))
    yield "ELU", chain((6,), L.ELU(alpha=0.7))
    yield "ReLU, all settings", chain((40,), L.ReLU(max_value=0.5, negative_slope=0.1, threshold=0.2))
    yield "ReLU, max_value", chain((40,), L.ReLU(max_value=0.5))
    if LEGACY:
        yield "ThresholdedReLU", chain((40,), L.ThresholdedReLU(theta=0.3))
    yield "PReLU", chain((4, 5, 3), L.PReLU())
    yield "PReLU, shared axes, after Conv2D", chain((4, 5, 3), L.Conv2D(4, 1), L.PReLU(shared_axes=[1, 2]))
    yield "PReLU, after Conv2D", chain((4, 5, 3), L.Conv2D(4, 1), L.PReLU())
    yield "Softmax, axis 1", chain((4, 5, 3), L.Conv2D(4, 1), L.Softmax(axis=1))


def pools():
    for d, shape in ((1, (7, 2)), (2, (7, 6, 2)), (3, (5, 6, 7, 2))):
        for kind in ("Max", "Average"):
            pool = getattr(L, f"{kind}Pooling{d}D")
            yield f"{kind}Pooling{d}D valid", chain(shape, pool(2))
            yield f"{kind}Pooling{d}D same, stride 2, window 3", chain(shape, pool(3, strides=2, padding="same"))
            yield f"{kind}Pooling{d}D same, stride 1, window 2", chain(shape, pool(2, strides=1, padding="same"))
            overall = getattr(L, f"Global{kind}Pooling{d}D")
            yield f"Global{kind}Pooling{d}D", chain(shape, overall())
            yield f"Global{kind}Pooling{d}D keepdims", chain(shape, overall(keepdims=True))


def shapes():
    yield "Flatten after Conv2D", chain((4, 5, 2), L.Conv2D(3, 2), L.Flatten(), L.Dense(4))
    yield "Flatten, channels_first", chain((2, 4, 5), L.Flatten(data_format="channels_first"))
    yield "Reshape after Conv2D", chain((4, 5, 2), L.Conv2D(3, 2), L.Reshape((-1, 6)))
    yield "Permute after Conv2D", chain((4, 5, 2), L.Conv2D(3, 2), L.Permute((3, 1, 2)))
    yield "RepeatVector", chain((4,), L.RepeatVector(3))
    yield "Dense on 3 and 4 axes", chain((4, 5, 2), L.Dense(3, activation="relu"), L.Reshape((20, 3)), L.Dense(2))
    yield "ZeroPadding1D", chain((4, 2), L.ZeroPadding1D((1, 2)))
    yield "ZeroPadding2D", chain((4, 5, 2), L.ZeroPadding2D(((1, 0), (2, 3))))
    yield "ZeroPadding3D", chain((2, 3, 4, 2), L.ZeroPadding3D(((1, 0), (2, 3), (0, 1))))
    yield "Cropping1D", chain((6, 2), L.Cropping1D((1, 2)))
    yield "Cropping2D", chain((6, 7, 2), L.Cropping2D(((1, 0), (2, 3))))
    yield "Cropping3D", chain((4, 5, 6, 2), L.Cropping3D(((1, 0), (2, 1), (0, 3))))
    yield "UpSampling1D", chain((4, 2), L.UpSampling1D(3))
    yield "UpSampling2D nearest", chain((4, 5, 2), L.UpSampling2D((2, 3)))
    yield "UpSampling2D bilinear", chain((4, 5, 2), L.UpSampling2D((2, 3), interpolation="bilinear"))
    yield "UpSampling3D", chain((2, 3, 4, 2), L.UpSampling3D((2, 1, 3)))
    yield "Dropout and noise", chain((6,), L.Dropout(0.5), L.GaussianNoise(1.0), L.GaussianDropout(0.3), L.Dense(3))
    yield "SpatialDropout2D", chain((4, 5, 2), L.SpatialDropout2D(0.5), L.Conv2D(2, 1))
    yield "Rescaling", chain((6,), L.Rescaling(1 / 127.5, offset=-1.0))
    yield "Normalization", chain((5, 3), L.Normalization(mean=[0.1, 0.2, -0.3], variance=[0.5, 2.0, 1.5]))
    embed = I(shape=(7,), dtype="int32", name="input")
    yield "Embedding", functional(embed, L.Dense(3)(L.Embedding(11, 5)(embed)))


def norms():
    yield "BatchNormalization after Conv3D", chain((4, 5, 3, 2), L.Conv3D(3, 2), L.BatchNormalization(), L.ReLU())
    yield "BatchNormalization, no scale", chain((4, 5, 2), L.BatchNormalization(scale=False, epsilon=0.01))
    yield "BatchNormalization, no center", chain((6,), L.BatchNormalization(center=False))
    yield "BatchNormalization, axis 1", chain((4, 5, 2), L.BatchNormalization(axis=1))
    yield "BatchNormalization, axis 2", chain((4, 5, 2), L.BatchNormalization(axis=2))
    yield "LayerNormalization", chain((4, 5, 2), L.Conv2D(3, 1), L.LayerNormalization())
    yield "LayerNormalization, two axes", chain((4, 5, 2), L.LayerNormalization(axis=[2, 3], center=False))
    yield "GroupNormalization", chain((4, 5, 6), L.GroupNormalization(groups=3))
    yield "UnitNormalization", chain((4, 5), L.UnitNormalization())


def merges():
    def two(layer, a=(4, 5, 2), b=(4, 5, 2), conv=False):
        x, y = I(shape=a, name="first"), I(shape=b, name="second")
        u, v = (L.Conv2D(3, 1)(x), L.Conv2D(3, 1)(y)) if conv else (x, y)
        return functional([x, y], layer([u, v]))

    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
        yield f"{name}", two(getattr(L, name)())
    yield "Add after Conv2D", two(L.Add(), conv=True)
    yield "Concatenate", two(L.Concatenate(), conv=True)
    yield "Concatenate, axis 1", two(L.Concatenate(axis=1), conv=True)
    yield "Concatenate, axis -2", two(L.Concatenate(axis=-2), b=(4, 3, 2))
    yield "Dot", two(L.Dot(axes=1), (6,), (6,))
    yield "Dot, normalised", two(L.Dot(axes=-1, normalize=True), (6,), (6,))
    yield "Dot, matrices", two(L.Dot(axes=(2, 1)), (4, 3), (3, 5))
    x = I(shape=(6, 6, 2), name="input")
    y = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    z = L.Concatenate()([y, x])
    yield "concatenation of a moved tensor and an input", functional(x, L.Flatten()(z))


def topologies():
    if LEGACY:
        yield "Sequential", keras.Sequential([L.Conv2D(3, 3, input_shape=(6, 6, 1)), L.Flatten(), L.Dense(2)])
    else:
        yield "Sequential", keras.Sequential([I((6, 6, 1)), L.Conv2D(3, 3), L.Flatten(), L.Dense(2)])
    x, y = I(shape=(6,), name="left"), I(shape=(6,), name="right")
    shared = L.Dense(4, activation="tanh", name="shared")
    yield "shared layer", functional([x, y], L.Subtract()([shared(x), shared(y)]))
    block_in = I(shape=(6, 6, 2), name="block_input")
    block = keras.Model(block_in, L.Conv2D(2, 3, padding="same", name="conv")(block_in), name="block")
    z = I(shape=(6, 6, 2), name="input")
    yield "nested model, called twice", functional(z, L.Add(name="sum")([block(block(z)), z]))
    inner = keras.Sequential([I((8,)), L.Dense(5, name="dense"), L.Dense(3, name="dense_out")], name="tower")
    w = I(shape=(8,), name="input")
    yield "nested Sequential", functional(w, inner(w))
    v = I(shape=(5, 5, 2), name="input")
    h = L.Conv2D(3, 2, name="stem")(v)
    yield "two outputs", functional(v, [L.GlobalAveragePooling2D(name="pooled")(h), L.Activation("sigmoid", name="map")(h)])


def recurrents():
    for name in ("SimpleRNN", "LSTM", "GRU"):
        layer = getattr(L, name)
        yield f"{name}", chain((5, 3), layer(4))
        yield f"{name}, sequences", chain((5, 3), layer(4, return_sequences=True))
        yield f"{name}, backwards, sequences", chain((5, 3), layer(4, return_sequences=True, go_backwards=True))
        yield f"Bidirectional {name}", chain((5, 3), L.Bidirectional(layer(4, return_sequences=True)))
    yield "Bidirectional LSTM, sum", chain((5, 3), L.Bidirectional(L.LSTM(4), merge_mode="sum"))
    yield "GRU, reset before", chain((5, 3), L.GRU(4, reset_after=False))
    yield "LSTM, hard sigmoid", chain((5, 3), L.LSTM(4, recurrent_activation="hard_sigmoid", use_bias=False))


def unique_names(model):
    """Manifest names of the variables, as the converter gives them: 'layer/weight' with the models around it."""
    named = []

    def visit(layers, path):
        for layer in layers:
            if hasattr(layer, "layers") and not isinstance(layer, L.Bidirectional):
                visit(layer.layers, path + [layer.name])
                continue
            for variable in layer.weights:
                if LEGACY:
                    name = variable.name.split(":")[0]
                else:
                    name = "/".join(path + [variable.path])
                if all(variable is not known for _, known in named):
                    named.append((name, variable))

    visit(model.layers, [])
    names = [name for name, _ in named]
    assert len(set(names)) == len(names), names
    return named


def hashed(name, shape):
    low, high = (0.5, 1.5) if name.endswith(("variance", "gamma")) else (-0.7, 0.7)
    return hash_uniform(name, shape, low, high).astype(np.float32)


def case(name, model):
    manifest = []
    for weight_name, variable in unique_names(model):
        if np.dtype(getattr(variable.dtype, "name", variable.dtype)) != np.float32:
            continue
        variable.assign(hashed(weight_name, tuple(variable.shape)))
        manifest.append({"name": weight_name, "shape": list(variable.shape), "dtype": "float32"})
    feeds, values = {}, []
    for tensor in model.inputs:
        label = tensor.name.split(":")[0]
        shape = [2, *tensor.shape[1:]]
        is_index = "int" in str(tensor.dtype)
        value = hash_uniform(f"{name}.{label}", shape, 0 if is_index else -1, 11 if is_index else 1)
        values.append(np.floor(value).astype(np.int32) if is_index else value.astype(np.float32))
        feeds[label] = {"dims": shape, "dtype": "int32" if is_index else "float32"}
    outputs = model(values if len(values) > 1 else values[0], training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    config = json.loads(model.to_json())
    topology = {"keras_version": keras.__version__, "backend": "tensorflow",
                "model_config": {"class_name": config["class_name"], "config": trimmed(config["config"])}}
    return {
        "name": name,
        "feeds": feeds,
        "model": {"format": "layers-model", "modelTopology": topology,
                  "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": manifest}]},
        "outputs": [{"dims": list(o.shape), "values": [float(f"{v:.8g}") for v in np.asarray(o).ravel()]} for o in outputs],
    }


def trimmed(value):
    """Without what nobody reads: initializers, regularizers, constraints."""
    if isinstance(value, list):
        return [trimmed(item) for item in value]
    if not isinstance(value, dict):
        return value
    ends = ("_initializer", "_regularizer", "_constraint")
    return {key: trimmed(item) for key, item in value.items() if not key.endswith(ends)}


groups = (convolutions, activations, pools, shapes, norms, merges, topologies, recurrents)
cases = []
for group in groups:
    for name, model in group():
        cases.append(case(name, model))
        keras.backend.clear_session()
kind = "keras2" if LEGACY else "keras3"
write(f"tfjs/{kind}.json", "tfjs.py", f"keras {keras.__version__}", cases)
