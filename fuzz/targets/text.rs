//! Any text is parsed or refused; what is parsed prints a text that parses to the same text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mil_ir::text::{PrintOptions, parse, print};

fuzz_target!(|text: &str| {
    if let Ok(program) = parse(text) {
        for options in [PrintOptions::default(), PrintOptions::readable()] {
            let printed = print(&program, &options);
            let again = parse(&printed).expect("what milopt prints, it reads");
            assert_eq!(printed, print(&again, &options));
        }
    }
});
