"""Writes fixtures/imported/: small PyTorch networks as PyTorch exports them, with gradients by PyTorch.

Run: python scripts/peers/imported_models.py  (needs onnxscript for the newer exporter)

Weights and inputs are those of learning_hash_weights.py. The loss is sum(y * hash_uniform("loss", y.shape)), computed
in float64 by PyTorch; its gradients with respect to the input and to all parameters are stored as float32. Of each file
`weights` lists the initializers that hold a parameter unchanged under its own name: exporters fold some of them.
imported.json: per network the input's shape, y and the gradients; per file its exporter, opset, mode and checksum.
"""

import base64
import hashlib
import pathlib
import sys
import warnings

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

from imported_networks import NETWORKS
from learning_fixture import ROOT, write
from learning_hash_weights import fill, hash_uniform

OUT = ROOT / "fixtures" / "imported"


def packed(array):
    array = np.ascontiguousarray(array, dtype="<f4")
    return {"dims": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def reference(model, shape, training):
    model = model.double().train(training)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.eval()
    x = torch.from_numpy(hash_uniform("x", shape).astype(np.float32)).double().requires_grad_(True)
    y = model(x)
    (y * torch.from_numpy(hash_uniform("loss", tuple(y.shape)))).sum().backward()
    gradients = {name: packed(p.grad.numpy()) for name, p in model.named_parameters() if p.grad is not None}
    return {"shape": list(shape), "y": packed(y.detach().numpy()), "x": packed(x.grad.numpy()), "gradients": gradients}


def export(make, shape, path, exporter, opset, mode, dynamic):
    model = fill(make())
    x = torch.from_numpy(hash_uniform("x", shape).astype(np.float32))
    names = {"input_names": ["x"], "output_names": ["y"], "opset_version": opset}
    if exporter == "dynamo":
        batch = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)} if dynamic else {}
        model.eval()
        program = torch.onnx.export(model, (x,), dynamo=True, optimize=mode != "plain", verbose=False, **names, **batch)
        program.save(str(path), external_data=False)
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
        model.train(mode == "training")
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        torch.onnx.export(model, (x,), str(path), dynamo=False, training=kept, do_constant_folding=mode == "folded",
                          **names, **({"dynamic_axes": {"x": {0: "batch"}}} if dynamic else {}))
    return onnx.load(path)


def unchanged(file, model):
    parameters = dict(model.named_parameters())
    return [i.name for i in file.graph.initializer if i.name in parameters
            and np.array_equal(onnx.numpy_helper.to_array(i), parameters[i.name].detach().numpy())]


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    OUT.mkdir(parents=True, exist_ok=True)
    networks, files = {}, []
    for name, (make, shape, exports) in NETWORKS.items():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        networks[name] = reference(fill(make()), shape, False)
        if any(mode == "training" for _, _, mode, _ in exports):
            networks[name + "/training"] = reference(fill(make()), shape, True)
        for exporter, opset, mode, dynamic in exports:
            path = OUT / f"{name}-{exporter}-{opset}-{mode}.onnx"
            file = export(make, shape, path, exporter, opset, mode, dynamic)
            actual = next(o.version for o in file.opset_import if o.domain in ("", "ai.onnx"))
            weights = unchanged(file, fill(make()))
            files.append({"file": path.name, "network": name + ("/training" if mode == "training" else ""),
                          "exporter": exporter, "opset": actual, "mode": mode, "weights": weights,
                          "sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
            print(path.name, actual, path.stat().st_size, "bytes", len(weights), "weights",
                  sorted({n.op_type for n in file.graph.node}))
    write("imported/imported.json", "imported_models.py", f"PyTorch {torch.__version__}, onnx {onnx.__version__}",
          {"networks": networks, "files": files})
