"""Padding of windows, as `conv`, `conv_transpose` and the pooling ops name it."""


def padding(pad_type, sizes, kernel, strides, dilations=None, pad=None):
    """Elements added before and after each spatial axis. `same`: so that `ceil(size / stride)` windows fit."""
    found = []
    for axis, size in enumerate(sizes):
        if pad_type == "custom":
            found.append((pad[2 * axis], pad[2 * axis + 1]))
            continue
        reach = (kernel[axis] - 1) * (dilations[axis] if dilations else 1) + 1
        total = max((-(-size // strides[axis]) - 1) * strides[axis] + reach - size, 0)
        total = 0 if pad_type in ("valid", None) else total
        less = total // 2
        found.append((total - less, less) if pad_type == "same_lower" else (less, total - less))
    return found
