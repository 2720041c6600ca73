"""PyTorch's side of a comparison, in a process of its own: answers lines of JSON on the standard input."""

import json
import mmap
import pathlib
import re
import sys
import time

import numpy as np
import torch
import torchvision


def memory():
    """Megabytes resident now, and at their most by the kernel's high-water mark (0 where there is none)."""
    try:
        text = pathlib.Path("/proc/self/status").read_text()
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"now": 0, "peak": most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6}
    kilobytes = {name: int(re.search(rf"^{name}:\s+(\d+) kB$", text, re.M)[1]) for name in ("VmRSS", "VmHWM")}
    return {"now": kilobytes["VmRSS"] * 1024 / 1e6, "peak": kilobytes["VmHWM"] * 1024 / 1e6}


before = memory()["now"]
repeats = {}


def read_safetensors(path):
    with open(path, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    size = int.from_bytes(mapped[:8], "little")
    header = json.loads(mapped[8 : 8 + size])
    types = {"F32": np.float32, "I64": np.int64}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        array = np.frombuffer(mapped[start:end], types[entry["dtype"]]).reshape(entry["shape"])
        yield name, torch.from_numpy(array.copy())


def load(path):
    """The network with these weights, and the images that came with them."""
    tensors = dict(read_safetensors(path))
    images = tensors.pop("images")
    model = torchvision.models.resnet18(num_classes=tensors["fc.bias"].numel())
    unmatched = model.load_state_dict(tensors, strict=False)
    wrong = [name for name in unmatched.missing_keys if not name.endswith("num_batches_tracked")]
    if wrong or unmatched.unexpected_keys:
        raise ValueError(f"the weights do not fit: {wrong + unmatched.unexpected_keys}")
    return model, images


def timed(count, once):
    ms = []
    for _ in range(count):
        start = time.perf_counter()
        once()
        ms.append((time.perf_counter() - start) * 1000)
    return ms


def prepare_training(request):
    torch.set_num_threads(request["threads"])
    model, images = load(request["file"])
    targets = torch.tensor(request["targets"])
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=request["rate"], momentum=0.9)
    last = {}

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(images), targets)
        loss.backward()
        optimizer.step()
        last["loss"] = loss.item()

    repeats["step"] = lambda count: {"ms": timed(count, step), **last}
    return {}


def prepare_inference(request):
    torch.set_num_threads(request["threads"])
    model, images = load(request["file"])
    model.eval()

    def once():
        with torch.inference_mode():
            return model(images)

    def run(count):
        once()
        return {"ms": timed(count, once)}

    repeats["run"] = run
    return {"logits": once().flatten().tolist()}


def describe(_request):
    shown = torch.__config__.show()
    found = [re.search(pattern, shown) for pattern in (r"oneAPI Math Kernel Library Version [\d.]+", r"Intel\(R\) MKL-DNN v[\d.]+")]
    parts = [match[0] for match in found if match]
    return {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "python": sys.version.split()[0],
        "build": ", ".join([*parts, torch.backends.cpu.get_cpu_capability()]),
        "oneDNN": torch.backends.mkldnn.is_available(),
    }


def answer(request):
    commands = {
        "describe": describe,
        "train": prepare_training,
        "infer": prepare_inference,
        "memory": lambda _: {**memory(), "before": before},
    }
    command = request["command"]
    if command in commands:
        return commands[command](request)
    return repeats[command](request["count"])


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # every failure goes back to the one who asked
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
