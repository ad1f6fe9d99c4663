//! Any bytes are a model or refused; what is read prints, verifies and is written or refused.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use mil_ir::text::{PrintOptions, print_model};
use mil_package::Package;

fuzz_target!(|input: (Vec<u8>, Option<Vec<u8>>)| {
    let (message, weights) = input;
    if let Ok(package) = Package::from_bytes(message, weights.map(Arc::from)) {
        print_model(package.model(), &PrintOptions::default());
        for (_, program) in package.model().programs() {
            mil_ir::verify::verify(program);
        }
        for (_, opaque) in package.model().opaques() {
            let _ = mil_package::payload::verify(opaque);
        }
        let _ = package.to_files();
    }
});
