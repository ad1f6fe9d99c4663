//! Drivers of ops that work element by element.

use super::strided::{broadcast, stretch, zip};
use super::{Array, Context, Data, EvalError, Outcome, Real, Stored, ensure, one, with_real};

/// Applies a function to every float of `x`.
macro_rules! map_real {
    ($cx:expr, $F:ident, $x:ident => $body:expr) => {{
        let array = $cx.array("x")?;
        $crate::eval::ensure!(array.dtype().is_float(), "x is {}, not floats", array.dtype());
        $crate::eval::with_real!(array.is_double(), $F => {
            let values = array.reals::<$F>()?;
            let mapped = $crate::eval::par::map(&values, |&$x: &$F| -> $F { $body });
            $crate::eval::one(array.with_data(array.shape(), <$F as $crate::eval::Stored>::pack(mapped))?)
        })
    }};
}
pub(crate) use map_real;

/// Applies a function to every element of `x`, be it a float or an integer, which wraps.
macro_rules! map_number {
    ($cx:expr, $F:ident, $x:ident => $float:expr, $n:ident => $int:expr) => {{
        let array = $cx.array("x")?;
        match array.slice::<i32>() {
            Some(ints) => {
                let mapped = ints.iter().map(|&$n: &i32| -> i32 { $int }).collect::<Vec<i32>>();
                $crate::eval::one(array.with_data(array.shape(), <i32 as $crate::eval::Stored>::pack(mapped))?)
            }
            None => $crate::eval::elementwise::map_real!($cx, $F, $x => $float),
        }
    }};
}
pub(crate) use map_number;

/// The same function of a number and parameters for `f32` and `f64`.
macro_rules! parametric {
    ($F:ident, $x:ident, [$($parameter:ident),*] => $body:expr) => {
        $crate::eval::elementwise::Parametric {
            single: {
                type $F = f32;
                |$x: $F, [$($parameter),*]| -> $F { $body }
            },
            double: {
                type $F = f64;
                |$x: $F, [$($parameter),*]| -> $F { $body }
            },
        }
    };
}
pub(crate) use parametric;

/// Combines `x` and `y`, which broadcast: floats by one function, integers by another. The result has the
/// type of `x`.
pub(crate) fn arithmetic(
    cx: &Context<'_>,
    single: impl Fn(f32, f32) -> f32,
    double: impl Fn(f64, f64) -> f64,
    int: impl Fn(i64, i64) -> i64,
) -> Outcome {
    let (x, y) = (cx.array("x")?, cx.array("y")?);
    let (shape, data) = match (x.data(), y.data()) {
        (Data::Int(a), Data::Int(b)) => {
            let f = |a: i32, b: i32| int(i64::from(a), i64::from(b)) as i32;
            let (shape, out) = zip(cx, (a, x.shape()), (b, y.shape()), f)?;
            (shape, i32::pack(out))
        }
        (Data::Long(_) | Data::Int(_), Data::Long(_) | Data::Int(_)) => {
            let (a, b) = (x.longs()?, y.longs()?);
            let (shape, out) = zip(cx, (&a, x.shape()), (&b, y.shape()), int)?;
            (shape, i64::pack(out))
        }
        _ if x.is_double() || y.is_double() => {
            let (a, b) = (x.reals()?, y.reals()?);
            let (shape, out) = zip(cx, (&a, x.shape()), (&b, y.shape()), double)?;
            (shape, f64::pack(out))
        }
        _ => {
            let (a, b) = (x.reals()?, y.reals()?);
            let (shape, out) = zip(cx, (&a, x.shape()), (&b, y.shape()), single)?;
            (shape, f32::pack(out))
        }
    };
    // Operands of one type are the rule; where one is a float, so is the result.
    let like = if x.dtype().is_float() || !y.dtype().is_float() { x } else { y };
    one(like.with_data(&shape, data)?)
}

/// Compares `x` and `y`, which broadcast.
pub(crate) fn compare(cx: &Context<'_>, floats: fn(f64, f64) -> bool, ints: fn(i64, i64) -> bool) -> Outcome {
    let (x, y) = (cx.array("x")?, cx.array("y")?);
    let (shape, out) = if x.dtype().is_float() || y.dtype().is_float() {
        zip(cx, (&x.reals::<f64>()?, x.shape()), (&y.reals::<f64>()?, y.shape()), floats)?
    } else {
        zip(cx, (&x.longs()?, x.shape()), (&y.longs()?, y.shape()), ints)?
    };
    one(Array::from_vec(&shape, out)?)
}

/// Combines the truth of `x` and `y`, which broadcast.
pub(crate) fn logical(cx: &Context<'_>, f: fn(bool, bool) -> bool) -> Outcome {
    let (x, y) = (cx.array("x")?, cx.array("y")?);
    let (shape, out) = zip(cx, (&x.bools()?, x.shape()), (&y.bools()?, y.shape()), f)?;
    one(Array::from_vec(&shape, out)?)
}

/// Applies a function of `x` and parameters of one element, or one element per channel (axis 1, or axis 0 of
/// a shorter array), each.
pub(crate) fn with_parameters<const N: usize>(
    cx: &Context<'_>,
    params: [&str; N],
    function: Parametric<N>,
) -> Outcome {
    let x = cx.array("x")?;
    ensure!(x.dtype().is_float(), "x is {}, not floats", x.dtype());
    let channel_axis = usize::from(x.rank() > 1);
    let channels = x.shape().get(channel_axis).copied().unwrap_or(1);
    let inner: usize = x.shape().iter().skip(channel_axis + 1).product();
    with_real!(x.is_double(), F => {
        let values = x.reals::<F>()?;
        let parameters = params.map(|param| cx.reals::<F>(param));
        let mut lists: [std::borrow::Cow<'_, [F]>; N] = std::array::from_fn(|_| Default::default());
        for (list, parameter) in lists.iter_mut().zip(parameters) {
            *list = parameter?;
        }
        for (list, param) in lists.iter().zip(params) {
            ensure!(list.len() == 1 || list.len() == channels, "{param} has {} elements for {channels} channels", list.len());
        }
        let function = <F as Select<N>>::of(&function);
        let mut out = cx.vec::<F>(x.shape())?;
        if lists.iter().all(|list| list.len() == 1) {
            let parameters = std::array::from_fn(|n| lists[n][0]);
            out.extend(values.iter().map(|&x| function(x, parameters)));
        } else if inner > 0 {
            for (index, row) in values.chunks(inner).enumerate() {
                let channel = index % channels;
                let parameters = std::array::from_fn(|n| lists[n][if lists[n].len() == 1 { 0 } else { channel }]);
                out.extend(row.iter().map(|&x| function(x, parameters)));
            }
        }
        one(x.with_data(x.shape(), F::pack(out))?)
    })
}

/// A function of a number and `N` parameters, for each kind of float.
pub(crate) struct Parametric<const N: usize> {
    pub(crate) single: fn(f32, [f32; N]) -> f32,
    pub(crate) double: fn(f64, [f64; N]) -> f64,
}

/// The member of [`Parametric`] for a kind of float.
pub(crate) trait Select<const N: usize>: Real {
    fn of(function: &Parametric<N>) -> fn(Self, [Self; N]) -> Self;
}

impl<const N: usize> Select<N> for f32 {
    fn of(function: &Parametric<N>) -> fn(f32, [f32; N]) -> f32 {
        function.single
    }
}

impl<const N: usize> Select<N> for f64 {
    fn of(function: &Parametric<N>) -> fn(f64, [f64; N]) -> f64 {
        function.double
    }
}

/// The elements of `a` where `cond` holds, else those of `b`; all three broadcast.
pub(crate) fn select(cx: &Context<'_>, cond: &Array, a: &Array, b: &Array) -> Result<Array, EvalError> {
    ensure!(a.dtype() == b.dtype(), "a is {} and b is {}", a.dtype(), b.dtype());
    let shape = broadcast(cond.shape(), &broadcast(a.shape(), b.shape())?)?;
    let conditions = cond.bools()?;
    let conditions = stretch(cx, &conditions, cond.shape(), &shape)?;
    macro_rules! pick {
        ($a:expr, $b:expr) => {{
            let (left, right) = ($a, $b);
            let left = stretch(cx, &left, a.shape(), &shape)?;
            let right = stretch(cx, &right, b.shape(), &shape)?;
            let mut out = cx.vec(&shape)?;
            out.extend(
                conditions
                    .iter()
                    .zip(left.iter().zip(right.iter()))
                    .map(|(&c, (a, b))| if c { a } else { b }.clone()),
            );
            Stored::pack(out)
        }};
    }
    let data = match (a.data(), b.data()) {
        (Data::Bool(a), Data::Bool(b)) => pick!(a, b),
        (Data::Int(a), Data::Int(b)) => pick!(a, b),
        (Data::Long(a), Data::Long(b)) => pick!(a, b),
        (Data::Single(a), Data::Single(b)) => pick!(a, b),
        (Data::Text(a), Data::Text(b)) => pick!(a, b),
        _ => pick!(a.reals::<f64>()?, b.reals::<f64>()?),
    };
    a.with_data(&shape, data)
}
