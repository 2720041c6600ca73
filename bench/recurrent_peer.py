"""PyTorch's side of the recurrent step: answers lines of JSON on the standard input."""

import json
import sys
import time

import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self, kind, channels, outputs):
        super().__init__()
        self.rnn = {"lstm": nn.LSTM, "gru": nn.GRU}[kind](channels, 64, 2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(128, outputs)

    def forward(self, x):
        _, state = self.rnn(x.transpose(1, 2))
        h = state[0] if isinstance(state, tuple) else state
        return self.fc(torch.cat([h[-2], h[-1]], 1))


def main():
    for line in sys.stdin:
        request = json.loads(line)
        if request["command"] == "train":
            torch.set_num_threads(request["threads"])
            model = Classifier(request["kind"], request["channels"], 2)
            optimizer = torch.optim.AdamW(model.parameters())
            x = torch.randn(request["batch"], request["channels"], request["samples"])
            target = torch.arange(request["batch"]) % 2
            print(json.dumps({"torch": torch.__version__}), flush=True)
            continue
        times = []
        for _ in range(request["count"]):
            start = time.perf_counter()
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), target).backward()
            optimizer.step()
            times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps({"ms": times}), flush=True)


main()
