"""The numbers of test/peers/hash-weights.ts, made alike: networks and data that need not be stored."""

import numpy as np


def hash32(text):
    h = 0x811C9DC5
    for unit in text.encode("utf-16-le")[::2]:
        h = ((h ^ unit) * 0x01000193) & 0xFFFFFFFF
    return h


def hash_words(name, count):
    with np.errstate(over="ignore"):
        h = np.uint32(hash32(name)) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        return h ^ (h >> np.uint32(16))


def hash_uniform(name, shape, low=-1.0, high=1.0):
    count = int(np.prod(shape, dtype=np.int64))
    return (low + (high - low) * (hash_words(name, count).astype(np.float64) / 4294967296)).reshape(shape)


def hash_parameter(name, shape):
    if name.endswith("num_batches_tracked"):
        return np.zeros((), dtype=np.int64)
    if len(shape) > 1:
        bound = np.sqrt(6 / np.prod(shape[1:], dtype=np.int64))
        low, high = -bound, bound
    elif name.endswith("running_var"):
        low, high = 0.5, 1.5
    else:
        low, high = (0.9, 1.1) if name.endswith("weight") else (-0.1, 0.1)
    return hash_uniform(name, shape, low, high).astype(np.float32)


def fill(module):
    """Gives every parameter and buffer of a PyTorch module its hashed value."""
    import torch

    with torch.no_grad():
        for name, value in module.state_dict().items():
            value.copy_(torch.from_numpy(hash_parameter(name, tuple(value.shape))))
    return module


if __name__ == "__main__":
    print(hash32("conv1.weight"), hash_words("conv1.weight", 3), hash_parameter("fc.weight", (2, 3)))
