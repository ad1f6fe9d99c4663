"""Elements at places that indices name."""

import numpy as np
from recorder import Value

MODES = {
    "update": lambda a, b: b, "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "max": np.maximum,
    "min": np.minimum, None: np.add,
}


def pairs(version, x, indices):
    """Every element type beside every index type, turn by turn."""
    own, others = version.dtypes(x), version.dtypes(indices)
    return [(dtype, others[(turn + shift) % len(others)]) for turn, dtype in enumerate(own) for shift in range(3)]


def places(op, dtype, shape, size):
    """Indices; from the end too, where the type has negative ones."""
    found = op.random.integers(0, size, shape)
    if not dtype.startswith("u"):
        found = np.where(op.random.random(shape) < 0.3, found - size, found)
    return Value(dtype, found)


def checked(version, turn):
    return {"validate_indices": (True, None, False)[turn % 3]} if "validate_indices" in version.params else {}


def gather(op):
    for version in op.versions:
        for turn, (dtype, kind) in enumerate(pairs(version, "x", "indices")):
            x = op.draw(dtype, (3, 4), -9, 9)
            axis = (None, 1, -2)[turn % 3]
            indices = places(op, kind, ((2, 2), (3,), ())[turn % 3], x.shape[axis or 0])
            if version.since == "iOS13" and not indices.shape:
                indices = places(op, kind, (2,), x.shape[axis or 0])
            y = np.take(x.array, indices.array, axis or 0)
            operands = {"x": x, "indices": indices, "axis": axis} | checked(version, turn)
            op.add(version, "numpy.take", operands, Value(dtype, y))
            if "batch_dims" in version.params and turn % 3 == 0:
                x = op.draw(dtype, (2, 3, 2), -9, 9)
                indices = places(op, kind, (2, 2), 3)
                y = np.stack([np.take(a, i, 0) for a, i in zip(x.array, indices.array)])
                operands = {"x": x, "indices": indices, "axis": 1, "batch_dims": 1} | checked(version, turn)
                op.add(version, "numpy.take, batch by batch", operands, Value(dtype, y))


def gather_along_axis(op):
    for version in op.versions:
        for turn, (dtype, kind) in enumerate(pairs(version, "x", "indices")):
            x = op.draw(dtype, (3, 4), -9, 9)
            axis = (None, 1, -1)[turn % 3]
            indices = places(op, kind, (2, 4) if axis is None else (3, 2), x.shape[axis or 0])
            y = np.take_along_axis(x.array, indices.array, axis or 0)
            operands = {"x": x, "indices": indices, "axis": axis} | checked(version, turn)
            op.add(version, "numpy.take_along_axis", operands, Value(dtype, y))


def gather_nd(op):
    for version in op.versions:
        for turn, (dtype, kind) in enumerate(pairs(version, "x", "indices")):
            x = op.draw(dtype, (3, 3, 2), -9, 9)
            batch = 1 if turn % 3 == 1 and "batch_dims" in version.params else 0
            indices = places(op, kind, (3, 2, 1) if batch else (4, 2), 3)
            if batch:
                y = np.stack([a[i[:, 0]] for a, i in zip(x.array, indices.array)])
            else:
                y = x.array[indices.array[:, 0], indices.array[:, 1]]
            operands = {"x": x, "indices": indices} | ({"batch_dims": 1} if batch else {}) | checked(version, turn)
            op.add(version, "numpy", operands, Value(dtype, y))


def scattering(build):
    """For every mode and type; integers are divided where that leaves integers."""

    def record(op):
        for version in op.versions:
            for dtype in version.dtypes("data"):
                for turn, (mode, combine) in enumerate(MODES.items()):
                    data = op.draw(dtype, (3, 4), 1, 4)
                    operands, updates, items = build(op, dtype, data, turn)
                    if mode == "div":
                        updates = Value(dtype, np.where(updates.array > 0, 1, -1))
                        if dtype.startswith("fp"):
                            updates = Value(dtype, updates.array * 2)
                    y = data.array.astype(np.float64) if mode == "div" else data.array.copy()
                    for target, source in items:
                        y[target] = combine(y[target], updates.array[source])
                    y = y if dtype.startswith("fp") else y.astype(np.int64)
                    operands |= {"data": data, "updates": updates, "mode": mode} | checked(version, turn)
                    op.add(version, "numpy, one update after the other", operands, Value(dtype, y))

    return record


def along(op, dtype, data, turn):
    axis = (None, 1, -2)[turn % 3]
    size = data.shape[axis or 0]
    picks = op.random.permutation(size)[:2] if turn % 2 == 0 or once(turn) else np.array([1, 1])
    first = axis in (None, -2)
    updates = op.draw(dtype, (2, 4) if first else (3, 2), -2, 2)
    items = [((p,) if first else (slice(None), p), (i,) if first else (slice(None), i)) for i, p in enumerate(picks)]
    indices = np.where(op.random.random(2) < 0.3, picks - size, picks)
    return {"indices": Value("int32", indices), "axis": axis}, updates, items


def once(turn):
    """Whether no place may be met twice: which update stays is not defined."""
    return list(MODES)[turn] == "update"


def along_axis(op, dtype, data, turn):
    axis = (None, 1, -1)[turn % 3]
    shape = (2, 4) if axis is None else (3, 2)
    size = data.shape[axis or 0]
    rows = [op.random.permutation(size)[:2] if once(turn) else op.random.integers(0, size, 2) for _ in range(12)]
    picks = np.array(rows[:4]).T if axis is None else np.array(rows[:3])
    items = []
    for at in np.ndindex(shape):
        target = (picks[at], at[1]) if axis is None else (at[0], picks[at])
        items.append((target, at))
    return {"indices": Value("int32", picks), "axis": axis}, op.draw(dtype, shape, -2, 2), items


def tuples(op, dtype, data, turn):
    if turn % 2:
        picks = op.random.permutation(3)[:2].reshape(2, 1)
        items = [((int(p[0]),), (i,)) for i, p in enumerate(picks)]
        return {"indices": Value("int32", picks)}, op.draw(dtype, (2, 4), -2, 2), items
    flat = op.random.permutation(12)[:3] if once(turn) else op.random.integers(0, 12, 3)
    picks = np.stack([flat // 4, flat % 4], 1)
    items = [(tuple(p), (i,)) for i, p in enumerate(picks)]
    return {"indices": Value("int32", picks - np.array([0, 4]))}, op.draw(dtype, (3,), -2, 2), items


OPS = {
    "gather": gather, "gather_along_axis": gather_along_axis, "gather_nd": gather_nd, "scatter": scattering(along),
    "scatter_along_axis": scattering(along_axis), "scatter_nd": scattering(tuples),
}
