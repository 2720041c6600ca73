"""The networks of imported_models.py: architectures of the field, made narrow, and what their exporters make of them."""

import torch
import torch.nn.functional as F
from torch import nn


def conv_bn(i, o, k=3, s=1, g=1, act=nn.ReLU):
    layers = [nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*layers, act()) if act else nn.Sequential(*layers)


class Basic(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.conv1, self.conv2 = conv_bn(i, o, 3, s), conv_bn(o, o, act=None)
        self.short = nn.Identity() if s == 1 and i == o else conv_bn(i, o, 1, s, act=None)

    def forward(self, x):
        return F.relu(self.conv2(self.conv1(x)) + self.short(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 7, 2, 3, bias=False), nn.BatchNorm2d(6), nn.ReLU(inplace=True),
                                  nn.MaxPool2d(3, 2, 1))
        self.layer1, self.layer2 = Basic(6, 6, 1), Basic(6, 10, 2)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(10, 5)

    def forward(self, x):
        return self.fc(torch.flatten(self.avgpool(self.layer2(self.layer1(self.stem(x)))), 1))


class Vgg(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(True), nn.MaxPool2d(2),
                                      nn.Conv2d(6, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(True),
                                      nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(True), nn.MaxPool2d(2))
        self.avgpool = nn.AdaptiveAvgPool2d((2, 2))
        self.classifier = nn.Sequential(nn.Linear(32, 12), nn.ReLU(True), nn.Dropout(), nn.Linear(12, 3))

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return F.log_softmax(self.classifier(x.view(x.size(0), -1)), dim=1)


class Squeeze(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.down, self.up = nn.Conv2d(c, 3, 1), nn.Conv2d(3, c, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.up(F.relu(self.down(F.adaptive_avg_pool2d(x, 1)))))


class Inverted(nn.Module):
    def __init__(self, i, e, o, s, k, act):
        super().__init__()
        self.body = nn.Sequential(conv_bn(i, e, 1, act=act), conv_bn(e, e, k, s, e, act=act), Squeeze(e),
                                  conv_bn(e, o, 1, act=None))
        self.skip = s == 1 and i == o

    def forward(self, x):
        return x + self.body(x) if self.skip else self.body(x)


class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(conv_bn(3, 6, 3, 2, act=nn.Hardswish), Inverted(6, 12, 6, 1, 3, nn.ReLU6),
                                      Inverted(6, 14, 8, 2, 5, nn.Hardswish), conv_bn(8, 12, 1, act=nn.SiLU))
        self.fc = nn.Linear(12, 4)

    def forward(self, x):
        return self.fc(self.features(x).mean([2, 3]))


class Attention(nn.Module):
    def __init__(self, d, heads, fused):
        super().__init__()
        self.qkv, self.proj, self.heads, self.fused = nn.Linear(d, 3 * d), nn.Linear(d, d), heads, fused

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            y = (q * (d // self.heads) ** -0.5 @ k.transpose(-2, -1)).softmax(dim=-1) @ v
        return self.proj(y.transpose(1, 2).reshape(b, n, d))


class Block(nn.Module):
    def __init__(self, d, fused):
        super().__init__()
        self.norm1, self.attn, self.norm2 = nn.LayerNorm(d), Attention(d, 2, fused), nn.LayerNorm(d, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU("tanh" if fused else "none"), nn.Linear(2 * d, d))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Vit(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, 4)
        self.cls, self.pos = nn.Parameter(torch.zeros(1, 1, 8)), nn.Parameter(torch.zeros(1, 10, 8))
        self.blocks = nn.Sequential(Block(8, False), Block(8, True))
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 4)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.pos
        return self.head(self.norm(self.blocks(x))[:, 0])


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc1, self.enc2, self.mid = conv_bn(1, 4), nn.Sequential(nn.Conv2d(4, 6, 3, padding=1), nn.InstanceNorm2d(
            6, affine=True), nn.LeakyReLU(0.1)), nn.Sequential(nn.Conv2d(6, 8, 3, padding=2, dilation=2),
                                                               nn.GroupNorm(2, 8), nn.ELU())
        self.up, self.dec2, self.dec1 = nn.ConvTranspose2d(8, 6, 3, 2, 1, output_padding=1), conv_bn(12, 4), conv_bn(8, 4)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        a = self.enc1(x)
        b = self.enc2(F.max_pool2d(a, 2))
        c = self.mid(F.avg_pool2d(b, 3, 2, 1, count_include_pad=False))
        d = self.dec2(torch.cat([self.up(c), b], 1))
        d = F.interpolate(d, scale_factor=2, mode="bilinear", align_corners=False)
        return torch.sigmoid(self.head(self.dec1(torch.cat([F.interpolate(d, size=a.shape[2:], mode="nearest"), a], 1))))


class Cnn1d(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(2, 6, 7, 2, 3), nn.BatchNorm1d(6), nn.PReLU(6), nn.MaxPool1d(3, 2),
                                  nn.Conv1d(6, 8, 3, padding=2, dilation=2, groups=2), nn.Softplus(),
                                  nn.AvgPool1d(2, ceil_mode=True), nn.Conv1d(8, 8, 3, bias=False), nn.Tanh())
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        x = self.body(x)
        return self.fc(torch.cat([x.mean(-1), x.amax(-1)], 1))


class Cnn3d(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv3d(1, 4, 3, padding=1), nn.BatchNorm3d(4), nn.ReLU(), nn.MaxPool3d(2))
        self.deep = nn.Sequential(nn.Conv3d(4, 6, 3, (1, 2, 2), 1), nn.InstanceNorm3d(6), nn.LeakyReLU())
        self.up = nn.ConvTranspose3d(6, 4, (1, 2, 2), (1, 2, 2))
        self.out = nn.Conv3d(8, 2, 1)

    def forward(self, x):
        a = self.down(x)
        y = self.out(torch.cat([self.up(self.deep(a)), a], 1))
        return F.interpolate(y, scale_factor=2, mode="trilinear", align_corners=True).softmax(1)


class Dense(nn.Module):
    """DenseNet's concatenations, ConvNeXt's block, Inception's pooling branches."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 4, 3, padding=1)), nn.Sequential(
            nn.BatchNorm2d(7), nn.ReLU(), nn.Conv2d(7, 4, 3, padding=1))
        self.depth, self.norm = nn.Conv2d(11, 11, 7, padding=3, groups=11), nn.LayerNorm(11, eps=1e-6)
        self.wide, self.back, self.scale = nn.Linear(11, 22), nn.Linear(22, 11), nn.Parameter(torch.ones(11))
        self.asymmetric = nn.Sequential(nn.Conv2d(11, 5, (1, 5), padding=(0, 2)), nn.Conv2d(5, 5, (5, 1), (2, 1), (2, 0)))
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        x = torch.cat([x, self.a(x)], 1)
        x = torch.cat([x, self.b(x)], 1)
        y = self.norm(self.depth(x).permute(0, 2, 3, 1))
        x = x + (self.scale * self.back(F.gelu(self.wide(y)))).permute(0, 3, 1, 2)
        left = F.adaptive_avg_pool2d(self.asymmetric(x), 1)
        right = F.max_pool2d(F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), 2, ceil_mode=True).flatten(2).logsumexp(2)
        return self.fc(torch.cat([left.flatten(1), right], 1))


class Odds(nn.Module):
    """What networks of the field do between their layers."""

    def __init__(self):
        super().__init__()
        self.conv, self.shuffle, self.theta = nn.Conv2d(2, 8, 3), nn.PixelShuffle(2), nn.Linear(2, 6)
        self.keys, self.mish = nn.Parameter(torch.zeros(5, 4)), nn.Mish()

    def forward(self, x):
        y = self.shuffle(self.conv(F.pad(x, (1, 2, 0, 1), mode="reflect")))  # [N, 2, 2h, 2w]
        grid = F.affine_grid(self.theta(y.mean((2, 3))).view(-1, 2, 3), [x.shape[0], 2, 5, 6], align_corners=False)
        y = self.mish(F.grid_sample(y, grid * 0.4, mode="bilinear", padding_mode="zeros", align_corners=False))
        z = torch.einsum("nchw,khc->nkw", y, self.keys.unsqueeze(2).expand(5, 4, 2)[:, :, :].repeat(1, 2, 1)[:, :5])
        z = F.normalize(torch.where(z > 0, z.clamp(max=0.8), 0.3 * z), dim=1)
        top = z.topk(3, dim=2).values.cumsum(2)
        norm = torch.linalg.vector_norm(z - z.mean(1, keepdim=True), dim=2)
        return torch.cat([top.flatten(1), norm, z.std(2), z.var(1, unbiased=False), z.prod(2).abs().sqrt()], 1)


# name: constructor, input shape, exports (exporter, opset, mode, dynamic batch).
# 'script' is torch.onnx.export(dynamo=False), 'dynamo' the newer one. 'plain' keeps every parameter, 'folded' is what a
# person gets who passes no option, 'training' keeps batch normalisation in training mode.
NETWORKS = {
    "resnet": (ResNet, (2, 3, 33, 29), [("script", 13, "plain", True), ("script", 17, "training", False),
                                        ("script", 20, "folded", False), ("dynamo", 18, "folded", True)]),
    "vgg": (Vgg, (2, 1, 16, 16), [("script", 13, "folded", True), ("script", 17, "plain", False),
                                  ("dynamo", 20, "plain", True)]),
    "mobilenet": (MobileNet, (2, 3, 21, 18), [("script", 13, "plain", True), ("script", 17, "training", False),
                                              ("dynamo", 18, "folded", False), ("dynamo", 21, "plain", False)]),
    "vit": (Vit, (2, 3, 12, 12), [("script", 14, "plain", True), ("script", 17, "folded", False),
                                  ("dynamo", 18, "plain", True), ("dynamo", 20, "folded", False),
                                  ("dynamo", 21, "plain", False)]),
    "unet": (UNet, (2, 1, 24, 20), [("script", 13, "plain", False), ("script", 17, "folded", True),
                                    ("dynamo", 18, "plain", False), ("dynamo", 21, "folded", False)]),
    "cnn1d": (Cnn1d, (3, 2, 61), [("script", 13, "plain", False), ("script", 17, "training", False),
                                  ("dynamo", 18, "plain", False), ("dynamo", 21, "folded", False)]),
    "cnn3d": (Cnn3d, (2, 1, 8, 12, 8), [("script", 13, "plain", False), ("script", 17, "training", False),
                                        ("dynamo", 18, "folded", False), ("dynamo", 21, "plain", False)]),
    "dense": (Dense, (2, 3, 13, 11), [("script", 13, "folded", False), ("script", 17, "plain", True),
                                      ("dynamo", 18, "plain", False), ("dynamo", 20, "folded", False)]),
    "odds": (Odds, (3, 2, 9, 8), [("script", 20, "plain", False), ("script", 20, "folded", False),
                                  ("dynamo", 18, "folded", False), ("dynamo", 21, "plain", False)]),
}
