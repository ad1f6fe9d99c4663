//! Any text is a pipeline or refused; what is read prints a text that reads to the same text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mil_pass::Pipeline;

fuzz_target!(|text: &str| {
    let registry = mil_passes::registry();
    if let Ok(pipeline) = Pipeline::parse(text, &registry) {
        let printed = pipeline.to_string();
        let again = Pipeline::parse(&printed, &registry).expect("what milopt prints, it reads");
        assert_eq!(printed, again.to_string());
    }
});
