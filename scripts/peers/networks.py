"""Writes fixtures/learning/networks.json and positions.json: what torchvision and timm say of the networks.

Run: python scripts/peers/networks.py
Weights and images are numbers of learning_hash_weights.py, which the tests compute alike; only the answers are stored.
"""

import re

import timm
import torch
import torch.nn.functional as F
import torchvision

from learning_fixture import write
from learning_hash_weights import fill, hash_uniform

OUTPUTS = 5
BATCH = 3
# The dense layers of AlexNet and VGG hold up to 124 million weights: outputs are compared with them this wide.
HIDDEN = 16
PEER = f"torchvision {torchvision.__version__}, timm {timm.__version__}, torch {torch.__version__}"


def tensor(name, shape):
    return torch.from_numpy(hash_uniform(name, shape)).float().double()


def numbers(value):
    return value.detach().double().flatten().tolist()


def rounded(values, digits):
    return [float(f"%.{digits}g" % value) for value in values]


class SmallCnn(torch.nn.Module):
    def __init__(self, channels, outputs, size):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(channels, 32, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(32, 64, 3, padding=1)
        self.fc1 = torch.nn.Linear(64 * (size // 4) ** 2, 128)
        self.fc2 = torch.nn.Linear(128, outputs)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x).relu(), 2)
        x = F.max_pool2d(self.conv2(x).relu(), 2).flatten(1)
        return self.fc2(self.fc1(x).relu())


class CompactCnn(torch.nn.Module):
    def __init__(self, channels, outputs, widths=(16, 32, 64, 128)):
        super().__init__()
        for i, width in enumerate(widths):
            conv = torch.nn.Conv2d(channels, width, 3, padding=1, bias=False)
            torch.nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
            setattr(self, f"conv{i + 1}", conv)
            setattr(self, f"bn{i + 1}", torch.nn.BatchNorm2d(width))
            channels = width
        self.fc = torch.nn.Linear(channels, outputs)
        self.stages = len(widths)

    def forward(self, x):
        for i in range(self.stages):
            y = getattr(self, f"bn{i + 1}")(getattr(self, f"conv{i + 1}")(x))
            x = F.max_pool2d(y.relu(), 2)
        return self.fc(x.mean((2, 3)))


def small_stem(model, channels):
    model.conv1 = torch.nn.Conv2d(channels, 64, 3, 1, 1, bias=False)
    torch.nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
    model.maxpool = torch.nn.Identity()
    return model


def build(name, shape, narrow):
    """The peer's network of that name of ours; narrow: with dense layers of HIDDEN."""
    channels, height, width = shape
    if name == "small-cnn":
        return SmallCnn(channels, OUTPUTS, height)
    if name == "compact-cnn":
        return CompactCnn(channels, OUTPUTS)
    if name == "vit-s16":
        return timm.create_model("vit_small_patch16_224", num_classes=OUTPUTS, img_size=(height, width))
    options = {"num_classes": OUTPUTS}
    if name == "googlenet":
        options.update(aux_logits=True, init_weights=True)
    peer = re.sub(r"-small$", "", name)
    peer = peer.replace("squeezenet-", "squeezenet").replace(".", "_").replace("-", "_")
    model = getattr(torchvision.models, peer)(**options)
    if name.endswith("-small"):
        small_stem(model, channels)
    if narrow and name.startswith(("alexnet", "vgg")):
        for i, layer in enumerate(model.classifier):
            if isinstance(layer, torch.nn.Linear):
                inputs, outputs = (min(n, HIDDEN) if n == 4096 else n for n in (layer.in_features, layer.out_features))
                model.classifier[i] = torch.nn.Linear(inputs, outputs)
                if name.startswith("vgg"):
                    torch.nn.init.normal_(model.classifier[i].weight, 0, 0.01)
                    torch.nn.init.zeros_(model.classifier[i].bias)
    return model


def deviations(model):
    """Standard deviation of each parameter as the peer draws it, 0 for a constant."""
    return rounded([p.double().std(correction=0).item() if p.numel() > 1 else 0 for p in model.parameters()], 4)


def descend(model, shape, rate=None):
    """Losses before and after a step of plain gradient descent, nothing dropped; the side branches' logits of the first.

    Without a rate, it is the one that would lower the loss by a thirtieth if it fell as its gradient says: larger steps
    through many layers of batch normalisation magnify rounding.
    """
    for module in model.modules():
        if isinstance(module, (torch.nn.Dropout, torchvision.ops.StochasticDepth)):
            module.p = 0.0
    model.train()
    model.zero_grad()
    x = tensor("training images", (2, *shape)).to(next(model.parameters()).dtype)
    target = torch.tensor([1, 3])
    losses, auxiliary = [], []
    for step in range(2):
        y = model(x)
        sides = [y.aux_logits1, y.aux_logits2] if isinstance(y, torchvision.models.GoogLeNetOutputs) else []
        y = y.logits if sides else y
        loss = F.cross_entropy(y, target) + sum(0.3 * F.cross_entropy(side, target) for side in sides)
        losses.append(loss.item())
        if step == 0:
            auxiliary = [numbers(side) for side in sides]
            loss.backward()
            with torch.no_grad():
                if rate is None:
                    norm = sum((p.grad**2).sum().item() for p in model.parameters())
                    rate = rounded([loss.item() / 30 / norm], 3)[0]
                for p in model.parameters():
                    p -= rate * p.grad
    return {"rate": rate, "losses": losses, "auxiliary": auxiliary}


def trained(model, shape):
    """A step in double precision, and how far the peer's own in single precision ends from it, as a share of the loss."""
    exact = descend(model, shape)
    single = descend(fill(model).float(), shape, exact["rate"])
    off = max(abs(a - b) for a, b in zip(single["losses"], exact["losses"])) / exact["losses"][0]
    return exact | {"single": rounded([off], 2)[0]}


def attention_maps(model, images):
    maps = {}
    for i, block in enumerate(model.blocks):
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(
            lambda _, __, probabilities, i=i: maps.__setitem__(f"blocks.{i}", probabilities))
    model(images)
    return {name: {"shape": list(value.shape[1:]), "first": rounded(numbers(value[0]), 9)} for name, value in maps.items()}


# Sizes are small, of both parities, and not square where the network takes that.
NETWORKS = [
    ("resnet18", [3, 64, 64]), ("resnet34", [3, 64, 64]), ("resnet50", [3, 64, 64]), ("resnet101", [3, 64, 64]),
    ("resnet18-small", [1, 28, 28]), ("resnet34-small", [1, 28, 28]), ("resnet50-small", [1, 20, 20]),
    ("resnet101-small", [1, 20, 20]), ("compact-cnn", [1, 28, 28]), ("small-cnn", [1, 28, 28]),
    ("alexnet", [3, 191, 127]), ("vgg11", [3, 64, 96]), ("vgg11-bn", [3, 64, 96]), ("vgg13", [3, 64, 96]),
    ("vgg13-bn", [3, 64, 96]), ("vgg16", [3, 64, 96]), ("vgg16-bn", [3, 64, 96]), ("vgg19", [3, 64, 96]),
    ("vgg19-bn", [3, 64, 96]), ("googlenet", [3, 75, 98]), ("densenet121", [3, 66, 97]),
    ("squeezenet-1.0", [3, 65, 82]), ("squeezenet-1.1", [3, 65, 82]), ("mobilenet-v2", [3, 65, 98]),
    ("efficientnet-b0", [3, 65, 98]), ("vit-s16", [3, 48, 32]),
]


def networks():
    cases = []
    for name, shape in NETWORKS:
        torch.manual_seed(0)
        model = build(name, shape, True)
        drawn = deviations(model)
        fill(model).double().eval()
        with torch.device("meta"):
            full = build(name, shape, False)
        case = {"network": name, "shape": shape, "outputs": OUTPUTS, "batch": BATCH,
                "parameters": [[key, list(value.shape)] for key, value in full.named_parameters()],
                "buffers": [[key, list(value.shape)] for key, value in full.named_buffers()],
                "deviations": drawn}
        if any(list(a.shape) != list(b.shape) for a, b in zip(model.parameters(), full.parameters())):
            case["hidden"] = HIDDEN
        images = tensor("images", (BATCH, *shape))
        with torch.no_grad():
            case["expected"] = numbers(model(images))
            if name == "vit-s16":
                case["attention"] = attention_maps(model, images)
        case["training"] = trained(model, shape)
        print(name, case["training"]["losses"], case["training"]["single"], flush=True)
        cases.append(case)
    write("learning/networks.json", "networks.py", PEER, cases)


def positions():
    cases = []
    torch.Tensor.float = lambda value: value  # timm would interpolate in single precision
    for before, after in (((14, 14), (14, 14)), ((14, 14), (6, 4)), ((14, 14), (24, 24)), ((5, 7), (7, 5)), ((3, 2), (2, 5)),
                          ((14, 14), (1, 1))):
        width = 4
        embedding = tensor("positions", (1, 1 + before[0] * before[1], width))
        resampled = timm.layers.resample_abs_pos_embed(embedding, list(after), list(before))
        cases.append({"before": before, "after": after, "width": width, "expected": rounded(numbers(resampled), 9)})
    write("learning/positions.json", "networks.py", PEER, cases)


if __name__ == "__main__":
    networks()
    positions()
