//! Integer expressions over the symbols of flexible inputs.
//!
//! An expression is kept in a **normal form**: a polynomial with integer coefficients over *atoms*. An atom
//! is a symbol, or an operation that does not distribute: `floor(a / n)`, `a mod n`, `max(…)`. Sums and
//! products of expressions that are equal as polynomials therefore compare equal, whatever order they were
//! built in; so two branches with the same stride-2 convolution get the same size. `min(a, b)` is
//! `-max(-a, -b)`.
//!
//! Beyond polynomials these rules hold: what a division divides evenly leaves it (`floor((2s + 3) / 2)` is
//! `s + floor(3 / 2)`), constants are folded, divisions nest (`floor(floor(a / m) / n)` is `floor(a / mn)`), an
//! operation that its bounds decide is decided. Two expressions that compare unequal may still have equal
//! values: "unequal" means "not known to be equal".
//!
//! Expressions are shared: clones are cheap, equal ones compare by address and then by a hash that is
//! computed once. So are their bounds. Shared or not, an expression written out has at most [`MAX_SIZE`]
//! symbols, operations and terms: then comparing, printing and evaluating one is never dear, however it was
//! built. Arithmetic that leaves `i64` or that bound gives `None`: a size that nobody knows, for which a
//! caller may make a symbol of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::Name;

/// Symbols, operations and terms of the largest expression, each as often as it is written.
pub const MAX_SIZE: usize = 256;

/// Operands of the largest `max(…)`, each of which is compared with each other.
const MAX_OPERANDS: usize = 16;

/// An integer expression in normal form. Equal expressions compare equal.
#[derive(Clone)]
pub struct SymExpr(Arc<Polynomial>);

/// A symbol: the size of an axis of a flexible input.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol {
    /// Its name; symbols of the same name are the same symbol and have the same range.
    pub name: Name,
    /// What it may be.
    pub range: SymRange,
}

/// What a symbol may be.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SymRange {
    /// Anything between two bounds, both allowed; no upper bound where there is none.
    Between(i64, Option<i64>),
    /// One of these; sorted.
    OneOf(Vec<i64>),
}

/// Bounds of an expression, both allowed; no bound where none is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Never less.
    pub lower: Option<i64>,
    /// Never more.
    pub upper: Option<i64>,
}

/// The sum of coefficients times products of atoms, sorted. The constant is the term without atoms.
#[derive(Debug)]
struct Polynomial {
    terms: BTreeMap<Monomial, i64>,
    hash: u64,
    bounds: Bounds,
    /// See [`MAX_SIZE`].
    size: usize,
}

/// Atoms, sorted; one that is raised to a power comes several times.
type Monomial = Vec<Atom>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Atom {
    Symbol(Arc<Symbol>),
    FloorDiv(SymExpr, i64),
    Mod(SymExpr, i64),
    /// Two or more, sorted.
    Max(Vec<SymExpr>),
}

impl SymRange {
    fn bounds(&self) -> Bounds {
        match self {
            SymRange::Between(lower, upper) => Bounds { lower: Some(*lower), upper: *upper },
            SymRange::OneOf(values) => {
                Bounds { lower: values.iter().min().copied(), upper: values.iter().max().copied() }
            }
        }
    }
}

impl SymExpr {
    /// A symbol that is at least 1, as sizes are where nothing else is said.
    pub fn symbol(name: &str) -> SymExpr {
        SymExpr::ranged(name, SymRange::Between(1, None))
    }

    /// A symbol with a range. A range that holds one number is that number.
    pub fn ranged(name: &str, mut range: SymRange) -> SymExpr {
        if let SymRange::OneOf(values) = &mut range {
            values.sort_unstable();
            values.dedup();
        }
        if let Bounds { lower: Some(lower), upper: Some(upper) } = range.bounds()
            && lower == upper
        {
            return SymExpr::constant(lower);
        }
        SymExpr::unchecked(BTreeMap::from([(
            vec![Atom::Symbol(Arc::new(Symbol { name: name.into(), range }))],
            1,
        )]))
    }

    /// A number.
    pub fn constant(value: i64) -> SymExpr {
        SymExpr::unchecked(BTreeMap::from([(Vec::new(), value)]))
    }

    /// The number, where it is one.
    pub fn as_constant(&self) -> Option<i64> {
        let mut terms = self.0.terms.iter();
        match (terms.next(), terms.next()) {
            (None, _) => Some(0),
            (Some((atoms, &value)), None) if atoms.is_empty() => Some(value),
            _ => None,
        }
    }

    fn atom(atom: Atom) -> Option<SymExpr> {
        SymExpr::normal(BTreeMap::from([(vec![atom], 1)]))
    }

    /// `None` for one that is too large.
    fn normal(terms: BTreeMap<Monomial, i64>) -> Option<SymExpr> {
        Some(SymExpr::unchecked(terms)).filter(|expression| expression.0.size <= MAX_SIZE)
    }

    fn unchecked(mut terms: BTreeMap<Monomial, i64>) -> SymExpr {
        terms.retain(|_, coefficient| *coefficient != 0);
        let mut hasher = std::hash::DefaultHasher::new();
        terms.hash(&mut hasher);
        let size = terms.keys().map(|atoms| 1 + atoms.iter().map(Atom::size).sum::<usize>()).sum();
        SymExpr(Arc::new(Polynomial { hash: hasher.finish(), bounds: Bounds::of(&terms), size, terms }))
    }

    /// The sum.
    pub fn checked_add(&self, other: &SymExpr) -> Option<SymExpr> {
        let mut terms = self.0.terms.clone();
        for (atoms, coefficient) in &other.0.terms {
            let sum = terms.entry(atoms.clone()).or_default();
            *sum = sum.checked_add(*coefficient)?;
        }
        SymExpr::normal(terms)
    }

    /// The difference.
    pub fn checked_sub(&self, other: &SymExpr) -> Option<SymExpr> {
        self.checked_add(&other.scale(-1)?)
    }

    /// The product.
    pub fn checked_mul(&self, other: &SymExpr) -> Option<SymExpr> {
        // Nothing cancels in the product of the largest terms, whose symbols all come together.
        let degree = |expression: &SymExpr| expression.0.terms.keys().map(Vec::len).max().unwrap_or(0);
        if degree(self) + degree(other) > MAX_SIZE {
            return None;
        }
        let mut terms: BTreeMap<Monomial, i64> = BTreeMap::new();
        for (a, x) in &self.0.terms {
            for (b, y) in &other.0.terms {
                let mut atoms = [&a[..], &b[..]].concat();
                atoms.sort_unstable();
                let sum = terms.entry(atoms).or_default();
                *sum = sum.checked_add(x.checked_mul(*y)?)?;
                if terms.len() > MAX_SIZE {
                    return None;
                }
            }
        }
        SymExpr::normal(terms)
    }

    fn scale(&self, factor: i64) -> Option<SymExpr> {
        self.checked_mul(&SymExpr::constant(factor))
    }

    /// The quotient, rounded towards negative infinity; `None` for a divisor that is not positive.
    pub fn floor_div(&self, divisor: i64) -> Option<SymExpr> {
        if divisor <= 0 {
            return None;
        }
        // Whole multiples of the divisor leave the division; the constant leaves its remainder.
        let (mut whole, mut rest) = (BTreeMap::new(), BTreeMap::new());
        for (atoms, &coefficient) in &self.0.terms {
            if coefficient % divisor == 0 {
                whole.insert(atoms.clone(), coefficient / divisor);
            } else if atoms.is_empty() {
                whole.insert(atoms.clone(), coefficient.div_euclid(divisor));
                rest.insert(atoms.clone(), coefficient.rem_euclid(divisor));
            } else {
                rest.insert(atoms.clone(), coefficient);
            }
        }
        let (whole, rest) = (SymExpr::normal(whole)?, SymExpr::normal(rest)?);
        let bounds = rest.bounds();
        if let (Some(lower), Some(upper)) = (bounds.lower, bounds.upper)
            && lower.div_euclid(divisor) == upper.div_euclid(divisor)
        {
            return whole.checked_add(&SymExpr::constant(lower.div_euclid(divisor)));
        }
        if let Some((inner, nested)) = rest.as_division() {
            return whole.checked_add(&inner.floor_div(nested.checked_mul(divisor)?)?);
        }
        whole.checked_add(&SymExpr::atom(Atom::FloorDiv(rest, divisor))?)
    }

    /// Where the expression is `floor(a / n)` plus a constant: `a` plus `n` times the constant, and `n`.
    fn as_division(&self) -> Option<(SymExpr, i64)> {
        let mut division = None;
        let mut constant = 0;
        for (atoms, &coefficient) in &self.0.terms {
            match &atoms[..] {
                [] => constant = coefficient,
                [Atom::FloorDiv(inner, divisor)] if coefficient == 1 && division.is_none() => {
                    division = Some((inner, *divisor));
                }
                _ => return None,
            }
        }
        let (inner, divisor) = division?;
        Some((inner.checked_add(&SymExpr::constant(constant.checked_mul(divisor)?))?, divisor))
    }

    /// The quotient, rounded towards positive infinity; `None` for a divisor that is not positive.
    pub fn ceil_div(&self, divisor: i64) -> Option<SymExpr> {
        self.checked_add(&SymExpr::constant(divisor.checked_sub(1)?))?.floor_div(divisor)
    }

    /// What the division leaves, never negative; `None` for a divisor that is not positive.
    pub fn modulo(&self, divisor: i64) -> Option<SymExpr> {
        if divisor <= 0 {
            return None;
        }
        let mut terms = self.0.terms.clone();
        terms.values_mut().for_each(|coefficient| *coefficient = coefficient.rem_euclid(divisor));
        let rest = SymExpr::normal(terms)?;
        if let Some(value) = rest.as_constant() {
            return Some(SymExpr::constant(value));
        }
        let bounds = rest.bounds();
        match (bounds.lower, bounds.upper) {
            (Some(0..), Some(upper)) if upper < divisor => Some(rest),
            _ => SymExpr::atom(Atom::Mod(rest, divisor)),
        }
    }

    /// The larger one.
    pub fn maximum(&self, other: &SymExpr) -> Option<SymExpr> {
        let mut candidates: Vec<SymExpr> = Vec::new();
        for expression in [self, other] {
            match expression.only_atom() {
                Some(Atom::Max(inner)) => candidates.extend(inner.iter().cloned()),
                _ => candidates.push(expression.clone()),
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        // One that is never larger than another is none.
        let mut kept: Vec<SymExpr> = Vec::new();
        for (index, one) in candidates.iter().enumerate() {
            let is_covered = |other: &SymExpr| {
                other
                    .checked_sub(one)
                    .is_some_and(|difference| difference.bounds().lower.is_some_and(|lower| lower >= 0))
            };
            let others = kept.iter().chain(&candidates[index + 1..]);
            if !others.into_iter().any(is_covered) {
                kept.push(one.clone());
            }
        }
        match &kept[..] {
            [one] => Some(one.clone()),
            _ if kept.len() > MAX_OPERANDS => None,
            _ => SymExpr::atom(Atom::Max(kept)),
        }
    }

    /// The smaller one.
    pub fn minimum(&self, other: &SymExpr) -> Option<SymExpr> {
        self.scale(-1)?.maximum(&other.scale(-1)?)?.scale(-1)
    }

    fn only_atom(&self) -> Option<&Atom> {
        let mut terms = self.0.terms.iter();
        match (terms.next(), terms.next()) {
            (Some((atoms, 1)), None) => match &atoms[..] {
                [atom] => Some(atom),
                _ => None,
            },
            _ => None,
        }
    }

    /// Bounds that follow from those of the symbols: true, not always tight.
    pub fn bounds(&self) -> Bounds {
        self.0.bounds
    }

    /// The value where the symbols have these; `None` where one has none, or on overflow.
    pub fn evaluate(&self, values: &BTreeMap<Name, i64>) -> Option<i64> {
        let mut sum: i64 = 0;
        for (atoms, &coefficient) in &self.0.terms {
            let mut product = coefficient;
            for atom in atoms {
                product = product.checked_mul(atom.evaluate(values)?)?;
            }
            sum = sum.checked_add(product)?;
        }
        Some(sum)
    }

    /// The expression with other expressions in place of symbols; those that are not named stay.
    pub fn substitute(&self, values: &BTreeMap<Name, SymExpr>) -> Option<SymExpr> {
        let mut sum = SymExpr::constant(0);
        for (atoms, &coefficient) in &self.0.terms {
            let mut product = SymExpr::constant(coefficient);
            for atom in atoms {
                product = product.checked_mul(&atom.substitute(values)?)?;
            }
            sum = sum.checked_add(&product)?;
        }
        Some(sum)
    }
}

impl Atom {
    fn size(&self) -> usize {
        match self {
            Atom::Symbol(_) => 1,
            Atom::FloorDiv(inner, _) | Atom::Mod(inner, _) => 1 + inner.0.size,
            Atom::Max(inner) => 1 + inner.iter().map(|inner| inner.0.size).sum::<usize>(),
        }
    }

    fn bounds(&self) -> Bounds {
        match self {
            Atom::Symbol(symbol) => symbol.range.bounds(),
            Atom::FloorDiv(inner, divisor) => inner.bounds().floor_div(*divisor),
            Atom::Mod(_, divisor) => Bounds { lower: Some(0), upper: Some(divisor - 1) },
            Atom::Max(inner) => {
                let least = Bounds { lower: None, upper: Some(i64::MIN) };
                inner.iter().fold(least, |bounds, inner| bounds.maximum(inner.bounds()))
            }
        }
    }

    fn evaluate(&self, values: &BTreeMap<Name, i64>) -> Option<i64> {
        match self {
            Atom::Symbol(symbol) => values.get(&symbol.name).copied(),
            Atom::FloorDiv(inner, divisor) => Some(inner.evaluate(values)?.div_euclid(*divisor)),
            Atom::Mod(inner, divisor) => Some(inner.evaluate(values)?.rem_euclid(*divisor)),
            Atom::Max(inner) => {
                let values: Option<Vec<i64>> = inner.iter().map(|inner| inner.evaluate(values)).collect();
                values?.into_iter().max()
            }
        }
    }

    fn substitute(&self, values: &BTreeMap<Name, SymExpr>) -> Option<SymExpr> {
        match self {
            Atom::Symbol(symbol) => match values.get(&symbol.name) {
                Some(value) => Some(value.clone()),
                None => SymExpr::atom(self.clone()),
            },
            Atom::FloorDiv(inner, divisor) => inner.substitute(values)?.floor_div(*divisor),
            Atom::Mod(inner, divisor) => inner.substitute(values)?.modulo(*divisor),
            Atom::Max(inner) => {
                let mut all = inner.iter().map(|inner| inner.substitute(values));
                let first = all.next()??;
                all.try_fold(first, |largest, next| largest.maximum(&next?))
            }
        }
    }
}

impl Bounds {
    /// Of a number.
    pub fn exactly(value: i64) -> Bounds {
        Bounds { lower: Some(value), upper: Some(value) }
    }

    /// Everything within these bounds is within those.
    pub fn within(self, lower: i64, upper: i64) -> bool {
        self.lower.is_some_and(|own| own >= lower) && self.upper.is_some_and(|own| own <= upper)
    }

    fn of(terms: &BTreeMap<Monomial, i64>) -> Bounds {
        let mut sum = Bounds::exactly(0);
        for (atoms, &coefficient) in terms {
            let mut product = Bounds::exactly(coefficient);
            let mut rest = &atoms[..];
            while let [atom, ..] = rest {
                let power = rest.iter().take_while(|other| *other == atom).count();
                product = product.times(atom.bounds().power(power));
                rest = &rest[power..];
            }
            sum = sum.plus(product);
        }
        sum
    }

    /// Of a sum.
    #[must_use]
    pub fn plus(self, other: Bounds) -> Bounds {
        let sum = |a: Option<i64>, b: Option<i64>| a?.checked_add(b?);
        Bounds { lower: sum(self.lower, other.lower), upper: sum(self.upper, other.upper) }
    }

    /// Of a difference.
    #[must_use]
    pub fn minus(self, other: Bounds) -> Bounds {
        self.plus(other.times(Bounds::exactly(-1)))
    }

    /// Of the larger one.
    #[must_use]
    pub fn maximum(self, other: Bounds) -> Bounds {
        let lower = [self.lower, other.lower].into_iter().flatten().max();
        Bounds { lower, upper: self.upper.zip(other.upper).map(|(a, b)| a.max(b)) }
    }

    /// Of the smaller one.
    #[must_use]
    pub fn minimum(self, other: Bounds) -> Bounds {
        let upper = [self.upper, other.upper].into_iter().flatten().min();
        Bounds { lower: self.lower.zip(other.lower).map(|(a, b)| a.min(b)), upper }
    }

    /// Of a quotient that is rounded down; nothing is known where the divisor is not positive.
    #[must_use]
    pub fn floor_div(self, divisor: i64) -> Bounds {
        let divide =
            |bound: Option<i64>| bound.filter(|_| divisor > 0).map(|bound| bound.div_euclid(divisor));
        Bounds { lower: divide(self.lower), upper: divide(self.upper) }
    }

    /// Of a product.
    #[must_use]
    pub fn times(self, other: Bounds) -> Bounds {
        // The extremes are among the products of the ends. A missing end stands for an infinity of its side.
        let end = |bound: Option<i64>, missing: i128| bound.map_or(missing, i128::from);
        const FAR: i128 = 1 << 64;
        let (a, b) = (end(self.lower, -FAR), end(self.upper, FAR));
        let (c, d) = (end(other.lower, -FAR), end(other.upper, FAR));
        // An infinity times a number other than zero is an infinity.
        let product =
            |x: i128, y: i128| match (x.abs() >= FAR || y.abs() >= FAR, x * y.signum(), y * x.signum()) {
                (_, 0, _) => 0,
                (true, x, _) => x.signum() * FAR,
                (false, ..) => x.saturating_mul(y),
            };
        let products = [product(a, c), product(a, d), product(b, c), product(b, d)];
        let bound = |value: Option<i128>| {
            value.filter(|value| value.abs() < FAR).and_then(|value| value.try_into().ok())
        };
        Bounds { lower: bound(products.into_iter().min()), upper: bound(products.into_iter().max()) }
    }

    /// Of a number with these bounds, raised to a power.
    fn power(self, power: usize) -> Bounds {
        let mut result = self;
        for _ in 1..power {
            result = result.times(self);
        }
        // An even power is never negative.
        if power.is_multiple_of(2) {
            result.lower = Some(result.lower.unwrap_or(0).max(0));
        }
        result
    }
}

impl PartialEq for SymExpr {
    fn eq(&self, other: &SymExpr) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.hash == other.0.hash && self.0.terms == other.0.terms)
    }
}

impl Eq for SymExpr {}

impl Hash for SymExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash.hash(state);
    }
}

/// Any order that is the same on every run.
impl Ord for SymExpr {
    fn cmp(&self, other: &SymExpr) -> std::cmp::Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            std::cmp::Ordering::Equal
        } else {
            self.0.terms.cmp(&other.0.terms)
        }
    }
}

impl PartialOrd for SymExpr {
    fn partial_cmp(&self, other: &SymExpr) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for SymExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.terms.is_empty() {
            return f.write_str("0");
        }
        // The constant, which sorts first, is written last.
        let (constant, others): (Vec<_>, Vec<_>) =
            self.0.terms.iter().partition(|(atoms, _)| atoms.is_empty());
        for (index, (atoms, coefficient)) in others.into_iter().chain(constant).enumerate() {
            let sign = if *coefficient < 0 { "-" } else { "+" };
            match (index, sign) {
                (0, "-") => f.write_str("-")?,
                (0, _) => {}
                _ => write!(f, " {sign} ")?,
            }
            let magnitude = coefficient.unsigned_abs();
            if magnitude != 1 || atoms.is_empty() {
                write!(f, "{magnitude}")?;
            }
            for (place, atom) in atoms.iter().enumerate() {
                let separator = if place > 0 || magnitude != 1 { "*" } else { "" };
                write!(f, "{separator}{atom}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Atom::Symbol(symbol) => symbol.name.fmt(f),
            Atom::FloorDiv(inner, divisor) => write!(f, "floor(({inner})/{divisor})"),
            Atom::Mod(inner, divisor) => write!(f, "(({inner}) mod {divisor})"),
            Atom::Max(inner) => {
                f.write_str("max(")?;
                for (index, one) in inner.iter().enumerate() {
                    write!(f, "{}{one}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
        }
    }
}

impl fmt::Debug for SymExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn s() -> SymExpr {
        SymExpr::symbol("s")
    }

    fn number(value: i64) -> SymExpr {
        SymExpr::constant(value)
    }

    #[test]
    fn sums_and_products_are_canonical() {
        let one = number(1);
        let a = s().checked_add(&one).unwrap().checked_mul(&s().checked_sub(&one).unwrap()).unwrap();
        let b = s().checked_mul(&s()).unwrap().checked_sub(&one).unwrap();
        assert_eq!(a, b);
        assert_eq!(a.to_string(), "s*s - 1");
        assert_eq!(s().checked_sub(&s()).unwrap().as_constant(), Some(0));
    }

    #[test]
    fn divisions_meet() {
        // The size after a stride-2 convolution with kernel 3 and padding 1, twice, in two spellings.
        let conv = |size: &SymExpr| {
            size.checked_sub(&number(1)).unwrap().floor_div(2).unwrap().checked_add(&number(1)).unwrap()
        };
        let same = |size: &SymExpr| size.ceil_div(2).unwrap();
        assert_eq!(conv(&s()), same(&s()));
        assert_eq!(conv(&conv(&s())), same(&same(&s())));
        assert_eq!(same(&same(&s())), s().ceil_div(4).unwrap());
        assert_eq!(s().checked_mul(&number(6)).unwrap().floor_div(3).unwrap().to_string(), "2*s");
        assert_eq!(s().checked_mul(&number(6)).unwrap().modulo(3).unwrap().as_constant(), Some(0));
        assert_eq!(s().floor_div(0), None);
    }

    #[test]
    fn bounds_decide() {
        let s = SymExpr::ranged("s", SymRange::Between(1, Some(8)));
        assert_eq!(s.maximum(&number(9)).unwrap().as_constant(), Some(9));
        assert_eq!(s.maximum(&number(1)).unwrap(), s);
        assert_eq!(s.minimum(&number(8)).unwrap(), s);
        assert_eq!(s.modulo(9).unwrap(), s);
        assert_eq!(s.floor_div(9).unwrap().as_constant(), Some(0));
        assert_eq!(SymExpr::ranged("t", SymRange::OneOf(vec![4, 4])).as_constant(), Some(4));
        let open = SymExpr::symbol("u");
        assert_eq!(open.checked_mul(&open).unwrap().bounds(), Bounds { lower: Some(1), upper: None });
        assert_eq!(open.scale(-2).unwrap().bounds(), Bounds { lower: None, upper: Some(-2) });
    }

    #[test]
    fn overflow_and_growth_are_unknown() {
        assert_eq!(number(i64::MAX).checked_add(&number(1)), None);
        let one = number(1);
        let mut deep = Some(s());
        for _ in 0..MAX_SIZE {
            deep = deep.and_then(|size| size.checked_mul(&number(3))?.floor_div(2)?.checked_add(&one));
        }
        assert_eq!(deep, None);
        let mut wide = number(1);
        let mut grown = Some(());
        for index in 0..10 {
            match wide.checked_mul(&SymExpr::symbol(&format!("s{index}")).checked_add(&number(1)).unwrap()) {
                Some(next) => wide = next,
                None => grown = None,
            }
        }
        assert_eq!(grown, None);
    }

    /// An expression built in some way, and what it computes.
    #[derive(Clone, Debug)]
    enum Tree {
        Symbol(usize),
        Number(i64),
        Add(Box<Tree>, Box<Tree>),
        Mul(Box<Tree>, Box<Tree>),
        Max(Box<Tree>, Box<Tree>),
        Min(Box<Tree>, Box<Tree>),
        Div(Box<Tree>, i64),
        Mod(Box<Tree>, i64),
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let leaf = prop_oneof![(0_usize..3).prop_map(Tree::Symbol), (-9_i64..10).prop_map(Tree::Number)];
        leaf.prop_recursive(4, 16, 2, |inner| {
            let two = || (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
            let one = || (inner.clone().prop_map(Box::new), 1_i64..5);
            prop_oneof![
                two().prop_map(|(a, b)| Tree::Add(a, b)),
                two().prop_map(|(a, b)| Tree::Mul(a, b)),
                two().prop_map(|(a, b)| Tree::Max(a, b)),
                two().prop_map(|(a, b)| Tree::Min(a, b)),
                one().prop_map(|(a, n)| Tree::Div(a, n)),
                one().prop_map(|(a, n)| Tree::Mod(a, n)),
            ]
        })
    }

    const NAMES: [&str; 3] = ["a", "b", "c"];

    impl Tree {
        /// The expression, with the operands of sums, products and extremes in one order or the other.
        fn build(&self, swap: bool) -> Option<SymExpr> {
            let two = |a: &Tree, b: &Tree| {
                let (a, b) = (a.build(swap)?, b.build(swap)?);
                Some(if swap { (b, a) } else { (a, b) })
            };
            match self {
                Tree::Symbol(0) => Some(SymExpr::ranged("a", SymRange::Between(1, Some(20)))),
                Tree::Symbol(1) => Some(SymExpr::ranged("b", SymRange::OneOf(vec![16, 2, 8]))),
                Tree::Symbol(_) => Some(SymExpr::symbol("c")),
                Tree::Number(value) => Some(SymExpr::constant(*value)),
                Tree::Add(a, b) => two(a, b).and_then(|(a, b)| a.checked_add(&b)),
                Tree::Mul(a, b) => two(a, b).and_then(|(a, b)| a.checked_mul(&b)),
                Tree::Max(a, b) => two(a, b).and_then(|(a, b)| a.maximum(&b)),
                Tree::Min(a, b) => two(a, b).and_then(|(a, b)| a.minimum(&b)),
                Tree::Div(a, n) => a.build(swap)?.floor_div(*n),
                Tree::Mod(a, n) => a.build(swap)?.modulo(*n),
            }
        }

        fn value(&self, values: &[i64; 3]) -> Option<i64> {
            Some(match self {
                Tree::Symbol(index) => values[*index],
                Tree::Number(value) => *value,
                Tree::Add(a, b) => a.value(values)?.checked_add(b.value(values)?)?,
                Tree::Mul(a, b) => a.value(values)?.checked_mul(b.value(values)?)?,
                Tree::Max(a, b) => a.value(values)?.max(b.value(values)?),
                Tree::Min(a, b) => a.value(values)?.min(b.value(values)?),
                Tree::Div(a, n) => a.value(values)?.div_euclid(*n),
                Tree::Mod(a, n) => a.value(values)?.rem_euclid(*n),
            })
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_normal_form_computes_the_same(tree in tree(), a in 1_i64..21, b in 0_usize..3, c in 1_i64..40) {
            let values = [a, [2, 8, 16][b], c];
            let bindings: BTreeMap<Name, i64> =
                NAMES.iter().zip(values).map(|(name, value)| (Name::from(*name), value)).collect();
            let Some(expression) = tree.build(false) else { return Ok(()) };
            let (Some(wanted), Some(got)) = (tree.value(&values), expression.evaluate(&bindings)) else { return Ok(()) };
            prop_assert_eq!(wanted, got, "{}", expression);
            let bounds = expression.bounds();
            prop_assert!(bounds.lower.is_none_or(|lower| lower <= got), "{} {:?}", expression, bounds);
            prop_assert!(bounds.upper.is_none_or(|upper| upper >= got), "{} {:?}", expression, bounds);
            if let Some(swapped) = tree.build(true) {
                prop_assert_eq!(&swapped, &expression);
            }
            let numbers: BTreeMap<Name, SymExpr> =
                bindings.iter().map(|(name, value)| (name.clone(), SymExpr::constant(*value))).collect();
            if let Some(substituted) = expression.substitute(&numbers) {
                prop_assert_eq!(substituted.as_constant(), Some(got), "{}", expression);
            }
        }
    }
}
