"""Writes fixtures/weights/*: how timm and Keras name their weights, and what their networks say with hashed ones.

Run: python scripts/peers/weights.py        where PyTorch and timm are
     python scripts/peers/weights.py keras  where Keras and TensorFlow are
Weights and images are numbers of learning_hash_weights.py, which the tests compute alike; only the answers are stored.
"""

import hashlib
import os
import sys

import numpy as np

from learning_fixture import ROOT, write
from learning_hash_weights import hash_parameter, hash_uniform

MAKER = "weights.py"


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


# PyTorch and timm ------------------------------------------------------------------------------------------------


def timm_networks():
    import timm
    import torch

    cases = []
    for name, network, size in [("resnet18", "resnet18", 64), ("resnet50", "resnet50", None), ("densenet121", "densenet121", 64),
                                ("mobilenetv2_100", "mobilenet-v2", 64), ("efficientnet_b0", "efficientnet-b0", 64),
                                ("vgg11", "vgg11", None), ("vgg16_bn", "vgg16-bn", None),
                                ("vit_small_patch16_224", "vit-s16", 32)]:
        extra = {"img_size": size} if name.startswith("vit") else {}
        with torch.device("cpu" if size else "meta"):
            model = timm.create_model(name, num_classes=5, **extra)
        names = [[key, list(value.shape)] for key, value in model.state_dict().items()]
        expected = None
        if size:
            with torch.no_grad():
                for key, value in model.state_dict().items():
                    value.copy_(torch.from_numpy(hash_parameter(key, tuple(value.shape))))
                model = model.double().eval()
                images = torch.from_numpy(hash_uniform("images", (2, 3, size, size)).astype(np.float32)).double()
                expected = model(images).reshape(-1).tolist()
        cases.append({"timm": name, "network": network, "size": size, "outputs": 5, "names": names, "expected": expected})
    write("weights/timm.json", MAKER, f"timm {timm.__version__}, PyTorch {torch.__version__}", cases)


def numbers():
    import timm
    import torch
    from timm.models._manipulate import adapt_input_conv

    bits = np.arange(65536, dtype=np.uint16).astype(np.int32).astype(np.int16)
    cases = {}
    for name in ("float16", "bfloat16"):
        values = torch.from_numpy(bits).view(getattr(torch, name)).float().numpy()
        cases[name] = digest(np.nan_to_num(values, nan=0, posinf=np.inf, neginf=-np.inf))
    weight = torch.from_numpy(hash_parameter("conv.weight", (4, 3, 3, 3)))
    cases["channels"] = [{"channels": n, "weight": adapt_input_conv(n, weight).reshape(-1).tolist()} for n in (1, 2, 4, 5)]
    write("weights/numbers.json", MAKER, f"PyTorch {torch.__version__}, timm {timm.__version__}", cases)


# Keras -----------------------------------------------------------------------------------------------------------


def hash_keras(path, shape):
    variable = path.rsplit("/", 1)[1]
    if "kernel" in variable:
        fan = np.prod(shape[:2] if len(shape) == 4 and shape[-1] == 1 else shape[:-1])
        bound = np.sqrt(6 / fan)
        low, high = -bound, bound
    else:
        low, high = {"gamma": (0.9, 1.1), "moving_variance": (0.5, 1.5)}.get(variable, (-0.1, 0.1))
    return hash_uniform(path, tuple(shape), low, high).astype(np.float32)


def fill_keras(model):
    for variable in model.weights:
        if not variable.path.startswith("normalization/"):
            variable.assign(hash_keras(variable.path, variable.shape))
    return model


def stride_in_the_3x3(model):
    """Keras's ResNet-50 with the stride where torchvision's has it, so that the weights can be compared."""
    import keras

    config = model.get_config()
    for layer in config["layers"]:
        for stage in "345":
            if layer["name"] == f"conv{stage}_block1_1_conv":
                layer["config"]["strides"] = (1, 1)
            if layer["name"] == f"conv{stage}_block1_2_conv":
                layer["config"]["strides"] = (2, 2)
    return keras.Model.from_config(config)


def keras_networks():
    import keras

    keras.backend.set_floatx("float64")
    apps = keras.applications
    cases = []
    for name, network, size in [("ResNet50", "resnet50", 33), ("DenseNet121", "densenet121", 33),
                                ("MobileNetV2", "mobilenet-v2", 33), ("EfficientNetB0", "efficientnet-b0", 33),
                                ("VGG16", "vgg16", None), ("VGG19", "vgg19", None)]:
        top = {"include_top": False} if size is None else {"classes": 5, "classifier_activation": None}
        model = getattr(apps, name)(weights=None, input_shape=(size or 32, size or 32, 3), **top)
        if name == "ResNet50":
            model = stride_in_the_3x3(model)
        names = [[variable.path, list(variable.shape)] for variable in model.weights]
        expected = None
        if size:
            images = hash_uniform("images", (2, 3, size, size)).astype(np.float32).astype(np.float64).transpose(0, 2, 3, 1)
            if name == "EfficientNetB0":
                images = images * 255  # which the network divides by itself
            expected = np.asarray(fill_keras(model)(images, training=False)).reshape(-1).tolist()
        else:
            names += [["fc1/kernel", [25088, 4096]], ["fc1/bias", [4096]], ["fc2/kernel", [4096, 4096]], ["fc2/bias", [4096]],
                      ["predictions/kernel", [4096, 5]], ["predictions/bias", [5]]]
        cases.append({"keras": name, "network": network, "size": size, "outputs": 5, "names": names, "expected": expected})
    write("weights/keras.json", MAKER, f"Keras {keras.__version__}", cases)
    keras.backend.set_floatx("float32")


def keras_files():
    """One small model in each of Keras's files."""
    import keras
    from keras import layers

    x = picture = keras.Input((9, 9, 3), name="picture")
    x = layers.Conv2D(4, 3, name="stem")(x)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.DepthwiseConv2D(3, name="wide")(x)
    x = layers.SeparableConv2D(5, 3, name="apart")(x)
    x = layers.Dense(2, name="predictions")(layers.Flatten()(x))
    model = fill_keras(keras.Model(picture, x))
    files = {}
    folder = ROOT / "fixtures" / "weights"
    for name in ("small.h5", "small.keras", "small.weights.h5"):
        path = str(folder / name)
        model.save_weights(path) if name == "small.weights.h5" else model.save(path)
        files[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    names = [[variable.path, list(variable.shape)] for variable in model.weights]
    write("weights/keras-files.json", MAKER, f"Keras {keras.__version__}", {"files": files, "names": names})


if __name__ == "__main__":
    if sys.argv[1:] == ["keras"]:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        (ROOT / "fixtures" / "weights").mkdir(parents=True, exist_ok=True)
        keras_files()
        keras_networks()
    else:
        timm_networks()
        numbers()
