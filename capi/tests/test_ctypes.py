"""The shared library from Python's ctypes: what any language with C calls does. `test_ctypes.py LIBRARY FIXTURE`."""

import ctypes
import json
import sys

library = ctypes.CDLL(sys.argv[1])
size_t, void_p = ctypes.c_size_t, ctypes.c_void_p
library.milopt_version.restype = ctypes.c_char_p
library.milopt_text_data.restype = library.milopt_error_part.restype = void_p
library.milopt_text_data.argtypes = [void_p, ctypes.POINTER(size_t)]
library.milopt_error_part.argtypes = [void_p, ctypes.c_int32, ctypes.POINTER(size_t)]
calls = {
    "open": [ctypes.c_char_p, size_t, ctypes.POINTER(void_p)],
    "run": [void_p, ctypes.c_char_p, size_t, void_p, void_p, ctypes.POINTER(void_p)],
    "verify": [void_p, ctypes.POINTER(void_p)],
    "estimate": [void_p, ctypes.c_char_p, size_t, ctypes.POINTER(void_p)],
}
for name, types in calls.items():
    function = getattr(library, f"milopt_{name}")
    function.argtypes, function.restype = types, void_p
for name in ("model", "text", "error"):
    getattr(library, f"milopt_{name}_free").argtypes = [void_p]


def text(of, handle, *arguments):
    length = size_t()
    return ctypes.string_at(of(handle, *arguments, ctypes.byref(length)), length.value).decode()


def call(name, *arguments):
    """The out-pointer of a call, or an exception with the message."""
    out = void_p()
    error = getattr(library, f"milopt_{name}")(*arguments, ctypes.byref(out))
    if error:
        message = text(library.milopt_error_part, error, 0)
        library.milopt_error_free(error)
        raise RuntimeError(message)
    return out


def report(name, *arguments):
    handle = call(name, *arguments)
    found = json.loads(text(library.milopt_text_data, handle))
    library.milopt_text_free(handle)
    return found


path = sys.argv[2].encode()
model = call("open", path, len(path))
assert report("verify", model)["violations"] == []
wishes = b'{"pipeline": ["default"]}'
(program,) = report("run", model, wishes, len(wishes), None, None)
assert program["ops_after"] < program["ops_before"], program
assert report("estimate", model, b"", 0)["functions"]
for wrong in (b'{"pipelin": "default"}', b"[", b'{"pipeline": "no_such_pass"}'):
    try:
        report("run", model, wrong, len(wrong), None, None)
    except RuntimeError as error:
        assert str(error)
    else:
        raise AssertionError(wrong)
library.milopt_model_free(model)
print("ctypes: 7 passed")
