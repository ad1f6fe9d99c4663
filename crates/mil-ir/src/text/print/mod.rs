//! Programs to text. One form, the same on every run.

mod function;
mod literal;
mod model;
mod types;

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write};

use mil_tensor::Tensor;

use crate::{Feature, Graph, Literal, Model, Name, OpId, Program, ValueId};

pub use types::write_type;

/// The spelling of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// Every op as it stands, floats in hexadecimal. What is read back is the same program, and prints the
    /// same text.
    #[default]
    Full,
    /// For people: small constants stand in the ops that take them, floats are the shortest decimals, and
    /// int32, text and lists of truth values stand without their types. What is read back is the same program
    /// up to the spelling of its constants, and prints the same text. Small constants that nothing uses are
    /// left out; [`write()`] returns how many.
    Readable,
    /// Only what Apple's grammar has: no `model` section, no extensions. [`write()`] returns what was
    /// dropped.
    Apple,
}

/// How a program is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrintOptions {
    /// The spelling.
    pub form: Form,
    /// A tensor with more elements than this is shown by its hash; text is always shown. Default: 16.
    /// With [`Form::Apple`], which has no hashes, everything is shown.
    pub inline_elements: usize,
    /// Only this function, without the rest of the program.
    pub function: Option<Name>,
}

impl Default for PrintOptions {
    fn default() -> PrintOptions {
        PrintOptions { form: Form::Full, inline_elements: 16, function: None }
    }
}

impl PrintOptions {
    /// Apple's grammar and nothing else.
    pub fn apple() -> PrintOptions {
        PrintOptions { form: Form::Apple, ..PrintOptions::default() }
    }

    /// The form for people.
    pub fn readable() -> PrintOptions {
        PrintOptions { form: Form::Readable, ..PrintOptions::default() }
    }

    /// With every tensor shown, however large.
    #[must_use]
    pub fn inline_all(mut self) -> PrintOptions {
        self.inline_elements = usize::MAX;
        self
    }
}

/// How a tensor is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// By its size; see [`PrintOptions::inline_elements`].
    #[default]
    BySize,
    /// Element by element.
    Inline,
    /// By its hash.
    Hash,
    /// As a reference to a weight file, into which the caller puts it.
    Blob {
        /// The file, for example `@model_path/weights/weight.bin`.
        path: Name,
        /// Where it stands there.
        offset: u64,
    },
}

/// The text of a program.
pub fn print(program: &Program, options: &PrintOptions) -> String {
    let mut text = String::new();
    // A String takes everything.
    let _ = write(&mut text, program, options, &mut |_, _| Placement::BySize);
    text
}

/// Writes a program. `place` says how to print each tensor. Returns what the options made it drop, for
/// people.
pub fn write(
    out: &mut dyn Write,
    program: &Program,
    options: &PrintOptions,
    place: &mut dyn FnMut(&Tensor, &Literal) -> Placement,
) -> Result<Vec<String>, fmt::Error> {
    let mut printer = Printer::new(out, options, place);
    printer.program(program)?;
    Ok(printer.dropped)
}

/// The text of any model. Pipelines and models of other types are shown for reading only: they don't parse.
pub fn print_model(model: &Model, options: &PrintOptions) -> String {
    let mut text = String::new();
    // A String takes everything.
    let _ = write_model(&mut text, model, options, &mut |_, _| Placement::BySize);
    text
}

/// Writes any model; see [`print_model`] and [`write()`].
pub fn write_model(
    out: &mut dyn Write,
    model: &Model,
    options: &PrintOptions,
    place: &mut dyn FnMut(&Tensor, &Literal) -> Placement,
) -> Result<Vec<String>, fmt::Error> {
    let mut printer = Printer::new(out, options, place);
    printer.model(model)?;
    Ok(printer.dropped)
}

/// The line of one op, without its inner blocks: for messages.
pub fn print_op(graph: &Graph, op: OpId) -> String {
    let mut text = String::new();
    let options = PrintOptions::default();
    let mut place = |_: &Tensor, _: &Literal| Placement::BySize;
    let mut printer = Printer::new(&mut text, &options, &mut place);
    // A String takes everything.
    let _ = printer.op_line(graph, op);
    text
}

/// What a feature is, without its name: for messages.
pub fn print_feature(feature: &Feature) -> String {
    let mut text = String::new();
    let options = PrintOptions::default();
    let mut place = |_: &Tensor, _: &Literal| Placement::BySize;
    // A String takes everything.
    let _ = Printer::new(&mut text, &options, &mut place).feature_type(feature);
    text
}

/// What is being printed, and how.
struct Printer<'a> {
    out: &'a mut dyn Write,
    options: &'a PrintOptions,
    place: &'a mut dyn FnMut(&Tensor, &Literal) -> Placement,
    dropped: Vec<String>,
    /// Names of values that Apple's grammar has no form for, in the graph that is being printed.
    replaced: HashMap<ValueId, Name>,
    /// Constants of that graph that stand in the ops which take them.
    inlined: HashSet<ValueId>,
}

/// The text for people; [`print()`] has others.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self, &PrintOptions::readable(), &mut |_, _| Placement::BySize).map(drop)
    }
}

impl<'a> Printer<'a> {
    fn new(
        out: &'a mut dyn Write,
        options: &'a PrintOptions,
        place: &'a mut dyn FnMut(&Tensor, &Literal) -> Placement,
    ) -> Printer<'a> {
        let (replaced, inlined) = (HashMap::new(), HashSet::new());
        Printer { out, options, place, dropped: Vec::new(), replaced, inlined }
    }

    fn is(&self, form: Form) -> bool {
        self.options.form == form
    }
}

impl Printer<'_> {
    /// Notes what Apple's grammar has no form for; whether to leave it out.
    fn drops(&mut self, what: impl FnOnce() -> String) -> bool {
        if self.is(Form::Apple) {
            self.dropped.push(what());
        }
        self.is(Form::Apple)
    }

    /// A list with commas in between.
    fn separated<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T) -> fmt::Result,
    ) -> fmt::Result {
        for (index, item) in items.into_iter().enumerate() {
            self.out.write_str(if index > 0 { ", " } else { "" })?;
            each(self, item)?;
        }
        Ok(())
    }

    /// A name: as it is, or quoted where the grammar has no form for it.
    fn name(&mut self, name: &Name) -> fmt::Result {
        if name.is_identifier() {
            return self.out.write_str(name);
        }
        if self.drops(|| format!("name {name:?} is no identifier and was changed")) {
            return self.out.write_str(&identifier(name));
        }
        self.out.write_str("@")?;
        self.quoted(name)
    }

    /// A string literal.
    fn quoted(&mut self, text: &str) -> fmt::Result {
        write_quoted(self.out, text)
    }

    /// Bytes as a string of hexadecimal digits.
    fn hex(&mut self, bytes: &[u8]) -> fmt::Result {
        self.out.write_str("\"")?;
        for byte in bytes {
            write!(self.out, "{byte:02x}")?;
        }
        self.out.write_str("\"")
    }
}

/// Writes a string literal.
fn write_quoted(out: &mut dyn Write, text: &str) -> fmt::Result {
    out.write_str("\"")?;
    let mut plain = 0;
    for (at, c) in text.char_indices() {
        let escape = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => "",
            _ => continue,
        };
        out.write_str(&text[plain..at])?;
        match escape {
            "" => write!(out, "\\u{{{:x}}}", u32::from(c))?,
            escape => out.write_str(escape)?,
        }
        plain = at + c.len_utf8();
    }
    out.write_str(&text[plain..])?;
    out.write_str("\"")
}

/// The identifier nearest to a name.
fn identifier(name: &str) -> String {
    let mut text: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        text.insert(0, '_');
    }
    text
}
