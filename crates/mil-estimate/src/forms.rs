//! Forms of weights and activations that a target runs badly, and the form to take instead.

use std::fmt;

use mil_ir::{Graph, OpId, Program, ValueId};
use serde::Serialize;

use crate::facts::is_per_block;
use crate::target::{Confidence, Target};

/// A form that leaves the Neural Engine or is slower on a target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FormRisk {
    /// Places that have the form: weights, or activations.
    pub places: usize,
    /// The form: `weights quantized by blocks`.
    pub form: &'static str,
    /// What comes of it.
    pub effect: &'static str,
    /// The form that stays, or is faster.
    pub instead: &'static str,
    /// Who saw it.
    pub source: &'static str,
    /// How sure it is.
    pub certainty: Confidence,
}

/// What is known about a form.
struct Rule {
    form: &'static str,
    effect: &'static str,
    instead: &'static str,
    source: &'static str,
    certainty: Confidence,
    /// The first generation of chips that runs it well; 0 where none is known.
    from_generation: u32,
    has: fn(&Graph, OpId) -> bool,
}

static RULES: [Rule; 3] = [
    Rule {
        form: "weights quantized by blocks",
        effect: "their ops leave the Neural Engine, which only supports scales for a whole weight or a channel",
        instead: "a scale for each channel, or a palette",
        source: "coremltools#2510; Videla; mobius",
        certainty: Confidence::Measured,
        from_generation: 0,
        has: has_blocks,
    },
    Rule {
        form: "palettes whose tables are quantized",
        effect: "each adds an op off the Neural Engine (3% slower on an M3)",
        instead: "palettes with tables in fp16",
        source: "john-rocky, M3",
        certainty: Confidence::Derived,
        from_generation: 0,
        has: has_quantized_table,
    },
    Rule {
        form: "quantized activations",
        effect: "before A17 Pro and M4 they are not faster, and some ops that convert them leave the Neural Engine",
        instead: "quantized weights alone",
        source: "coremltools' guide; mobius, M2; smpanaro",
        certainty: Confidence::Derived,
        from_generation: 16,
        has: |graph, op| graph.op(op).kind() == "quantize",
    },
];

/// The forms of a program that a target runs badly.
pub fn form_risks(program: &Program, target: &Target) -> Vec<FormRisk> {
    let rules = RULES
        .iter()
        .filter(|rule| rule.from_generation == 0 || target.chip.generation < rule.from_generation);
    let found = rules.map(|rule| {
        let graphs = program.graphs();
        let places =
            graphs.map(|(_, _, graph)| graph.walk().filter(|&op| (rule.has)(graph, op)).count()).sum();
        FormRisk {
            places,
            form: rule.form,
            effect: rule.effect,
            instead: rule.instead,
            source: rule.source,
            certainty: rule.certainty,
        }
    });
    found.filter(|risk| risk.places > 0).collect()
}

impl fmt::Display for FormRisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FormRisk { places, form, effect, instead, .. } = self;
        write!(f, "{form} ({places}): {effect}; what stays: {instead}")
    }
}

fn has_blocks(graph: &Graph, op: OpId) -> bool {
    graph.op(op).results().iter().any(|&value| is_per_block(graph, value))
}

fn has_quantized_table(graph: &Graph, op: OpId) -> bool {
    let computed = |value: ValueId| {
        graph.definition(value).is_some_and(|op| graph.op(op).kind().as_str().starts_with("constexpr_"))
    };
    graph.op(op).kind().as_str().starts_with("constexpr_lut_to_")
        && graph.input(op, "lut").is_some_and(computed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(scale: &str, values: &str) -> Program {
        let text = format!(
            "program(1.3)\n{{\n    func main<ios18>(tensor<fp16, [1, 4]> x) {{\n        tensor<int8, [2, 4]> d = \
             const()[name = string(\"d\"), val = tensor<int8, [2, 4]>([[1, 2, 3, 4], [5, 6, 7, 8]])];\n        \
             tensor<fp16, {scale}> s = const()[name = string(\"s\"), val = tensor<fp16, {scale}>({values})];\n        \
             tensor<fp16, [2, 4]> w = constexpr_blockwise_shift_scale(data = d, scale = s)[name = \
             string(\"w\")];\n        tensor<fp16, [1, 2]> y = linear(x = x, weight = w)[name = string(\"y\")];\n    \
             }} -> (y);\n}}\n"
        );
        mil_ir::text::parse(&text).unwrap()
    }

    #[test]
    fn blocks_leave_the_neural_engine_and_channels_stay() {
        let target = Target::new("M4", "26", "cpu-and-ne").unwrap();
        let found = form_risks(&program("[2, 2]", "[[1, 1], [1, 1]]"), &target);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].places, found[0].form), (1, "weights quantized by blocks"));
        assert!(found[0].to_string().ends_with("what stays: a scale for each channel, or a palette"));
        assert_eq!(form_risks(&program("[2, 1]", "[[1], [1]]"), &target), []);
    }

    #[test]
    fn activations_are_for_newer_chips() {
        let text = "program(1.3)\n{\n    func main<ios17>(tensor<fp16, [4]> x) {\n        tensor<int8, [4]> q = \
                    quantize(input = x, scale = fp16(1), output_dtype = string(\"int8\"))[name = \
                    string(\"q\")];\n        tensor<fp16, [4]> y = dequantize(input = q, scale = fp16(1))[name = \
                    string(\"y\")];\n    } -> (y);\n}\n";
        let program = mil_ir::text::parse(text).unwrap();
        let on = |chip: &str| form_risks(&program, &Target::new(chip, "26", "cpu-and-ne").unwrap()).len();
        assert_eq!((on("M2"), on("M4")), (1, 0));
    }
}
