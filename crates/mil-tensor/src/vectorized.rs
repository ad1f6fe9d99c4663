//! Loops with the vector instructions that the processor has.

/// Declares a function that is compiled for the widest vector unit that is known here, beside one for every
/// processor; the processor says which of them runs.
///
/// Both compute the same: compilers neither contract nor reorder sums of floats. Only what is inlined into the
/// body gains, so that functions that it calls are `#[inline(always)]`. Lifetimes are named, constants of the
/// function stand behind a semicolon.
///
/// ```
/// mil_tensor::vectorized! {
///     fn scale<'v; const FACTOR: i32>(values: &'v mut [f32]) {
///         for value in values {
///             *value *= FACTOR as f32;
///         }
///     }
/// }
///
/// let mut values = [1.0; 100];
/// scale::<2>(&mut values);
/// assert_eq!(values, [2.0; 100]);
/// ```
// A struct with a method, not a closure: a closure that is large would not be inlined into what is compiled for
// the vector unit.
#[macro_export]
macro_rules! vectorized {
    (
        $(#[$meta:meta])*
        $vis:vis fn $name:ident<$($life:lifetime),* $(; const $constant:ident: $kind:ty)?>(
            $($argument:ident: $of:ty),* $(,)?
        ) $(-> $result:ty)? $body:block
    ) => {
        $(#[$meta])*
        $vis fn $name<$($life,)* $(const $constant: $kind)?>($($argument: $of),*) $(-> $result)? {
            struct Arguments<$($life,)* $(const $constant: $kind)?> {
                $($argument: $of),*
            }
            impl<$($life,)* $(const $constant: $kind)?> $crate::Work for Arguments<$($life,)* $($constant)?> {
                type Output = ($($result)?);

                #[inline(always)]
                fn run(self) -> Self::Output {
                    let Arguments { $($argument),* } = self;
                    $body
                }
            }
            $crate::run_vectorized(Arguments::<$($life,)* $($constant)?> { $($argument),* })
        }
    };
}

/// The body of a function that [`vectorized!`] declares.
#[doc(hidden)]
pub trait Work {
    /// What the function answers.
    type Output;

    /// Runs it.
    fn run(self) -> Self::Output;
}

/// Calls a function that [`vectorized!`] declares.
#[doc(hidden)]
#[inline]
pub fn run_vectorized<W: Work>(work: W) -> W::Output {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        struct Op<W>(W);
        impl<W: Work> pulp::NullaryFnOnce for Op<W> {
            type Output = W::Output;

            #[inline(always)]
            fn call(self) -> W::Output {
                self.0.run()
            }
        }
        if let Some(unit) = pulp::x86::V3::try_new() {
            return unit.vectorize(Op(work));
        }
    }
    work.run()
}
