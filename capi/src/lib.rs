//! milopt as a C library. `include/milopt.h` is its documentation for C; every function there is one of
//! [`functions`].
//!
//! Objects are opaque, text is UTF-8 with its length, requests and reports are JSON, arrays are `.npz` archives.
//! A function answers NULL, or an error that the caller frees. No panic crosses the border.

mod border;
pub mod functions;
