//! Pointers of C as values of Rust: the only unsafe code.
//!
//! What is safe to do with a pointer is said once in `milopt.h`: text is valid for its length during the call,
//! objects came from this library and were not freed, out-pointers can be written to.

#![allow(unsafe_code, reason = "pointers that C hands over")]

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

use milopt::embed::Fault;

/// Bytes that C hands over; NULL is none of them.
///
/// # Safety
///
/// `data` is NULL, or valid for `len` bytes as long as the slice is used.
pub(crate) unsafe fn bytes<'a>(data: *const u8, len: usize) -> &'a [u8] {
    if data.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: the caller's.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// Text that C hands over.
///
/// # Safety
///
/// As for [`bytes`].
pub(crate) unsafe fn text<'a>(data: *const c_char, len: usize) -> Result<&'a str, Fault> {
    // SAFETY: the caller's.
    let bytes = unsafe { bytes(data.cast(), len) };
    std::str::from_utf8(bytes).map_err(|error| Fault::input(format!("text is not UTF-8: {error}")))
}

/// An object of this library.
///
/// # Safety
///
/// `object` is NULL, or came from [`put`] and was not freed; nothing else changes it meanwhile.
pub(crate) unsafe fn object<'a, T>(object: *const T, what: &str) -> Result<&'a T, Fault> {
    // SAFETY: the caller's.
    unsafe { object.as_ref() }.ok_or_else(|| Fault::input(format!("{what} is NULL")))
}

/// The same, to be changed.
///
/// # Safety
///
/// As for [`object`], and nothing else looks at it meanwhile.
pub(crate) unsafe fn object_mut<'a, T>(object: *mut T, what: &str) -> Result<&'a mut T, Fault> {
    // SAFETY: the caller's.
    unsafe { object.as_mut() }.ok_or_else(|| Fault::input(format!("{what} is NULL")))
}

/// Hands an object to C, which frees it with [`free`]. Nothing is handed where C does not want it.
///
/// # Safety
///
/// `place` is NULL, or can be written to.
pub(crate) unsafe fn put<T>(place: *mut *mut T, object: T) {
    if !place.is_null() {
        // SAFETY: the caller's.
        unsafe { *place = Box::into_raw(Box::new(object)) };
    }
}

/// Takes an object back from C. NULL is nothing.
///
/// # Safety
///
/// `object` is NULL, or came from [`put`] or [`guarded`] and was not freed.
pub(crate) unsafe fn free<T>(object: *mut T) {
    if !object.is_null() {
        // SAFETY: the caller's.
        drop(unsafe { Box::from_raw(object) });
    }
}

/// Runs what a function is for. An error, or a panic, becomes an object for C; NULL is none.
pub(crate) fn guarded<E: From<Fault>>(run: impl FnOnce() -> Result<(), Fault>) -> *mut E {
    let done = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Fault::input(format!("a fault in milopt: {text}")))
    });
    match done {
        Ok(()) => std::ptr::null_mut(),
        Err(fault) => Box::into_raw(Box::new(E::from(fault))),
    }
}
