"""Writes fixtures/learning/sequences*.json: what PyTorch and torchvision say of recurrent layers, of networks of signals,
volumes and studies.

Run: python scripts/peers/sequences.py
Inputs are numbers of learning_hash_weights.py, which the tests compute alike; only the answers are stored.
"""

import torch
import torchvision
from torch import nn

from learning import numbers, tensor
from learning_fixture import write
from learning_hash_weights import fill
from networks import CompactCnn

TORCH = f"PyTorch {torch.__version__}"
torch.set_default_dtype(torch.float64)


def named(module, values):
    return [[name, list(value.shape)] for name, value in values]


def described(module):
    return {"parameters": named(module, module.named_parameters()),
            "buffers": named(module, module.named_buffers())}


# Layers ----------------------------------------------------------------------------------------------------------


def layers():
    cases = []
    for kind in ("lstm", "gru"):
        for options in ({"hidden": 4}, {"hidden": 3, "layers": 2}, {"hidden": 4, "bidirectional": True},
                        {"hidden": 3, "layers": 3, "bidirectional": True}):
            for lengths in (None, [5, 2, 3]):
                rnn = {"lstm": nn.LSTM, "gru": nn.GRU}[kind](
                    6, options["hidden"], options.get("layers", 1), batch_first=True,
                    bidirectional=options.get("bidirectional", False))
                model = nn.ModuleDict({"rnn": rnn})
                fill(model).double()
                x = tensor("x", (3, 5, 6))
                if lengths is None:
                    y, state = rnn(x)
                else:
                    packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
                    y, state = rnn(packed)
                    y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=5)
                h = state[0] if kind == "lstm" else state
                directions = 2 if options.get("bidirectional") else 1
                last = h[-directions:].transpose(0, 1).reshape(3, -1)
                loss = (y * tensor("weights", y.shape)).sum() + (last * tensor("last weights", last.shape)).sum()
                loss.backward()
                cases.append({"kind": kind, "options": options, "lengths": lengths, **described(model),
                              "sequence": numbers(y), "last": numbers(last),
                              "gradients": [numbers(p.grad) for p in model.parameters()]})
    write("learning/sequences-layers.json", "sequences.py", TORCH, cases)


# Networks --------------------------------------------------------------------------------------------------------


class RecurrentClassifier(nn.Module):
    def __init__(self, kind, channels, outputs):
        super().__init__()
        self.rnn = kind(channels, 64, 2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(128, outputs)

    def forward(self, x):
        _, state = self.rnn(x.transpose(1, 2))
        h = state[0] if isinstance(state, tuple) else state
        return self.fc(torch.cat([h[-2], h[-1]], 1))


class Inception(nn.Module):
    def __init__(self, channels, filters=32, kernels=(39, 19, 9)):
        super().__init__()
        if channels > 1:
            self.bottleneck = nn.Conv1d(channels, filters, 1, bias=False)
        inner = filters if channels > 1 else channels
        self.convs = nn.ModuleList(nn.Conv1d(inner, filters, k, padding=k // 2, bias=False) for k in kernels)
        self.maxconv = nn.Conv1d(channels, filters, 1, bias=False)
        self.bn = nn.BatchNorm1d(4 * filters)

    def forward(self, x):
        narrow = self.bottleneck(x) if hasattr(self, "bottleneck") else x
        pooled = self.maxconv(nn.functional.max_pool1d(x, 3, 1, 1))
        return self.bn(torch.cat([conv(narrow) for conv in self.convs] + [pooled], 1)).relu()


class InceptionBlock(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.inception = nn.ModuleList(Inception(channels if i == 0 else width) for i in range(3))
        self.shortcut = nn.Sequential(nn.Conv1d(channels, width, 1, bias=False), nn.BatchNorm1d(width))

    def forward(self, x):
        y = x
        for module in self.inception:
            y = module(y)
        return (y + self.shortcut(x)).relu()


class InceptionTime(nn.Module):
    def __init__(self, channels, outputs, width=128):
        super().__init__()
        self.blocks = nn.ModuleList([InceptionBlock(channels, width), InceptionBlock(width, width)])
        self.fc = nn.Linear(width, outputs)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.fc(x.mean(2))


def video_resnet(channels, outputs):
    model = torchvision.models.video.r3d_18(num_classes=outputs)
    if channels != 3:
        model.stem[0] = nn.Conv3d(channels, 64, (3, 7, 7), (1, 2, 2), (1, 3, 3), bias=False)
    return model


def networks():
    cases = []
    for name, shape, model in [
        ("lstm", [2, 20], RecurrentClassifier(nn.LSTM, 2, 5)),
        ("gru", [1, 20], RecurrentClassifier(nn.GRU, 1, 5)),
        ("inception-time", [1, 64], InceptionTime(1, 5)),
        ("inception-time", [12, 50], InceptionTime(12, 5)),
        ("resnet18-3d", [3, 8, 24, 20], video_resnet(3, 5)),
        ("resnet18-3d", [1, 9, 16, 17], video_resnet(1, 5)),
    ]:
        fill(model).double().eval()
        with torch.no_grad():
            y = model(tensor("x", (3, *shape)))
        cases.append({"network": name, "shape": shape, "outputs": 5, "batch": 3, **described(model), "expected": numbers(y)})
    write("learning/sequences-networks.json", "sequences.py", f"torchvision {torchvision.__version__}, {TORCH}", cases)


# Studies ---------------------------------------------------------------------------------------------------------


class Pool(nn.Module):
    """The pooling's parameters under the names that the network has them by."""

    def __init__(self, pooling, width, hidden):
        super().__init__()
        self.pooling = pooling
        if "attention" in pooling:
            self.attention_V = nn.Linear(width, hidden)
            if pooling == "gated-attention":
                self.attention_U = nn.Linear(width, hidden)
            self.attention_w = nn.Linear(hidden, 1)

    def forward(self, h):  # [S, F] of one study, without padding
        a = self.attention_V(h).tanh()
        if self.pooling == "gated-attention":
            a = a * self.attention_U(h).sigmoid()
        weights = self.attention_w(a).softmax(0)
        return (weights * h).sum(0), weights[:, 0]


class Study(nn.Module):
    def __init__(self, pooling, channels, outputs, hidden):
        super().__init__()
        self.backbone = CompactCnn(channels, outputs)
        self.backbone.fc = nn.Identity()
        self.pooling = pooling
        width, out = 128, 128
        if pooling in ("lstm", "gru"):
            self.pool = {"lstm": nn.LSTM, "gru": nn.GRU}[pooling](width, hidden, batch_first=True, bidirectional=True)
            out = 2 * hidden
        elif "attention" in pooling:
            self.pool = Pool(pooling, width, hidden)
        self.fc = nn.Linear(out, outputs)

    def forward(self, slices):  # [S, C, H, W]
        h, weights = self.backbone(slices), None
        if self.pooling == "mean":
            z = h.mean(0)
        elif self.pooling == "max":
            z = h.max(0).values
        elif "attention" in self.pooling:
            z, weights = self.pool(h)
        else:
            _, state = self.pool(h[None])
            last = state[0] if self.pooling == "lstm" else state
            z = torch.cat([last[0, 0], last[1, 0]])
        return self.fc(z), weights


def studies():
    """Each study alone, of as many slices as it has: padding has no part in what the peer says."""
    cases = []
    counts, slices, size, outputs, hidden = [4, 2, 1], 4, 16, 3, 5
    for pooling in ("attention", "gated-attention", "lstm", "gru", "mean", "max"):
        model = fill(Study(pooling, 1, outputs, hidden)).double().eval()
        x = tensor("x", (len(counts), slices, 1, size, size))
        with torch.no_grad():
            answers = [model(study[:count]) for study, count in zip(x, counts)]
            whole = [model(study) for study in x]
        cases.append({"pooling": pooling, "hidden": hidden, "counts": counts, "slices": slices, "size": size, "outputs": outputs,
                      **described(model), "expected": [numbers(y) for y, _ in answers], "unmasked": [numbers(y) for y, _ in whole],
                      "attention": None if answers[0][1] is None else [numbers(w) for _, w in answers]})
    write("learning/sequences-studies.json", "sequences.py", TORCH, cases)


if __name__ == "__main__":
    torch.manual_seed(0)
    layers()
    networks()
    studies()
