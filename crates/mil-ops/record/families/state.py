"""States."""

from recorder import State, Value


def read_state(op):
    for version in op.versions:
        for dtype in ("fp16", "fp32", "int32", "bool"):
            held = op.draw(dtype, (2, 3))
            op.add(version, "by hand", {"input": State(held)}, held, after={"input": held.record()})


def write_state(op):
    for version in op.versions:
        for dtype in ("fp16", "fp32", "int32", "bool"):
            held, new = op.draw(dtype, (2, 3)), op.draw(dtype, (2, 3))
            op.add(version, "by hand", {"input": State(held), "data": new}, [], after={"input": new.record()})


OPS = {"read_state": read_state, "write_state": write_state}
