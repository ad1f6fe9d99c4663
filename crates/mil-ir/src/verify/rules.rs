//! The codes of this crate's violations.

use super::report::{Rule, Source};

const fn rule(code: &'static str, source: Source, holds: &'static str) -> Rule {
    Rule { code, holds, source }
}

/// The rules of this crate, by what they are about.
pub const RULES: &[Rule] = &[
    // Graphs.
    rule(
        "undefined-value",
        Source::Structure,
        "an operand is a result of an earlier op of its block or an enclosing one, or an input of these",
    ),
    rule("undefined-output", Source::Structure, "the same for the outputs of a block"),
    rule("duplicate-name", Source::Structure, "values visible at one place have different names"),
    rule("empty-name", Source::Structure, "values, functions, op types and parameters have names"),
    rule("const-value", Source::Structure, "a `const` op has a value, one result and no operands"),
    rule("const-type", Source::Structure, "its result has the type of the value"),
    rule("literal-type", Source::Structure, "a literal's contents are of its type"),
    rule("no-specialization", Source::Format, "a function has a graph for its opset"),
    rule("signature", Source::Structure, "all graphs of a function have the same inputs and outputs"),
    rule(
        "identifier",
        Source::Format,
        "names of values, functions and features of a program match `[A-Za-z_][A-Za-z0-9_@]*` and are not \
         words of \
         MIL's text, which coremltools avoids",
    ),
    rule(
        "rank",
        Source::Coremltools,
        "a tensor has at most 5 axes, but where only `constexpr_*` ops use it; Core ML refuses more, too",
    ),
    rule("program-version", Source::Format, "`Program.version` is 1"),
    rule("opsets", Source::Coremltools, "all functions of a program have one opset"),
    // Models of any type.
    rule(
        "specification-version",
        Source::Validator,
        "the specification version is known and has all that is used; opsets and sets of shapes are Core \
         ML's and \
         coremltools' rules",
    ),
    rule("model-type", Source::Validator, "a model has a type"),
    rule("updatable", Source::Validator, "what is trained on the device is of a type that can be"),
    rule(
        "no-inputs",
        Source::Validator,
        "there is an input; programs, networks and pipelines need none from iOS18 on",
    ),
    rule("no-outputs", Source::Validator, "there is an output"),
    rule(
        "functions",
        Source::Validator,
        "only an ML Program is described by function, and then by nothing else",
    ),
    rule(
        "default-function",
        Source::Validator,
        "the default function is described, and there is one where functions are",
    ),
    // Features.
    rule("feature-name", Source::Validator, "a feature has a name"),
    rule("feature-kind", Source::Validator, "a feature has a type"),
    rule(
        "feature-twice",
        Source::Coremltools,
        "inputs of a program have different names, and so have outputs and states",
    ),
    rule("array-type", Source::Validator, "an array has an element type that arrays can have"),
    rule("array-shape", Source::Validator, "sizes are not negative, and an input has a shape"),
    rule(
        "shape-range",
        Source::Validator,
        "ranges of sizes are not reversed, and the default shape lies within them",
    ),
    rule(
        "shape-set",
        Source::Validator,
        "a set of shapes is not empty and holds the default shape; Core ML takes at most 128 for a program",
    ),
    rule("image-color", Source::Validator, "an image has a known color space"),
    rule(
        "image-size",
        Source::Validator,
        "an image has a size, and it lies within the sizes that it may have",
    ),
    rule("dictionary", Source::Validator, "a dictionary has keys of a known type"),
    rule(
        "sequence",
        Source::Validator,
        "a sequence has elements of a known type, and its length is not reversed",
    ),
    rule(
        "state",
        Source::Validator,
        "a state is an array of fp16 with a fixed shape, not optional, without default value, and not an \
         output",
    ),
    rule(
        "optional",
        Source::Validator,
        "outputs are not optional, inputs only where the type of the model allows it, and then not all of \
         them",
    ),
    rule(
        "default-value",
        Source::Validator,
        "a default value fits its array, and its model knows default values; coremltools has none beside a \
         set of shapes",
    ),
    rule(
        "flexibility",
        Source::CoreMl,
        "inputs of a program have ranges or sets of shapes, not both, and sets are of one length",
    ),
    // Features and functions.
    rule("no-function", Source::CoreMl, "the interface speaks of functions that exist"),
    rule("no-interface", Source::CoreMl, "the interface speaks of every function"),
    rule("no-value", Source::CoreMl, "a feature is an input, output or state of its function"),
    rule("no-feature", Source::CoreMl, "an input or output of a function is a feature"),
    rule(
        "feature-type",
        Source::CoreMl,
        "feature and value have compatible types; a state's value is a state",
    ),
    rule("predicted-feature", Source::CoreMl, "the predicted features are outputs"),
    rule("classifier", Source::CoreMl, "the predicted features are the results of the function's `classify`"),
    // Pipelines.
    rule("pipeline-members", Source::Validator, "a pipeline has members"),
    rule("pipeline-names", Source::Validator, "all members have names, which differ, or none has"),
    rule(
        "pipeline-input",
        Source::Validator,
        "an input of a member is an input of the pipeline or an output of an earlier member, of the same \
         type",
    ),
    rule(
        "pipeline-output",
        Source::Validator,
        "an output of a pipeline is made by a member, with the same type",
    ),
    // What is not judged.
    rule("unknown-opset", Source::Structure, "not judged: an opset that this version does not know"),
    rule("unknown-type", Source::Structure, "not judged: a type that this version does not know"),
    rule("unknown-literal", Source::Structure, "not judged: a literal that this version cannot read"),
];
