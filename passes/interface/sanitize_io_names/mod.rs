use mil_ir::Program;
use mil_pass::{Alias, Pass, PassCx, PassError, pass};

use super::names::sanitize_signatures;

pass! {
    /// Gives inputs, outputs and states names that the format has.
    ///
    /// A name begins with a letter or `_` and goes on with these and digits; words of MIL's text, such as
    /// `state`, are none. Other characters become `_`, a digit at the beginning gets `var_` before it, and a
    /// word `_workaround` behind it. Features are renamed with the values, in every function: coremltools
    /// sees to `main` only.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> @"x/0") {
    ///     tensor<fp32, [2]> @"a/1" = relu(x = @"x/0")[name = string("a/1")];
    ///     tensor<fp32, [2]> @"1" = exp(x = @"a/1")[name = string("1")];
    /// } -> (@"1");
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x_0) {
    ///     tensor<fp32, [2]> @"a/1" = relu(x = x_0)[name = string("a/1")];
    ///     tensor<fp32, [2]> var_1 = exp(x = @"a/1")[name = string("1")];
    /// } -> (var_1);
    /// ```
    pub struct SanitizeIoNames;
    id: "sanitize_io_names",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    aliases: [Alias::plain("common::sanitize_input_output_names")],
    statistics: [renamed: "inputs, outputs and states renamed"],
}

impl Pass for SanitizeIoNames {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let renamed = sanitize_signatures(program, cx)?;
        cx.count("renamed", renamed);
        Ok(())
    }
}
