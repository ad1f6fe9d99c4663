//! milopt in a browser: what the page asks its worker for.
//!
//! The worker sends a request as JSON and gets an answer as JSON: one [`Session`], coarse requests. Files stay
//! with the page. milopt asks its [`Host`] for ranges of them, so that a package of many gigabytes takes
//! megabytes of memory; what it writes it hands back piece by piece, as a zip archive without compression.
//!
//! Compiled for another system than `wasm32-unknown-unknown` the crate is a library without exports, which its
//! tests use.

mod archive;
mod compress;
mod host;
mod opened;
mod request;
mod root;
mod session;
mod slice;
mod stored;
#[cfg(target_family = "wasm")]
mod wasm;

pub use host::Host;
pub use session::Session;
