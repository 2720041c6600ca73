"""Writes fixtures/learning/*.json: what PyTorch says of layers, losses, optimizers, schedules (networks.py: of networks).

Run: python scripts/peers/learning.py
Inputs are numbers of learning_hash_weights.py, which the tests compute alike; only the answers are stored.
"""

import math

import numpy as np
import timm
import torch
import torch.nn.functional as F
import torchvision

from learning_fixture import write
from learning_hash_weights import fill, hash_uniform, hash_words

TORCH = f"PyTorch {torch.__version__}"


def tensor(name, shape, low=-1.0, high=1.0, dtype=torch.float64):
    return torch.from_numpy(hash_uniform(name, shape, low, high).astype(np.float32)).to(dtype)


def numbers(x):
    return x.detach().reshape(-1).tolist()


# Losses ----------------------------------------------------------------------------------------------------------

N, K = 5, 4


def one_hot(name="classes", n=N, k=K):
    return F.one_hot(torch.from_numpy((hash_words(name, n) % k).astype(np.int64)), k).double()


def weighted(per_sample, weights, per_sample_mass=None):
    """Sum of weight * loss over sum of weight * mass."""
    mass = torch.ones_like(per_sample) if per_sample_mass is None else per_sample_mass
    return (weights * per_sample).sum() / (weights * mass).sum()


def loss_cases():
    soft = tensor("soft", (N, K), -2, 2).softmax(1)
    hard, many = one_hot(), (tensor("many", (N, K)) > 0).double()
    index = hard.argmax(1)
    weights = torch.tensor([1, 0.5, 2, 0, 0.25], dtype=torch.float64)
    by_class = torch.tensor([0.5, 2, 1, 3], dtype=torch.float64)
    spatial = F.one_hot(torch.from_numpy((hash_words("spatial", 2 * 6) % 3).astype(np.int64)).reshape(2, 2, 3), 3)
    spatial = spatial.permute(0, 3, 1, 2).double()
    mass = by_class[index]
    ce = F.cross_entropy
    logits = "logits"
    mean = lambda x: x.flatten(1).mean(1)
    yield "crossEntropy", "hard", {}, None, hard, (N, K), lambda x: ce(x, index)
    yield "crossEntropy", "soft", {}, None, soft, (N, K), lambda x: ce(x, soft)
    yield "crossEntropy", "smoothed", {"labelSmoothing": 0.1}, None, hard, (N, K), lambda x: ce(x, index, label_smoothing=0.1)
    yield "crossEntropy", "soft, smoothed", {"labelSmoothing": 0.2}, None, soft, (N, K), lambda x: ce(x, soft, label_smoothing=0.2)
    yield "crossEntropy", "class weights", {"classWeights": by_class}, None, hard, (N, K), lambda x: ce(x, index, by_class)
    yield ("crossEntropy", "class weights, smoothed", {"classWeights": by_class, "labelSmoothing": 0.1}, None, hard, (N, K),
           lambda x: ce(x, index, by_class, label_smoothing=0.1))
    yield ("crossEntropy", "sample weights", {}, weights, hard, (N, K),
           lambda x: weighted(ce(x, index, reduction="none"), weights))
    yield ("crossEntropy", "all weights, smoothed", {"classWeights": by_class, "labelSmoothing": 0.1}, weights, hard, (N, K),
           lambda x: weighted(ce(x, index, by_class, reduction="none", label_smoothing=0.1), weights, mass))
    yield ("crossEntropy", "sample weight zero is as if absent", {"classWeights": by_class},
           torch.tensor([1, 1, 1, 0, 0], dtype=torch.float64), hard, (N, K), lambda x: ce(x[:3], index[:3], by_class))
    yield "crossEntropy", "over space", {"classWeights": by_class[:3]}, None, spatial, (2, 3, 2, 3), lambda x: ce(x, spatial.argmax(1), by_class[:3])
    bce = F.binary_cross_entropy_with_logits
    yield "binaryCrossEntropyWithLogits", "plain", {}, None, many, (N, K), lambda x: bce(x, many)
    yield "binaryCrossEntropyWithLogits", "positive weights", {"positiveWeights": by_class}, None, many, (N, K), lambda x: bce(x, many, pos_weight=by_class)
    yield ("binaryCrossEntropyWithLogits", "all weights", {"positiveWeights": by_class}, weights, many, (N, K),
           lambda x: weighted(mean(bce(x, many, pos_weight=by_class, reduction="none")), weights))
    focal = torchvision.ops.sigmoid_focal_loss
    for gamma in (0, 0.5, 2):
        yield (f"binaryFocalWithLogits", f"gamma {gamma}", {"gamma": gamma}, None, many, (N, K),
               lambda x, gamma=gamma: focal(x, many, alpha=-1, gamma=gamma, reduction="mean"))
    yield ("binaryFocalWithLogits", "alpha", {"gamma": 2, "alpha": [0.25] * K}, None, many, (N, K),
           lambda x: focal(x, many, alpha=0.25, gamma=2, reduction="mean"))

    def softmax_focal(x, gamma, alpha=None):
        p = x.softmax(1).gather(1, index[:, None])[:, 0]
        a = 1 if alpha is None else alpha[index]
        return -a * (1 - p) ** gamma * p.log()

    for gamma in (0, 1, 2.5):
        yield "focal", f"gamma {gamma}", {"gamma": gamma}, None, hard, (N, K), lambda x, g=gamma: softmax_focal(x, g).mean()
    yield ("focal", "alpha, sample weights", {"alpha": by_class}, weights, hard, (N, K),
           lambda x: weighted(softmax_focal(x, 2, by_class), weights))
    goal = tensor("goal", (N, 2, 3), -3, 3)
    plain = {"meanSquaredError": F.mse_loss, "meanAbsoluteError": F.l1_loss}
    for name, f in plain.items():
        yield name, "plain", {}, None, goal, (N, 2, 3), lambda x, f=f: f(x, goal)
        yield (name, "sample weights", {}, weights, goal, (N, 2, 3),
               lambda x, f=f: weighted(mean(f(x, goal, reduction="none")), weights))
    for delta in (1.0, 0.3):
        yield "huber", f"delta {delta}", {"delta": delta}, None, goal, (N, 2, 3), lambda x, d=delta: F.huber_loss(x, goal, delta=d)
        yield "smoothL1", f"delta {delta}", {"delta": delta}, None, goal, (N, 2, 3), lambda x, d=delta: F.smooth_l1_loss(x, goal, beta=d)
    yield ("huber", "sample weights", {}, weights, goal, (N, 2, 3),
           lambda x: weighted(mean(F.huber_loss(x, goal, reduction="none")), weights))


def losses():
    cases = []
    for loss, name, options, weights, target, shape, f in loss_cases():
        for scale in (3, 60):  # 60: probabilities of exactly 0 and 1 in single precision
            if scale == 60 and (loss == "focal" or name == "gamma 0.5"):
                continue  # the peer's formula is not stable there
            x = tensor("logits", shape, -scale, scale).requires_grad_()
            y = f(x)
            y.backward()
            cases.append({
                "loss": loss, "name": f"{name}, logits to {scale}", "shape": shape, "scale": scale,
                "options": {k: v.tolist() if torch.is_tensor(v) else v for k, v in options.items()},
                "weights": None if weights is None else weights.tolist(), "target": numbers(target),
                "expected": y.item(), "gradient": numbers(x.grad)})
    write("learning/losses.json", "learning.py", f"{TORCH}, torchvision {torchvision.__version__}", cases)


# Optimizers ------------------------------------------------------------------------------------------------------


def optimizer_cases():
    sgd, adam, adamw, rms = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop
    yield "sgd", {}, sgd, {}
    yield "sgd", {"momentum": 0.9}, sgd, {"momentum": 0.9}
    yield "sgd", {"momentum": 0.9, "dampening": 0.4}, sgd, {"momentum": 0.9, "dampening": 0.4}
    yield "sgd", {"momentum": 0.9, "nesterov": True, "weightDecay": 0.05}, sgd, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.05}
    yield "sgd", {"momentum": 0.8, "weightDecay": 0.1, "decayKind": "decoupled"}, sgd, {"momentum": 0.8, "decoupled": 0.1}
    yield "adam", {}, adam, {}
    yield "adam", {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "weightDecay": 0.1}, adam, {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}
    yield "adamw", {}, adamw, {}
    yield "adamw", {"beta1": 0.5, "beta2": 0.99, "epsilon": 1e-6, "weightDecay": 0.3}, adamw, {"betas": (0.5, 0.99), "eps": 1e-6, "weight_decay": 0.3}
    yield "rmsprop", {}, rms, {}
    yield "rmsprop", {"alpha": 0.9, "epsilon": 1e-4, "momentum": 0.7, "weightDecay": 0.1}, rms, {"alpha": 0.9, "eps": 1e-4, "momentum": 0.7, "weight_decay": 0.1}
    yield "rmsprop", {"centered": True, "momentum": 0.5}, rms, {"centered": True, "momentum": 0.5}
    yield "rmsprop", {"alpha": 0.9, "weightDecay": 0.1, "decayKind": "decoupled"}, rms, {"alpha": 0.9, "decoupled": 0.1}


def train(cls, settings, grouped=False, clip=None, average=None, steps=20):
    """Least squares: y = x W^T + b, with the rate halved after ten steps."""
    settings = dict(settings)
    decoupled = settings.pop("decoupled", 0)
    model = fill(torch.nn.Linear(4, 3))
    rate = 0.02
    groups = [{"params": [model.weight], "lr": rate * (0.5 if grouped else 1)}, {"params": [model.bias], "lr": rate}]
    if grouped:
        groups[1]["weight_decay"] = 0
    optimizer = cls(groups, **settings)
    x, y = tensor("x", (8, 4), dtype=torch.float32), tensor("y", (8, 3), -3, 3, dtype=torch.float32)
    averaged = {name: p.detach().clone() for name, p in model.named_parameters()}
    norms, losses = [], []
    for step in range(steps):
        if step == 10:
            for group in optimizer.param_groups:
                group["lr"] *= 0.5
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if clip:
            norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), clip).item())
        if decoupled:
            for group in optimizer.param_groups[:1] if grouped else optimizer.param_groups:
                for p in group["params"]:
                    p.data.mul_(1 - group["lr"] * decoupled)
        optimizer.step()
        if average:
            for name, p in model.named_parameters():
                share = min(average["decay"], (1 + step) / (10 + step)) if average["warmUp"] else average["decay"]
                averaged[name].lerp_(p.detach(), 1 - share)
    result = {"loss": losses[-1], "weight": numbers(model.weight), "bias": numbers(model.bias)}
    if clip:
        result["norms"] = norms
    if average:
        result["average"] = {name: numbers(p) for name, p in averaged.items()}
    return result


def optimizers():
    cases = []
    for name, options, cls, settings in optimizer_cases():
        for grouped in (False, True):
            cases.append({"optimizer": name, "options": options, "grouped": grouped, "clip": None, "average": None,
                          "expected": train(cls, settings, grouped)})
    for clip in (0.5, 100):
        cases.append({"optimizer": "sgd", "options": {}, "grouped": False, "clip": clip, "average": None,
                      "expected": train(torch.optim.SGD, {}, clip=clip)})
    for average in ({"decay": 0.9, "warmUp": False}, {"decay": 0.6, "warmUp": True}):
        cases.append({"optimizer": "adamw", "options": {}, "grouped": False, "clip": None, "average": average,
                      "expected": train(torch.optim.AdamW, {}, average=average)})
    write("learning/optimizers.json", "learning.py", TORCH, cases)


# Schedules -------------------------------------------------------------------------------------------------------


def rates(make, total, rate=0.1):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = make(optimizer)
    result = []
    for _ in range(total):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return result


def schedules():
    s = torch.optim.lr_scheduler
    total = 40
    cosine = lambda o, n, low: s.CosineAnnealingLR(o, n, low)
    warm = lambda steps, start, then: lambda o: s.SequentialLR(
        o, [s.LinearLR(o, start, 1, steps), then(o)], milestones=[steps])
    runs = [
        ("constantRate", {"rate": 0.1}, None, lambda o: s.ConstantLR(o, 1)),
        ("stepDecay", {"rate": 0.1, "every": 7}, None, lambda o: s.StepLR(o, 7)),
        ("stepDecay", {"rate": 0.1, "every": 10, "factor": 0.5}, None, lambda o: s.StepLR(o, 10, 0.5)),
        ("cosine", {"rate": 0.1}, None, lambda o: cosine(o, total, 0)),
        ("cosine", {"rate": 0.1, "minimum": 0.01}, None, lambda o: cosine(o, total, 0.01)),
        ("oneCycle", {"maximum": 0.1}, None, lambda o: s.OneCycleLR(o, 0.1, total_steps=total + 1 - 1, cycle_momentum=False)),
        ("oneCycle", {"maximum": 0.1, "rise": 0.5, "initialDivisor": 10, "finalDivisor": 100, "shape": "linear"}, None,
         lambda o: s.OneCycleLR(o, 0.1, total_steps=total, pct_start=0.5, div_factor=10, final_div_factor=100,
                                anneal_strategy="linear", cycle_momentum=False)),
        ("constantRate", {"rate": 0.1}, {"steps": 5}, warm(5, 1 / 3, lambda o: s.ConstantLR(o, 1))),
        ("cosine", {"rate": 0.1}, {"steps": 8, "from": 0.1}, warm(8, 0.1, lambda o: cosine(o, total - 8, 0))),
    ]
    cases = []
    for name, options, warm_up, make in runs:
        try:
            cases.append({"schedule": name, "options": options, "warmUp": warm_up, "total": total,
                          "expected": rates(make, total)})
        except ValueError:  # OneCycleLR refuses the step after its last
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
            scheduler = make(optimizer)
            result = [optimizer.param_groups[0]["lr"]]
            for _ in range(total - 1):
                optimizer.step()
                scheduler.step()
                result.append(optimizer.param_groups[0]["lr"])
            cases.append({"schedule": name, "options": options, "warmUp": warm_up, "total": total, "expected": result})
    figures = (0.5 + 0.5 * np.exp(-np.arange(60) / 8) + 0.05 * hash_uniform("figures", (60,))).tolist()
    for options in ({"rate": 0.1}, {"rate": 0.1, "factor": 0.5, "patience": 2}, {"rate": 0.1, "mode": "max", "patience": 3},
                    {"rate": 0.1, "patience": 1, "cooldown": 3, "threshold": 0.05, "minimum": 0.004, "factor": 0.3},
                    {"rate": 0.1, "patience": 0, "factor": 0.01}):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        names = {"minimum": "min_lr"}
        scheduler = s.ReduceLROnPlateau(optimizer, **{names.get(k, k): v for k, v in options.items() if k != "rate"})
        expected = []
        for figure in figures:
            scheduler.step(figure)
            expected.append(optimizer.param_groups[0]["lr"])
        cases.append({"schedule": "plateau", "options": options, "figures": figures, "expected": expected})
    write("learning/schedules.json", "learning.py", TORCH, cases)


# Layers ----------------------------------------------------------------------------------------------------------


def layers():
    nn = torch.nn
    modules = [
        ("conv", [2, 3, 9], {"channels": 4, "kernel": 3, "stride": 2, "padding": 1}, nn.Conv1d(3, 4, 3, 2, 1)),
        ("conv", [2, 4, 7, 6], {"channels": 6, "kernel": [3, 2], "padding": [1, 0], "dilation": 2, "groups": 2},
         nn.Conv2d(4, 6, (3, 2), 1, (1, 0), 2, 2)),
        ("conv", [1, 2, 4, 5, 6], {"channels": 3, "kernel": 3, "bias": False}, nn.Conv3d(2, 3, 3, bias=False)),
        ("linear", [3, 5], {"outputs": 4}, nn.Linear(5, 4)),
        ("linear", [3, 5], {"outputs": 2, "bias": False}, nn.Linear(5, 2, bias=False)),
        ("groupNorm", [2, 6, 4, 3], {"groups": 3}, nn.GroupNorm(3, 6)),
        ("instanceNorm", [2, 3, 5, 4], {}, nn.InstanceNorm2d(3, affine=True)),
        ("layerNorm", [4, 3, 7], {}, nn.LayerNorm(7)),
        ("layerNorm", [4, 3, 7], {"axis": 1, "epsilon": 1e-3}, nn.LayerNorm([3, 7], 1e-3)),
        ("batchNorm", [3, 4, 5], {}, nn.BatchNorm1d(4)),
        ("batchNorm", [2, 3, 4, 5], {"momentum": 0.3, "epsilon": 1e-3}, nn.BatchNorm2d(3, 1e-3, 0.3)),
        ("maxPool", [2, 3, 7, 8], {"kernel": 3, "stride": 2, "padding": 1}, nn.MaxPool2d(3, 2, 1)),
        ("averagePool", [2, 3, 7, 8], {"kernel": 3, "stride": 2, "padding": 1}, nn.AvgPool2d(3, 2, 1)),
        ("averagePool", [2, 3, 9], {"kernel": 3}, nn.AvgPool1d(3)),
        ("maxPool", [2, 3, 8, 10], {"kernel": 3, "stride": 2, "ceilMode": True}, nn.MaxPool2d(3, 2, ceil_mode=True)),
        ("maxPool", [2, 2, 4, 5], {"kernel": 3, "stride": 1, "padding": 1, "ceilMode": True},
         nn.MaxPool2d(3, 1, 1, ceil_mode=True)),
        ("adaptiveAveragePool", [2, 3, 8, 12], {"bins": 4}, nn.AdaptiveAvgPool2d(4)),
        ("adaptiveAveragePool", [2, 3, 13, 9], {"bins": [6, 7]}, nn.AdaptiveAvgPool2d((6, 7))),
        ("adaptiveAveragePool", [2, 3, 2, 14], {"bins": 7}, nn.AdaptiveAvgPool2d(7)),
        ("adaptiveAveragePool", [2, 3, 7, 5], {"bins": 1}, nn.AdaptiveAvgPool2d(1)),
        ("adaptiveAveragePool", [2, 2, 11], {"bins": 4}, nn.AdaptiveAvgPool1d(4)),
        ("adaptiveAveragePool", [1, 2, 5, 4, 3], {"bins": [3, 2, 2]}, nn.AdaptiveAvgPool3d((3, 2, 2))),
        ("linear", [2, 3, 4, 5], {"outputs": 6}, nn.Linear(5, 6)),
        ("linear", [2, 3, 5], {"outputs": 2, "bias": False}, nn.Linear(5, 2, bias=False)),
        ("squeezeExcitation", [2, 6, 4, 5], {"squeezed": 2},
         torchvision.ops.SqueezeExcitation(6, 2, activation=nn.SiLU)),
        ("selfAttention", [2, 5, 12], {"heads": 3}, timm.layers.Attention(12, 3, qkv_bias=True)),
    ]
    cases = []
    for layer, shape, options, module in modules:
        case = {"layer": layer, "shape": shape, "options": options}
        fill(module)
        module.double()
        if layer == "batchNorm":
            case["infer"] = numbers(module.eval()(tensor("x", shape)))
            module.train()
            case["train"] = [numbers(module(tensor(f"x{i}", shape))) for i in range(3)]
            case["state"] = {name: numbers(value) for name, value in module.state_dict().items() if name not in ("weight", "bias")}
        else:
            case["infer"] = numbers(module(tensor("x", shape)))
        cases.append(case)
    write("learning/layers.json", "learning.py",
          f"{TORCH}, torchvision {torchvision.__version__}, timm {timm.__version__}", cases)


def initializers():
    init = torch.nn.init
    torch.manual_seed(1)
    gain = init.calculate_gain("leaky_relu", 0.2)
    rules = [
        ("heNormal", {}, lambda w: init.kaiming_normal_(w, nonlinearity="relu")),
        ("heNormal", {"fan": "out"}, lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu")),
        ("heUniform", {"gain": gain}, lambda w: init.kaiming_uniform_(w, a=0.2)),
        ("xavierNormal", {}, init.xavier_normal_),
        ("xavierUniform", {}, init.xavier_uniform_),
        ("torchUniform", {}, lambda w: init.kaiming_uniform_(w, a=math.sqrt(5))),
    ]
    cases = []
    for shape in ([64, 32, 3, 3], [300, 200], [24, 16, 3, 3, 3]):
        for name, options, rule in rules:
            w = rule(torch.empty(shape, dtype=torch.float64))
            cases.append({"initializer": name, "options": options, "shape": shape, "deviation": w.std().item(),
                          "largest": w.abs().max().item()})
    write("learning/initializers.json", "learning.py", TORCH, cases)


if __name__ == "__main__":
    torch.manual_seed(0)
    losses()
    optimizers()
    schedules()
    layers()
    initializers()
