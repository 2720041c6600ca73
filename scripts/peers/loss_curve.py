"""Writes fixtures/learning/loss-curve.json: 50 losses of PyTorch training ResNet-18 with a 3x3 stem.

Run: python scripts/peers/loss_curve.py

1 channel, 28x28, 2 classes, batch 16, SGD with learning rate .005, momentum .9, weight decay 5e-4 on every parameter.
Weights are those of learning_hash_weights.py, except that the scale of each block's last normalisation (bn2.weight)
begins at 0, running means at 0 and running variances at 1. Without the zeros the first steps multiply rounding by a
thousand, in PyTorch against itself too.
Data: BATCHES batches taken in turn; batch i is hash_uniform("images/i", [16, 1, 28, 28]) in -1..1 with a square 10 pixels
wide brightened by 0.5, top left for class 0 and bottom right for class 1; labels are hash_words("labels/i", 16) % 2. The
target is .95 for the label and .05 for the other: a loss that went to zero would end as rounding alone.
Once in float32 and once in float64 (same float32 weights and images to begin with): their distance is PyTorch's own
rounding.
"""

import numpy as np
import torch
import torchvision

from learning_fixture import write
from learning_hash_weights import fill, hash_uniform, hash_words

STEPS, BATCHES, BATCH, RATE = 50, 4, 16, 0.005


def batch(i):
    images = hash_uniform(f"images/{i}", (BATCH, 1, 28, 28))
    labels = (hash_words(f"labels/{i}", BATCH) % 2).astype(np.int64)
    for n, label in enumerate(labels):
        start = 2 + 14 * label
        images[n, 0, start:start + 10, start:start + 10] += 0.5
    target = np.where(np.arange(2) == labels[:, None], np.float32(0.95), np.float32(0.05))
    return torch.from_numpy(images.astype(np.float32)), torch.from_numpy(target)


def small_resnet18():
    model = torchvision.models.resnet18(num_classes=2)
    model.conv1 = torch.nn.Conv2d(1, 64, 3, 1, 1, bias=False)
    model.maxpool = torch.nn.Identity()
    fill(model)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
    for block in (block for stage in (model.layer1, model.layer2, model.layer3, model.layer4) for block in stage):
        torch.nn.init.zeros_(block.bn2.weight)
    return model.train()


def losses(dtype):
    model = small_resnet18().to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, weight_decay=5e-4)
    result = []
    for step in range(STEPS):
        images, target = batch(step % BATCHES)
        loss = torch.nn.functional.cross_entropy(model(images.to(dtype)), target.to(dtype))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        result.append(loss.item())
    return result


if __name__ == "__main__":
    float32, float64 = losses(torch.float32), losses(torch.float64)
    for step in range(0, STEPS, 7):
        print(step, float32[step], float64[step])
    spread = max(abs(a - b) / b for a, b in zip(float32, float64))
    print("largest relative difference of float32 from float64:", spread, "last:", float32[-1] / float64[-1] - 1)
    write("learning/loss-curve.json", "loss_curve.py", f"PyTorch {torch.__version__}",
          {"steps": STEPS, "batches": BATCHES, "batch": BATCH, "rate": RATE, "float32": float32, "float64": float64})
