"""Writes fixtures/imported/grad-cam.json: Grad-CAM by PyTorch of two networks of imported_networks.py.

Run: python scripts/peers/imported_grad_cam.py

Selvaraju et al., ICCV 2017, equations 1 and 2, divided by the maximum, in float64, on one image hash_uniform("x", shape);
per class the map at the last layer that has a spatial extent.
"""

import numpy as np
import torch

from imported_models import packed
from imported_networks import NETWORKS
from learning_fixture import write
from learning_hash_weights import fill, hash_uniform

LAYERS = {"resnet": lambda model: model.layer2, "mobilenet": lambda model: model.features}

if __name__ == "__main__":
    cases = {}
    for name, layer_of in LAYERS.items():
        make, (_, *rest), _ = NETWORKS[name]
        shape = (1, *rest)
        model = fill(make()).double().eval()
        kept = []
        layer_of(model).register_forward_hook(lambda module, inputs, output: kept.append(output))
        y = model(torch.from_numpy(hash_uniform("x", shape).astype(np.float32)).double())
        maps = []
        for k in range(y.shape[1]):
            gradient, = torch.autograd.grad(y[0, k], kept[0], retain_graph=True)
            cam = torch.relu((gradient.mean((2, 3), keepdim=True) * kept[0]).sum(1))[0]
            maps.append(packed((cam / cam.max().clamp_min(1e-30)).detach().numpy()))
        cases[name] = {"shape": list(shape), "maps": maps}
    write("imported/grad-cam.json", "imported_grad_cam.py", f"PyTorch {torch.__version__}", cases)
