"""Arrays as they cross the border: .npz archives in memory."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np


def pack(arrays: Mapping[str, Any]) -> bytes:
    """An archive of arrays by name."""
    buffer = io.BytesIO()
    # As a dictionary of names: a feature may be called `file`, which is an argument of NumPy's.
    with _archive(buffer) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


def unpack(archive: bytes) -> dict[str, np.ndarray]:
    """The arrays of an archive, by name."""
    with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _archive(buffer: io.BytesIO) -> Any:
    import zipfile

    return zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED)
