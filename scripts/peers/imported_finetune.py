"""Writes fixtures/imported-networks/: what a step of fine-tuning makes of exported networks, by PyTorch.

Run: python scripts/peers/imported_finetune.py  (after imported_models.py, whose files it uses too)

Weights are those of learning_hash_weights.py. Each network's last layer is replaced by one of three outputs; one step
of SGD at rate 0.1 on the cross-entropy of four images is taken in float64, once with batch normalisation in evaluation
("keep") and once in training ("train"). finetune.json: per network the loss, the log of the probabilities and every parameter and running
statistic after the step; per file which initializer holds which of them, and whether transposed.
"""

import hashlib
import warnings

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import nn
from torchvision.models.swin_transformer import SwinTransformer

import imported_networks as small
from imported_models import packed
from learning_fixture import ROOT, write
from learning_hash_weights import fill, hash_uniform

OUT = ROOT / "fixtures" / "imported-networks"
BATCH, CLASSES, RATE = 4, 3, 0.1
TARGETS = [0, 2, 1, 2]


class Fire(nn.Module):
    def __init__(self, i, s, e):
        super().__init__()
        self.squeeze, self.expand1x1, self.expand3x3 = nn.Conv2d(i, s, 1), nn.Conv2d(s, e, 1), nn.Conv2d(s, e, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """Its classes are a convolution's channels, averaged over space after a ReLU."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(6, 4, 5))
        self.classifier = nn.Sequential(nn.Dropout(0.5), nn.Conv2d(10, 5, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1))

    def forward(self, x):
        return torch.flatten(self.classifier(self.features(x)), 1)


class Preprocessing(nn.Module):
    """Normalises inside, looks at one image with sizes written out, and has dropout."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor([0.5, 0.6, 0.7]).view(1, 3, 1, 1), persistent=False)
        self.conv, self.gamma, self.drop = nn.Conv2d(3, 6, 3, 2), nn.Parameter(torch.ones(6, 1, 1)), nn.Dropout(0.25)
        self.prelu, self.fc = nn.PReLU(), nn.Linear(6 * 25, 5)

    def forward(self, x):
        x = self.prelu(self.conv((x - self.mean) / self.std)) * self.gamma
        return self.fc(self.drop(x.view(x.shape[0], -1))).softmax(1)


def swin():
    return SwinTransformer([2, 2], 8, [2], [2], [3, 3], stochastic_depth_prob=0.0, num_classes=5)


# name: constructor, image, last layer, files as (exporter, opset, mode, dynamic batch)
NETWORKS = {
    "resnet": (small.ResNet, (3, 33, 29), "fc", []),
    "vgg": (small.Vgg, (1, 16, 16), "classifier.3", []),
    "mobilenet": (small.MobileNet, (3, 21, 18), "fc", []),
    "vit": (small.Vit, (3, 12, 12), "head", [("script", 17, "plain", False), ("script", 14, "folded", False)]),
    "cnn1d": (small.Cnn1d, (2, 61), "fc", []),
    "dense": (small.Dense, (3, 13, 11), "fc", []),
    "squeezenet": (SqueezeNet, (3, 23, 21), "classifier.1", [("script", 13, "plain", True), ("dynamo", 18, "folded", True)]),
    "preprocessing": (Preprocessing, (3, 11, 11), "fc", [("script", 15, "plain", False), ("script", 16, "plain", True),
                                                        ("dynamo", 18, "plain", False)]),
    "swin": (swin, (3, 24, 24), "head", [("script", 17, "plain", False), ("dynamo", 20, "folded", True)]),
}


def still(model):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return model


def reference(model, shape, head, training):
    model = still(model)
    old = model.get_submodule(head)
    parent, _, leaf = head.rpartition(".")
    new = nn.Conv2d(old.in_channels, CLASSES, 1) if isinstance(old, nn.Conv2d) else nn.Linear(old.in_features, CLASSES)
    with torch.no_grad():
        for name, value in new.named_parameters():
            value.copy_(torch.from_numpy(hash_uniform(f"head.{name}", tuple(value.shape), -0.5, 0.5).astype(np.float32)))
    setattr(model.get_submodule(parent), leaf, new)
    model = model.double().eval()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.train(training)
    x = torch.from_numpy(hash_uniform("images", (BATCH, *shape)).astype(np.float32)).double()
    logits = model(x)
    # Softmax at the end of a file is dropped: cross-entropy does not see the constant that is then missing.
    logs = logits.log() if isinstance(model, Preprocessing) else F.log_softmax(logits, 1)
    loss = F.cross_entropy(logs, torch.tensor(TARGETS))
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            if p.grad is not None:
                p -= RATE * p.grad
    state = {n: packed(v.numpy()) for n, v in model.state_dict().items()
             if v.is_floating_point()}
    return {"loss": loss.item(), "logProbabilities": packed(logs.detach().numpy()), "state": state}


def held(file, model):
    """initializer or constant -> [parameter, transposed], by their values."""
    wanted = {n: v.detach().float().numpy() for n, v in model.state_dict().items() if v.is_floating_point()}
    tensors = {i.name: numpy_helper.to_array(i) for i in file.graph.initializer}
    for node in file.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensors[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    found = {}
    for name, data in tensors.items():
        for parameter, value in sorted(wanted.items(), key=lambda item: item[0] != name):
            if (data.size > 1 or name == parameter) and data.shape == value.shape and np.array_equal(data, value):
                found.setdefault(name, [parameter, False])
            elif data.ndim == 2 and value.ndim == 2 and data.shape == value.T.shape and np.array_equal(data, value.T):
                found.setdefault(name, [parameter, True])
    return found


def export(make, shape, path, exporter, opset, mode, dynamic):
    model = fill(make())
    x = torch.from_numpy(hash_uniform("images", (2 if dynamic else 1, *shape)).astype(np.float32))
    names = {"input_names": ["x"], "output_names": ["y"], "opset_version": opset}
    if exporter == "dynamo":
        batch = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)} if dynamic else {}
        torch.onnx.export(model.eval(), (x,), dynamo=True, optimize=mode != "plain", verbose=False, **names,
                          **batch).save(str(path), external_data=False)
        slim = onnx.load(path)
        for node in slim.graph.node:  # stack traces of this machine
            del node.metadata_props[:]
            node.doc_string = ""
        for info in [*slim.graph.value_info, *slim.graph.input, *slim.graph.output, *slim.graph.initializer]:
            del info.metadata_props[:]
        onnx.save(slim, path)
    else:
        modes = torch.onnx.TrainingMode
        kept = {"folded": modes.EVAL, "plain": modes.PRESERVE, "training": modes.TRAINING}[mode]
        torch.onnx.export(model.train(mode == "training"), (x,), str(path), dynamo=False, training=kept,
                          do_constant_folding=mode == "folded", **names,
                          **({"dynamic_axes": {"x": {0: "batch"}, "y": {0: "batch"}}} if dynamic else {}))


def described(path, name, make, mode):
    file = onnx.load(path)
    opset = next(o.version for o in file.opset_import if o.domain in ("", "ai.onnx"))
    return {"file": str(path.relative_to(ROOT / "fixtures")), "network": name, "opset": opset, "mode": mode,
            "held": held(file, fill(make())), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def odd_files():
    """A file with dropout, one in half precision, one whose weights are kept in 8 bits, one that computes in 8 bits, one of features."""
    x = torch.from_numpy(hash_uniform("images", (1, 3, 33, 29)).astype(np.float32))
    names = {"input_names": ["x"], "output_names": ["y"], "opset_version": 17, "dynamo": False,
             "dynamic_axes": {"x": {0: "batch"}}}
    export(Preprocessing, (3, 11, 11), OUT / "dropout.onnx", "script", 16, "training", True)
    model = fill(small.ResNet()).eval()
    features = nn.Sequential(model.stem, model.layer1, model.layer2, model.avgpool, nn.Flatten())
    torch.onnx.export(features, (x,), str(OUT / "features.onnx"), training=torch.onnx.TrainingMode.PRESERVE,
                      do_constant_folding=False, **names)
    torch.onnx.export(model.half(), (x.half(),), str(OUT / "half.onnx"), training=torch.onnx.TrainingMode.PRESERVE,
                      do_constant_folding=False, **names)
    plain = fill(SqueezeNet()).eval()
    torch.onnx.export(plain, (x,), str(OUT / "weights-int8.onnx"), **names)
    file = onnx.load(OUT / "weights-int8.onnx")
    for item in list(file.graph.initializer):
        if len(item.dims) == 4:
            values = numpy_helper.to_array(item)
            scale = (np.abs(values).max((1, 2, 3)) / 127).astype(np.float32)
            q = np.rint(values / scale[:, None, None, None]).astype(np.int8)
            file.graph.initializer.remove(item)
            file.graph.initializer.extend([numpy_helper.from_array(q, item.name + ".q"),
                                           numpy_helper.from_array(scale, item.name + ".scale")])
            file.graph.node.insert(0, onnx.helper.make_node("DequantizeLinear", [item.name + ".q", item.name + ".scale"],
                                                            [item.name], axis=0))
    onnx.save(file, OUT / "weights-int8.onnx")
    from onnxruntime.quantization import QuantType, quantize_dynamic
    quantize_dynamic(ROOT / "fixtures" / "imported" / "vgg-script-13-folded.onnx", OUT / "dynamic-int8.onnx",
                     weight_type=QuantType.QUInt8)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    OUT.mkdir(parents=True, exist_ok=True)
    networks, files = {}, []
    for name, (make, shape, head, exports) in NETWORKS.items():
        networks[name] = {"shape": list(shape), "head": head, "keep": reference(fill(make()), shape, head, False),
                          "train": reference(fill(make()), shape, head, True)}
        paths = [(path, path.stem.split("-")[3]) for path in sorted((ROOT / "fixtures/imported").glob(f"{name}-*.onnx"))]
        for exporter, opset, mode, dynamic in exports:
            path = OUT / f"{name}-{exporter}-{opset}-{mode}.onnx"
            export(make, shape, path, exporter, opset, mode, dynamic)
            paths.append((path, mode))
        files += [described(path, name, make, mode) for path, mode in paths]
    odd_files()
    for item in files:
        print(item["file"], item["opset"], len(item["held"]), "of", len(networks[item["network"]]["keep"]["state"]))
    write("imported-networks/finetune.json", "imported_finetune.py", f"PyTorch {torch.__version__}, onnx {onnx.__version__}",
          {"networks": networks, "files": files})
