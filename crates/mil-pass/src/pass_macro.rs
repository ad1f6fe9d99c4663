//! The macro that declares passes.

/// Declares a pass: its type, [`PassDef`](crate::PassDef) as the associated constant `DEF`, and, where it is
/// a set of patterns, `impl Pass`.
///
/// ```text
/// pass! {
///     /// Documentation in Markdown.
///     pub struct FuseConvBn;
///     id: "fuse_conv_bn",
///     numerics: Rounding,
///     aliases: [Alias::plain("common::fuse_conv_batchnorm")],
///     patterns: [
///         /// `conv` or `conv_transpose`, then `batch_norm`
///         conv_bn(batch_norm),
///     ],
/// }
///
/// fn conv_bn(rw: &mut Rewrite<'_>, bn: OpId) -> Matched { .. }
/// ```
///
/// - A struct with fields has options: `/// doc` `pub name: Type = default,`. The type is an
///   [`OptionValue`](crate::OptionValue).
/// - A pattern is a function of that name. In parentheses stand the types of the ops that it is called for,
///   `name(add | sub)`; none means all. `name(add) with options` hands the pass to the function first. `ours
///   name(add)`: the coremltools pass of the alias has no such pattern.
/// - After `numerics` may follow `scope: Program,` and `changes_interface: true,`; after `patterns`,
///   `statistics`, each `name: "doc"`.
///
/// Without patterns, `impl Pass` remains to be written.
#[macro_export]
macro_rules! pass {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident;
        $($rest:tt)*
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $name;

        $crate::pass!(@declare $name [$($doc)*] [] $($rest)*);
    };
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident {
            $($(#[doc = $field_doc:literal])* pub $field:ident: $ty:ty = $default:expr,)*
        }
        $($rest:tt)*
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[doc = $field_doc])* pub $field: $ty,)*
        }

        impl Default for $name {
            fn default() -> $name {
                $name { $($field: $default,)* }
            }
        }

        $crate::pass!(@declare $name [$($doc)*] [$($field: $ty = $default, [$($field_doc)*];)*] $($rest)*);
    };
    (@declare $name:ident [$($doc:literal)*] [$($field:ident: $ty:ty = $default:expr, [$($field_doc:literal)*];)*]
        id: $id:literal,
        numerics: $numerics:ident $({ $($bound:tt)* })?,
        $(scope: $scope:ident,)?
        $(changes_interface: $interface:literal,)?
        $(aliases: [$($alias:expr),* $(,)?],)?
        $(patterns: [$($(#[doc = $pattern_doc:literal])+ $($pattern:ident)+ ($($anchor:tt)|*) $(with $with:ident)?),+ $(,)?],)?
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
                    default: <$ty as $crate::OptionValue>::write(&$default),
                }),*],
                patterns: &[$($($crate::PatternDef {
                    name: $crate::pass!(@name $($pattern)+),
                    doc: concat!($($pattern_doc),+).trim_ascii(),
                    anchors: &[$(stringify!($anchor)),*],
                    ours_only: $crate::pass!(@ours $($pattern)+),
                }),+)?],
                statistics: &[$($($crate::StatisticDef { name: stringify!($statistic), doc: $statistic_doc }),*)?],
                numerics: $crate::Numerics::$numerics $({ $($bound)* })?,
                scope: $crate::pass!(@scope $($scope)?),
                changes_interface: false $(|| $interface)?,
                aliases: &[$($($alias),*)?],
                build: |given| {
                    let mut options = $crate::Options::new(given);
                    let pass = $name { $($field: options.take(stringify!($field))?.unwrap_or_else(|| $default),)* };
                    options.finish()?;
                    Ok(Box::new(pass))
                },
                file: file!(),
            };
        }

        impl $crate::Declared for $name {
            fn def(&self) -> &'static $crate::PassDef {
                const { &$name::DEF }
            }

            fn options(&self) -> $crate::OptionMap {
                let options: &[(&str, $crate::OptionJson)] =
                    &[$((stringify!($field), $crate::OptionValue::write(&self.$field))),*];
                options.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
            }
        }

        $(
            impl $crate::Pass for $name {
                fn run_on_graph(
                    &self,
                    graph: &mut $crate::Graph,
                    cx: &mut $crate::PassCx<'_>,
                ) -> Result<(), $crate::PassError> {
                    const PATTERNS: &[$crate::Pattern<$name>] = &[$($crate::Pattern {
                        name: $crate::pass!(@name $($pattern)+),
                        anchors: &[$(stringify!($anchor)),*],
                        apply: $crate::pass!(@apply [$($pattern)+] $($with)?),
                    }),+];
                    cx.rewrite(self, PATTERNS, graph)
                }
            }
        )?
    };
    (@name ours $name:ident) => { stringify!($name) };
    (@name $name:ident) => { stringify!($name) };
    (@ours ours $name:ident) => { true };
    (@ours $name:ident) => { false };
    (@scope) => { $crate::Scope::Graph };
    (@scope $scope:ident) => { $crate::Scope::$scope };
    (@apply [ours $name:ident] $($with:ident)?) => { $crate::pass!(@apply [$name] $($with)?) };
    (@apply [$name:ident] options) => { $name };
    (@apply [$name:ident]) => { |_, rw, op| $name(rw, op) };
}
