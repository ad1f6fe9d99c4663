"""Branches, loops, lists and constants."""

import numpy as np
from recorder import ListOf, Named, Value, recorded

TYPES = ("bool", "fp16", "fp32", "int32")


def block(inputs, ops, outputs):
    """A block: ops as (op, operands, result names)."""
    made = [{"op": op, "operands": recorded(operands), "results": results} for op, operands, results in ops]
    return {"inputs": inputs, "ops": made, "outputs": outputs}


def cond(op):
    for dtype in ("fp16", "fp32", "int32"):
        for pred in (True, False):
            x = op.draw(dtype, (2, 3))
            yes = block([], [("add", {"x": x, "y": x}, ["y"])], ["y"])
            no = block([], [("square", {"x": x}, ["s"]), ("sub", {"x": Named("s"), "y": x}, ["y"])], ["y"])
            y = x.array + x.array if pred else Value(dtype, x.array**2).array - x.array
            more = {"rounds": True} if dtype == "fp16" else {}
            op.add(op.versions[0], "numpy", {"pred": pred}, Value(dtype, y), blocks=[yes, no], **more)
    pair = [block([], [("identity", {"x": value}, [name]) for name, value in values], ["a", "b"]) for values in (
        [("a", Value("bool", [True, False])), ("b", Value("int32", 3))], [("a", Value("bool", [False])), ("b", Value("int32", 4))],
    )]
    results = [Value("bool", [False]), Value("int32", 4)]
    op.add(op.versions[0], "the outputs of the second block", {"pred": False}, results, blocks=pair)


def while_loop(op):
    version = op.versions[0]
    for dtype in ("fp16", "fp32", "int32"):
        for count in (0, 1, 5):
            x = op.draw(dtype, (3,), 1, 2)
            condition = block(["i", "x"], [("less", {"x": Named("i"), "y": count}, ["c"])], ["c"])
            step = [("add", {"x": Named("i"), "y": 1}, ["j"]), ("add", {"x": Named("x"), "y": Named("x")}, ["y"])]
            operands = {"loop_vars": [Value("int32", 0), x]}
            results = [Value("int32", count), Value(dtype, x.array * 2**count)]
            op.add(version, "numpy", operands, results, blocks=[condition, block(["i", "x"], step, ["j", "y"])])
    # Loop variables change places: the body's outputs are its inputs.
    condition = block(["a", "b"], [("less", {"x": Named("a"), "y": Named("b")}, ["c"])], ["c"])
    operands = {"loop_vars": [Value("fp32", 1), Value("fp32", 2)]}
    op.add(version, "by hand", operands, [Value("fp32", 2), Value("fp32", 1)], blocks=[condition, block(["a", "b"], [], ["b", "a"])])
    # A list grows by one element a round.
    condition = block(["i", "l"], [("less", {"x": Named("i"), "y": 3}, ["c"])], ["c"])
    step = [
        ("cast", {"x": Named("i"), "dtype": "fp32"}, ["v"]), ("list_write", {"ls": Named("l"), "index": Named("i"), "value": Named("v")}, ["m"]),
        ("add", {"x": Named("i"), "y": 1}, ["j"]),
    ]
    operands = {"loop_vars": [Value("int32", 0), ListOf("fp32", [None], True)]}
    results = [Value("int32", 3), ListOf("fp32", [Value("fp32", n) for n in range(3)], True)]
    op.add(version, "by hand", operands, results, blocks=[condition, block(["i", "l"], step, ["j", "m"])])


def const(op):
    for dtype in (*TYPES, "int8", "uint8", "int16", "uint16", "uint4", "int4", "uint1", "string"):
        value = Value(dtype, ["a", "b"]) if dtype == "string" else op.draw(dtype, (2, 2))
        op.add(op.versions[0], "the value itself", {"val": value}, value)


def select(op):
    for version in op.versions:
        for dtype in version.dtypes("a"):
            for shapes in (((2, 3), (2, 3), (2, 3)), ((2, 1), (2, 3), (1, 3)), ((2, 3), (), ())):
                cond, a, b = (op.draw(kind, shape) for kind, shape in zip(("bool", dtype, dtype), shapes))
                y = np.where(cond.array, a.array, b.array)
                op.add(version, "numpy.where", {"cond": cond, "a": a, "b": b}, Value(dtype, y))


def make_list(op):
    for version in op.versions:
        for dtype in TYPES:
            for length, growing in ((3, False), (None, True), (2, None)):
                operands = {"init_length": length, "dynamic_length": growing, "dtype": dtype}
                operands["elem_shape"] = [Value("int32", 2), Value("int32", 3)]
                wanted = ListOf(dtype, [None] * (length or 1), growing is not False)
                op.add(version, "by hand: nothing is written yet", operands, wanted)
        operands = {"elem_shape": [Value("int32", 2), Value("string", "n")]}
        op.add(version, "by hand: nothing is written yet", operands, ListOf("fp32", [None], True))


def elements(op, dtype, count):
    return [op.draw(dtype, (2, 2)) for _ in range(count)]


def list_length(op):
    for dtype in TYPES:
        for items in (elements(op, dtype, 3), [*elements(op, dtype, 1), None], []):
            op.add(op.versions[0], "by hand", {"ls": ListOf(dtype, items)}, Value("int32", len(items)))


def list_read(op):
    for dtype in TYPES:
        items = elements(op, dtype, 3)
        for index in (0, 2):
            op.add(op.versions[0], "by hand", {"ls": ListOf(dtype, items), "index": index}, items[index])
        unwritten = Value(dtype, np.zeros((2, 2), bool if dtype == "bool" else int))
        operands = {"ls": ListOf(dtype, [items[0], None]), "index": 1}
        op.add(op.versions[0], "by hand: what was never written is zero", operands, unwritten)


def list_gather(op):
    for dtype in TYPES:
        items = elements(op, dtype, 3)
        for indices in ([2, 0], [1], [1, 1, 0]):
            y = np.stack([items[index].array for index in indices])
            op.add(op.versions[0], "numpy.stack", {"ls": ListOf(dtype, items), "indices": indices}, Value(dtype, y))


def list_write(op):
    for version in op.versions:
        for dtype in version.dtypes("value"):
            items, new = elements(op, dtype, 2), op.draw(dtype, (2, 2))
            operands = {"ls": ListOf(dtype, items), "index": 1, "value": new}
            op.add(version, "by hand", operands, ListOf(dtype, [items[0], new]))
            operands = {"ls": ListOf(dtype, [items[0]], True), "index": 2, "value": new}
            op.add(version, "by hand: the list grows", operands, ListOf(dtype, [items[0], None, new], True))


def list_scatter(op):
    for version in op.versions:
        for dtype in version.dtypes("value"):
            items, new = elements(op, dtype, 3), op.draw(dtype, (2, 2, 2))
            first, second = (Value(dtype, part) for part in new.array)
            operands = {"ls": ListOf(dtype, items), "indices": [2, 0], "value": new}
            op.add(version, "by hand", operands, ListOf(dtype, [second, items[1], first]))
            operands = {"ls": ListOf(dtype, [None], True), "indices": [0, 2], "value": new}
            op.add(version, "by hand: the list grows", operands, ListOf(dtype, [first, None, second], True))


OPS = {
    "cond": cond, "const": const, "list_gather": list_gather, "list_length": list_length, "list_read": list_read,
    "list_scatter": list_scatter, "list_write": list_write, "make_list": make_list, "select": select, "while_loop": while_loop,
}
