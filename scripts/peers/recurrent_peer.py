"""PyTorch's LSTM, GRU and RNN called with the inputs of ONNX's operators; operator_gradients.py offers it to the cases."""

import torch

ORDERS = {"lstm": [0, 2, 3, 1], "gru": [1, 0, 2], "rnn_tanh": [0], "rnn_relu": [0]}  # PyTorch's gates among ONNX's


def turned(rows, kind):
    """The rows of a weight or bias [gates * H, ...] in PyTorch's order."""
    order = ORDERS[kind]
    blocks = rows.reshape(len(order), -1, *rows.shape[1:])
    return blocks[order].reshape(rows.shape)


def recurrent(kind, x, w, r, b=None, lengths=None, h=None, c=None, reverse=False, batch_first=False):
    """Y [T, D, N, H] and the last states [D, N, H] (batch first: [N, T, D, H] and [N, D, H]), as ONNX has them."""
    if batch_first:
        x, h, c = (None if v is None else v.transpose(0, 1) for v in (x, h, c))
    directions, hidden, count = w.shape[0], r.shape[2], x.shape[1]
    flipped = x.flip(0) if reverse else x
    weights = []
    for d in range(directions):
        weights += [turned(w[d], kind), turned(r[d], kind)]
        if b is not None:
            half = b.shape[1] // 2
            weights += [turned(b[d, :half], kind), turned(b[d, half:], kind)]
    start = [torch.zeros(directions, count, hidden) if v is None else v for v in ((h, c) if kind == "lstm" else (h,))]
    state = tuple(start) if kind == "lstm" else start[0]
    run = getattr(torch, kind)
    tail = (weights, b is not None, 1, 0.0, False, directions == 2)
    if lengths is None:
        y, *states = run(flipped, state, *tail, False)
    else:
        packed = torch.nn.utils.rnn.pack_padded_sequence(flipped, lengths.to(torch.int64), enforce_sorted=False)
        order = packed.sorted_indices
        chosen = tuple(s[:, order] for s in start) if kind == "lstm" else start[0][:, order]
        data, *states = run(packed.data, packed.batch_sizes, chosen, *tail)
        states = [s[:, packed.unsorted_indices] for s in states]
        packed = torch.nn.utils.rnn.PackedSequence(data, packed.batch_sizes, order, packed.unsorted_indices)
        y, _ = torch.nn.utils.rnn.pad_packed_sequence(packed, total_length=x.shape[0])
    if reverse:
        y = y.flip(0)
    y = y.reshape(x.shape[0], count, directions, hidden).transpose(1, 2)
    if batch_first:
        return (y.permute(2, 0, 1, 3), *(s.transpose(0, 1) for s in states))
    return (y, *states)
