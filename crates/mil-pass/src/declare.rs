//! Declarations of passes.

use mil_ops::Numerics;

use crate::Pass;

/// All that is known about a pass without running it.
#[derive(Debug)]
pub struct PassDef {
    /// Short id, the name of its folder.
    pub id: &'static str,
    /// Documentation in Markdown: what it does, Before and After, what it refuses.
    pub doc: &'static str,
    /// Options with their defaults.
    pub options: fn() -> Vec<OptionDef>,
    /// Patterns, in the order in which they are tried.
    pub patterns: &'static [PatternDef],
    /// Counters other than those of the patterns.
    pub statistics: &'static [StatisticDef],
    /// How results may change.
    pub numerics: Numerics,
    /// It changes features, states or the target.
    pub changes_interface: bool,
    /// Ids of coremltools that mean this pass.
    pub aliases: &'static [Alias],
    /// Makes an instance from options.
    pub build: fn(serde_json::Value) -> Result<Box<dyn Pass>, serde_json::Error>,
    /// Source file of the declaration.
    pub file: &'static str,
}

/// One option of a pass.
#[derive(Clone, Debug)]
pub struct OptionDef {
    /// Name in pipelines and `--set`.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// The value it has where nothing is said.
    pub default: serde_json::Value,
}

/// One named pattern of a pass.
#[derive(Clone, Copy, Debug)]
pub struct PatternDef {
    /// Name, by which it is counted, disabled and explained.
    pub name: &'static str,
    /// What it matches.
    pub doc: &'static str,
    /// Only ours: the coremltools pass of the alias has no such pattern.
    pub ours_only: bool,
}

/// One counter of a pass.
#[derive(Clone, Copy, Debug)]
pub struct StatisticDef {
    /// Name in reports.
    pub name: &'static str,
    /// What it counts, with the unit.
    pub doc: &'static str,
}

/// A coremltools id for a pass. Under it, only the patterns that coremltools has are enabled, and options come in
/// coremltools' names.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// For example `common::fuse_conv_batchnorm`.
    pub id: &'static str,
    /// Translates coremltools' options into ours.
    pub adapt: fn(serde_json::Value) -> Result<serde_json::Value, String>,
}

impl Alias {
    /// An alias whose options have our names, or which has none.
    pub const fn plain(id: &'static str) -> Alias {
        Alias { id, adapt: Ok }
    }
}

impl PassDef {
    /// The first paragraph of the documentation.
    pub fn summary(&self) -> String {
        let lines = self.doc.lines().map(str::trim).skip_while(|line| line.is_empty());
        lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Our alias with this id.
    pub fn alias(&self, id: &str) -> Option<&'static Alias> {
        self.aliases.iter().find(|alias| alias.id == id)
    }
}

/// Declares a pass: its type, and [`PassDef`] as the associated constant `DEF`.
///
/// ```text
/// pass! {
///     /// Documentation in Markdown.
///     pub struct FuseConvBn;
///     id: "fuse_conv_bn",
///     numerics: Rounding,
///     aliases: [Alias::plain("common::fuse_conv_batchnorm")],
///     patterns: [conv_bn: "`conv` or `conv_transpose`, then `batch_norm`"],
/// }
/// ```
///
/// A struct with fields has options: `/// doc` `pub name: Type = default,`. Then `patterns`, each `name: "doc"` or
/// `ours name: "doc"`; and `statistics`, each `name: "doc"`. `changes_interface: true` follows `numerics`, which is `Exact`, `Rounding` or
/// `Lossy { min_snr_db: 40.0 }`. What remains
/// to write is `impl Pass for FuseConvBn`.
#[macro_export]
macro_rules! pass {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident;
        $($rest:tt)*
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, $crate::serde::Serialize, $crate::serde::Deserialize)]
        #[serde(crate = "mil_pass::serde", from = "mil_pass::NoOptions", into = "mil_pass::NoOptions")]
        pub struct $name;

        impl From<$crate::NoOptions> for $name {
            fn from(_: $crate::NoOptions) -> $name { $name }
        }
        impl From<$name> for $crate::NoOptions {
            fn from(_: $name) -> $crate::NoOptions { $crate::NoOptions {} }
        }

        $crate::pass!(@impl $name [$($doc)*] [] $($rest)*);
    };
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident {
            $($(#[doc = $field_doc:literal])* pub $field:ident: $ty:ty = $default:expr,)*
        }
        $($rest:tt)*
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, $crate::serde::Serialize, $crate::serde::Deserialize)]
        #[serde(crate = "mil_pass::serde", default, deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $field_doc])* pub $field: $ty,)*
        }

        impl Default for $name {
            fn default() -> $name {
                $name { $($field: $default,)* }
            }
        }

        $crate::pass!(@impl $name [$($doc)*] [$($field [$($field_doc)*])*] $($rest)*);
    };
    (@impl $name:ident [$($doc:literal)*] [$($field:ident [$($field_doc:literal)*])*]
        id: $id:literal,
        numerics: $numerics:ident $({ $bound:ident: $db:literal })?,
        $(changes_interface: $interface:literal,)?
        $(aliases: [$($alias:expr),* $(,)?],)?
        $(patterns: [$($pattern:tt)*],)?
        $(statistics: [$($statistic:ident: $statistic_doc:literal),* $(,)?],)?
    ) => {
        impl $name {
            /// The declaration.
            pub const DEF: $crate::PassDef = $crate::PassDef {
                id: $id,
                doc: concat!($($doc, "\n",)*),
                options: || vec![$($crate::OptionDef {
                    name: stringify!($field),
                    doc: concat!($($field_doc, "\n",)*),
                    default: $crate::serde_json::to_value(&$name::default().$field).unwrap_or_default(),
                }),*],
                patterns: $crate::pass!(@patterns [] $($($pattern)*)?),
                statistics: &[$($($crate::StatisticDef { name: stringify!($statistic), doc: $statistic_doc }),*)?],
                numerics: $crate::Numerics::$numerics $({ $bound: $db })?,
                changes_interface: false $(|| $interface)?,
                aliases: &[$($($alias),*)?],
                build: |options| Ok(Box::new($crate::serde_json::from_value::<$name>(options)?)),
                file: file!(),
            };
        }

        impl $crate::Declared for $name {
            fn def(&self) -> &'static $crate::PassDef {
                const { &$name::DEF }
            }
            fn options(&self) -> $crate::serde_json::Value {
                $crate::serde_json::to_value(self).unwrap_or_default()
            }
        }
    };
    (@patterns [$($done:tt)*]) => { &[$($done)*] };
    (@patterns [$($done:tt)*] ours $pattern:ident: $doc:literal $(, $($rest:tt)*)?) => {
        $crate::pass!(@patterns
            [$($done)* $crate::PatternDef { name: stringify!($pattern), doc: $doc, ours_only: true },]
            $($($rest)*)?)
    };
    (@patterns [$($done:tt)*] $pattern:ident: $doc:literal $(, $($rest:tt)*)?) => {
        $crate::pass!(@patterns
            [$($done)* $crate::PatternDef { name: stringify!($pattern), doc: $doc, ours_only: false },]
            $($($rest)*)?)
    };
}
