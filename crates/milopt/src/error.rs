//! One error for a program that opens, rewrites and saves.

use std::fmt;

use mil_package::PackageError;
use mil_pass::{GrammarError, RunError};

/// Why a model cannot be opened, rewritten or saved. `main() -> Result<(), milopt::Error>` prints it as
/// people read it.
#[derive(thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub enum Error {
    /// The model cannot be read or written.
    Package(#[from] PackageError),
    /// A pipeline cannot be understood.
    Pipeline(#[from] GrammarError),
    /// A pass failed.
    Run(#[from] RunError),
    /// A model cannot be rewritten as a whole, or what came of it is not valid.
    Rewrite(#[from] crate::rewrite::RewriteError),
    /// Text is not a program.
    Text(#[from] mil_ir::text::TextError),
}

/// With its sources: what `main` prints of an error.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mil_ir::error_chain(self))
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn main_shows_what_is_wrong_in_words() {
        let open = || -> Result<(), Error> {
            crate::Package::open("no/such.mlpackage")?;
            Ok(())
        };
        let shown = format!("{:?}", open().unwrap_err());
        assert!(shown.starts_with("cannot open no/such.mlpackage: "), "{shown}");
        let boxed: Box<dyn std::error::Error> = crate::Package::open("no/such.mlpackage").unwrap_err().into();
        assert_eq!(format!("{boxed:?}"), shown, "the error of one crate alone is as readable");
        let parse = || -> Result<(), Error> {
            crate::Pipeline::parse("no_such_pass", &crate::passes::registry())?;
            Ok(())
        };
        let shown = format!("{:?}", parse().unwrap_err());
        assert!(shown.contains("no_such_pass") && !shown.contains('{'), "{shown}");
    }
}
