"""Recurrent ops: the equations step by step in NumPy; where PyTorch has the case, it must agree."""

import numpy as np
import torch
from recorder import Value

ACTIVATIONS = {
    "tanh": np.tanh, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "relu": lambda x: np.maximum(x, 0), "linear": lambda x: x,
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1), "scaled_tanh": np.tanh,
}
STEPS, BATCH, INPUT, HIDDEN = 3, 2, 2, 2


def visited(x, direction):
    return x[::-1] if direction == "reverse" else x


def agree(mine, modules):
    """`modules` is a PyTorch module with (weight, bias) in its order of gates."""
    np.testing.assert_allclose(mine, modules, rtol=1e-9, atol=1e-9)


def by_torch(kind, x, states, weight_ih, weight_hh, bias, order):
    """Every hidden state, from PyTorch's module; `order` says which of our gates each of its is."""
    module = getattr(torch.nn, kind)(INPUT, HIDDEN)
    gates = [np.arange(HIDDEN) + HIDDEN * gate for gate in order]
    rows = np.concatenate(gates)
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.tensor(weight_ih[rows]))
        module.weight_hh_l0.copy_(torch.tensor(weight_hh[rows]))
        module.bias_ih_l0.copy_(torch.zeros(len(rows)))
        module.bias_hh_l0.copy_(torch.tensor(bias[rows]))
        states = [torch.tensor(state[None]) for state in states]
        return module(torch.tensor(x.copy()), tuple(states) if len(states) > 1 else states[0])[0].numpy()


def kept(sequence, every):
    return np.stack(sequence) if every else sequence[-1][None]


def weights(op, dtype, gates, suffix=""):
    return {
        f"weight_ih{suffix}": op.draw(dtype, (gates * HIDDEN, INPUT), -1, 1),
        f"weight_hh{suffix}": op.draw(dtype, (gates * HIDDEN, HIDDEN), -1, 1),
        f"bias{suffix}": op.draw(dtype, (gates * HIDDEN,), -1, 1),
    }


def rnn(op):
    calls = [({}, False), ({"output_sequence": True, "direction": "reverse", "activation": "relu"}, True)]
    calls += [({"activation": name, "direction": "forward"}, True) for name in ACTIVATIONS]
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for given, has_bias in calls:
                x, h0 = op.draw(dtype, (STEPS, BATCH, INPUT)), op.draw(dtype, (BATCH, HIDDEN))
                w = weights(op, dtype, 1)
                w = w if has_bias else {k: v for k, v in w.items() if k != "bias"}
                bias = w["bias"].array if has_bias else np.zeros(HIDDEN)
                act, h, sequence = ACTIVATIONS[given.get("activation", "tanh")], h0.array, []
                for step in visited(x.array, given.get("direction")):
                    h = act(step @ w["weight_ih"].array.T + h @ w["weight_hh"].array.T + bias)
                    sequence.append(h)
                if act is np.tanh:
                    order = visited(x.array, given.get("direction"))
                    agree(sequence, by_torch("RNN", order, [h0.array], w["weight_ih"].array, w["weight_hh"].array, bias, [0]))
                results = [Value(dtype, kept(sequence, given.get("output_sequence"))), Value(dtype, h)]
                op.add(version, "numpy, checked against torch.nn.RNN", {"x": x, "initial_h": h0} | w | given, results)


def gru(op):
    calls = [({}, True, False), ({"output_sequence": True, "direction": "reverse"}, True, False)]
    calls += [({"activation": name, "direction": "forward"}, False, False) for name in ACTIVATIONS]
    calls += [({"recurrent_activation": name}, True, False) for name in ACTIVATIONS]
    new = [({"reset_after": True}, True, False), ({"reset_after": True, "output_sequence": True}, True, True), ({"reset_after": False}, True, True)]
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for given, has_bias, has_input_bias in calls + (new if "reset_after" in version.params else []):
                x, h0 = op.draw(dtype, (STEPS, BATCH, INPUT)), op.draw(dtype, (BATCH, HIDDEN))
                w = weights(op, dtype, 3)
                w = w if has_bias else {k: v for k, v in w.items() if k != "bias"}
                w |= {"input_bias": op.draw(dtype, (3 * HIDDEN,), -1, 1)} if has_input_bias else {}
                zero = np.zeros(3 * HIDDEN)
                bias = w["bias"].array if has_bias else zero
                before = w["input_bias"].array if has_input_bias else zero
                gate, act = ACTIVATIONS[given.get("recurrent_activation", "sigmoid")], ACTIVATIONS[given.get("activation", "tanh")]
                ih, hh = (np.split(w[name].array, 3) for name in ("weight_ih", "weight_hh"))
                b, bi = np.split(bias, 3), np.split(before, 3)
                h, sequence = h0.array, []
                for step in visited(x.array, given.get("direction")):
                    part = [step @ ih[g].T + bi[g] for g in range(3)]
                    reset = gate(part[0] + h @ hh[0].T + b[0])
                    update = gate(part[2] + h @ hh[2].T + b[2])
                    inner = reset * (h @ hh[1].T + b[1]) if given.get("reset_after") else (reset * h) @ hh[1].T + b[1]
                    h = (1 - update) * act(part[1] + inner) + update * h
                    sequence.append(h)
                note = "numpy"
                if given.get("reset_after") and not has_input_bias:
                    note = "numpy, checked against torch.nn.GRU"
                    agree(sequence, by_torch("GRU", x.array, [h0.array], w["weight_ih"].array, w["weight_hh"].array, bias, [0, 2, 1]))
                results = [Value(dtype, kept(sequence, given.get("output_sequence"))), Value(dtype, h)]
                op.add(version, note, {"x": x, "initial_h": h0} | w | given, results)


def lstm_direction(x, h, c, w, suffix, given):
    gate, cell, act = (
        ACTIVATIONS[given.get(name, default)]
        for name, default in (("recurrent_activation", "sigmoid"), ("cell_activation", "tanh"), ("activation", "tanh"))
    )
    clip = given.get("clip", np.inf)
    zero = np.zeros(4 * HIDDEN)
    bias = w[f"bias{suffix}"].array if f"bias{suffix}" in w else zero
    peephole = np.split(w[f"peephole{suffix}"].array if f"peephole{suffix}" in w else zero[: 3 * HIDDEN], 3)
    sequence = []
    for step in x:
        parts = np.split(step @ w[f"weight_ih{suffix}"].array.T + h @ w[f"weight_hh{suffix}"].array.T + bias, 4, 1)
        take, forget = gate(parts[0] + peephole[0] * c), gate(parts[1] + peephole[1] * c)
        c = np.clip(forget * c + take * cell(parts[3]), -clip, clip)
        h = gate(parts[2] + peephole[2] * c) * act(c)
        sequence.append(h)
    return sequence, h, c


def lstm(op):
    both = "bidirectional"
    calls = [
        ({}, ("bias",)), ({"output_sequence": True, "direction": "reverse"}, ("bias",)), ({"direction": "forward"}, ()),
        ({"direction": both, "output_sequence": True}, ("bias",)), ({"direction": both}, ("bias", "peephole")),
        ({"clip": 0.5}, ("bias", "peephole")),
    ]
    for name in ACTIVATIONS:
        calls += [({which: name}, ("bias",)) for which in ("recurrent_activation", "cell_activation", "activation")]
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for given, has in calls:
                backward = given.get("direction") == both
                width = HIDDEN * (2 if backward else 1)
                x = op.draw(dtype, (STEPS, BATCH, INPUT))
                h0, c0 = op.draw(dtype, (BATCH, width)), op.draw(dtype, (BATCH, width))
                w = {}
                for suffix in ("", "_back") if backward else ("",):
                    w |= weights(op, dtype, 4, suffix) | {f"peephole{suffix}": op.draw(dtype, (3 * HIDDEN,), -1, 1)}
                w = {k: v for k, v in w.items() if k.startswith("weight") or k.removesuffix("_back") in has}
                every = given.get("output_sequence")
                sequence, h, c = lstm_direction(
                    visited(x.array, given.get("direction")), h0.array[:, :HIDDEN], c0.array[:, :HIDDEN], w, "", given
                )
                note = "numpy"
                if given in ({}, calls[1][0], {"direction": "forward"}):
                    bias = w["bias"].array if "bias" in w else np.zeros(4 * HIDDEN)
                    order, first = visited(x.array, given.get("direction")), [h0.array, c0.array]
                    agree(sequence, by_torch("LSTM", order, first, w["weight_ih"].array, w["weight_hh"].array, bias, [0, 1, 3, 2]))
                    note = "numpy, checked against torch.nn.LSTM"
                out = kept(sequence, every)
                if backward:
                    back, hb, cb = lstm_direction(x.array[::-1], h0.array[:, HIDDEN:], c0.array[:, HIDDEN:], w, "_back", given)
                    out = np.concatenate([out, np.stack(back[::-1]) if every else back[-1][None]], -1)
                    h, c = np.concatenate([h, hb], -1), np.concatenate([c, cb], -1)
                results = [Value(dtype, out), Value(dtype, h), Value(dtype, c)]
                more = {k: Value(dtype, v) if k == "clip" else v for k, v in given.items()}
                op.add(version, note, {"x": x, "initial_h": h0, "initial_c": c0} | w | more, results)


OPS = {"gru": gru, "lstm": lstm, "rnn": rnn}
