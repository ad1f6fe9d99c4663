"""Attention, by PyTorch."""

import torch
import torch.nn.functional as F
from recorder import Value


def record(op):
    for version in op.versions:
        for dtype in version.dtypes("query"):
            calls = [((2, 3, 4), (2, 5, 4), (2, 5, 3), None), ((1, 2, 3, 4), (1, 2, 3, 4), (1, 2, 3, 2), "bool")]
            calls += [((1, 2, 2, 4), (1, 2, 3, 4), (1, 2, 3, 4), kind) for kind in ("fp16", "fp32") if kind == dtype]
            for q, k, v, mask in calls:
                query, key, value = op.draw(dtype, q), op.draw(dtype, k), op.draw(dtype, v)
                attn = mask and op.draw(mask, (q[-2], k[-2]))
                if mask == "bool":
                    attn.array[:, 0] = True
                y = F.scaled_dot_product_attention(
                    *(torch.tensor(each.array) for each in (query, key, value)), attn and torch.tensor(attn.array)
                )
                operands = {"query": query, "key": key, "value": value, "attn_mask": attn}
                note = "torch.nn.functional.scaled_dot_product_attention"
                op.add(version, note, operands, Value(dtype, y.numpy()))


OPS = {"scaled_dot_product_attention": record}
