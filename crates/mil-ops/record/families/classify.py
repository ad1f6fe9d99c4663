"""Classifiers."""

import numpy as np
from recorder import Dictionary, ListOf, Value


def classify(op):
    version = op.versions[0]
    for labels, kind in ((["cat", "dog", "cow"], "string"), ([7, 3, 11], "int64")):
        for numbers in ([0.25, 0.625, 0.125], [0.5, 0.0, 0.5]):
            probabilities = Value("fp32", numbers)
            classes = ListOf(kind, [Value(kind, label) for label in labels])
            best = Value(kind, labels[int(np.argmax(numbers))])
            op.add(version, "numpy.argmax", {"probabilities": probabilities, "classes": classes}, [best, Dictionary(labels, numbers)])


OPS = {"classify": classify}
