"""Random ops. Core ML's own numbers are not known, so a case says what SciPy knows of the distribution: mean and standard deviation of a
sample, each to within six of its own standard errors, and the range or the values that there are."""

import numpy as np
from recorder import Value
from scipy import stats

COUNT = 4000


def drawn(op, version, dtype, operands, law, values=None, shape=None):
    """`law` is a distribution of SciPy's."""
    mean, variance = law.mean(), law.var()
    fourth = float(law.stats(moments="k")) + 3
    spread = np.sqrt(variance)
    # The standard error of a sample's standard deviation, from the fourth moment.
    error = spread * np.sqrt(max(fourth - 1, 0) / (4 * COUNT)) if variance else 0
    low, high = (float(end) for end in law.support())
    slack = 2e-3
    case = {"type": dtype, "shape": shape or operands["shape"], "mean": [float(mean), float(6 * spread / np.sqrt(COUNT) + slack)]}
    case |= {"std": [float(spread), float(6 * error + slack)]}
    case |= {"low": low if np.isfinite(low) else None, "high": high if np.isfinite(high) else None, "values": values}
    source = f"scipy.stats.{law.dist.name}, moments of {COUNT} draws"
    op.add(version, source, operands, [None], drawn=case)


def bernoulli(op):
    for version in op.versions:
        for dtype in version.dtypes("prob"):
            for prob, seed in ((0.25, 7), (0.875, None)):
                operands = {"shape": [40, 100], "prob": Value(dtype, prob), "seed": seed}
                drawn(op, version, dtype, operands, stats.bernoulli(prob), [0, 1])
        drawn(op, version, "fp32", {"shape": [4000]}, stats.bernoulli(0.5), [0, 1])


def normal(op):
    for version in op.versions:
        for dtype in version.dtypes("mean"):
            for mean, stddev, seed in ((1.5, 0.5, 7), (-2, 3, None)):
                operands = {"shape": [40, 100], "mean": Value(dtype, mean), "stddev": Value(dtype, stddev), "seed": seed}
                drawn(op, version, dtype, operands, stats.norm(mean, stddev))
        drawn(op, version, "fp32", {"shape": [4000]}, stats.norm())


def uniform(op):
    for version in op.versions:
        for dtype in version.dtypes("low"):
            for low, high, seed in ((-1.5, 0.5, 7), (2, 6, None)):
                operands = {"shape": [40, 100], "low": Value(dtype, low), "high": Value(dtype, high), "seed": seed}
                drawn(op, version, dtype, operands, stats.uniform(low, high - low))
        drawn(op, version, "fp32", {"shape": [4000]}, stats.uniform())


def categorical(op):
    weights = np.array([0.125, 0.5, 0.25, 0.125])
    law = stats.rv_discrete(values=(range(4), weights))
    law = law()
    for version in op.versions:
        for dtype in version.dtypes("x"):
            for mode, seed in (("probs", 7), ("logits", None), (None, 3)):
                x = weights if mode == "probs" else np.round(np.log(weights) * 1024) / 1024
                operands = {"x": Value(dtype, np.tile(x, (2, 1))), "mode": mode, "size": COUNT // 2, "seed": seed}
                drawn(op, version, dtype, operands, law, [0, 1, 2, 3], [2, COUNT // 2])
            certain = {"x": Value(dtype, [[0, 1, 0], [1, 0, 0]]), "mode": "probs"}
            op.add(version, "one category is certain", certain, Value(dtype, [[1], [0]]))


OPS = {"random_bernoulli": bernoulli, "random_categorical": categorical, "random_normal": normal, "random_uniform": uniform}
