//! Products of two values, as `einsum` sees them: letters that both have run along, one is summed over.

use std::collections::BTreeMap;

use mil_ir::{OpId, ValueId};
use mil_pass::{No, Rewrite};

use super::letters::{Letters, Size, View, Word, is_one};
use super::sight::Sight;

/// The types of ops that are products.
pub(super) const PRODUCTS: &[&str] = &["matmul", "einsum"];

/// An operand of a product.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    pub value: ValueId,
    pub view: View,
}

/// A product of two values.
#[derive(Clone, Debug)]
pub(super) struct Product {
    pub op: OpId,
    pub factors: [Factor; 2],
    /// The axis that is summed over.
    pub inner: Word,
    /// The axes that only one operand has.
    pub own: [Word; 2],
    pub result: View,
}

impl Product {
    /// The product that an op is. `known` are the axes of one operand, where they have letters already.
    pub(super) fn of(
        sight: &Sight<'_, '_>,
        letters: &mut Letters,
        op: OpId,
        known: Option<(ValueId, &View)>,
    ) -> Result<Product, No> {
        let (values, spellings) = match sight.rw.is(op, &["einsum"]) {
            true => einsum(sight.rw, op)?,
            false => matmul(sight, op)?,
        };
        let [x, y, result] = spellings;
        let given: [Option<&View>; 2] =
            values.map(|value| known.filter(|(known, _)| *known == value).map(|(_, view)| view));
        let size_of = |side: usize| match given[side] {
            // What an operand of unknown size was added to them does not make them longer.
            Some(view) => Ok(view.iter().map(|word| letters.size(&letters.spelled(word))).collect()),
            None => sight.sizes(values[side]),
        };
        let sizes: [Vec<Size>; 2] = [size_of(0)?, size_of(1)?];
        let ranks = x.len() == sizes[0].len() && y.len() == sizes[1].len();
        No::unless(ranks, "the ranks of a product's operands are not what it takes")?;
        No::unless(values[0] != values[1] || known.is_none(), "the weights are multiplied with themselves")?;

        // The word of each letter of the equation, in either operand.
        let mut words: BTreeMap<char, [Option<Word>; 2]> = BTreeMap::new();
        for &letter in x.iter().chain(&y) {
            words.entry(letter).or_default();
        }
        for (&letter, places) in &mut words {
            let at = |spelling: &[char]| spelling.iter().position(|&other| other == letter);
            let axes = [at(&x), at(&y)];
            let size = |side: usize| axes[side].map(|axis| &sizes[side][axis]);
            let word =
                |side: usize| axes[side].zip(given[side]).map(|(axis, view)| letters.spelled(&view[axis]));
            let (words, sizes) = ([word(0), word(1)], [size(0), size(1)]);
            *places = shared(letters, words, sizes, !result.contains(&letter))?;
        }
        let spelled = |spelling: &[char], side: usize| -> Result<View, No> {
            let word = |letter: &char| words.get(letter).and_then(|places| places[side].clone());
            spelling
                .iter()
                .map(|letter| word(letter).ok_or(No::miss("an axis of a product is repeated")))
                .collect()
        };
        let summed: Vec<char> = words.keys().copied().filter(|letter| !result.contains(letter)).collect();
        let [inner] = summed[..] else { return Err(No::miss("a product does not sum over one axis")) };
        let places = &words[&inner];
        let inner = places[0].clone().filter(|word| places[1].as_ref() == Some(word));
        let inner = inner.ok_or(No::miss("a product sums over an axis that only one operand has"))?;
        let own = |spelling: &[char], other: &[char], side: usize| -> Result<Word, No> {
            let mut only = spelling.iter().filter(|letter| !other.contains(letter));
            let (first, second) = (only.next(), only.next());
            // Leading axes that a shorter `matmul` operand lacks come first in the result.
            let letter = second.map_or(first, |_| spelling.iter().rfind(|letter| !other.contains(letter)));
            let word = letter.and_then(|letter| words.get(letter)?[side].clone());
            word.ok_or(No::miss("an operand of a product has no axis of its own"))
        };
        let widest = |letter: &char| -> Result<Word, No> {
            let places = words.get(letter).ok_or(No::miss("a product makes an axis"))?;
            let mut both = places.iter().flatten();
            let first = both.next().cloned().unwrap_or_default();
            Ok(both.next().filter(|_| first.is_empty()).cloned().unwrap_or(first))
        };
        Ok(Product {
            op,
            own: [own(&x, &y, 0)?, own(&y, &x, 1)?],
            inner,
            result: result.iter().map(widest).collect::<Result<View, No>>()?,
            factors: [
                Factor { value: values[0], view: spelled(&x, 0)? },
                Factor { value: values[1], view: spelled(&y, 1)? },
            ],
        })
    }
}

/// The words of an axis in two operands, of which some may be known, and one may lack the axis.
fn shared(
    letters: &mut Letters,
    known: [Option<Word>; 2],
    sizes: [Option<&Size>; 2],
    summed: bool,
) -> Result<[Option<Word>; 2], No> {
    let (x, y) = match sizes {
        [Some(x), Some(y)] => (x, y),
        [Some(size), None] => {
            return Ok([Some(known[0].clone().unwrap_or_else(|| letters.fresh(size))), None]);
        }
        [None, Some(size)] => {
            return Ok([None, Some(known[1].clone().unwrap_or_else(|| letters.fresh(size)))]);
        }
        [None, None] => return Ok([None, None]),
    };
    // What is summed over is equal, or the program is not one.
    if summed || x == y && x.is_some() {
        let size = if x.is_some() { x } else { y };
        let [first, second] = known;
        let word = first.or(second).unwrap_or_else(|| letters.fresh(size));
        return Ok([Some(word.clone()), Some(word)]);
    }
    No::unless(is_one(x) || is_one(y), "the leading axes of a product are not known to be equal")?;
    let [first, second] = known;
    Ok([Some(first.unwrap_or_else(|| letters.fresh(x))), Some(second.unwrap_or_else(|| letters.fresh(y)))])
}

/// Operands and letters of a `matmul`, whose axes before the last two are broadcast.
fn matmul(sight: &Sight<'_, '_>, op: OpId) -> Result<([ValueId; 2], [Vec<char>; 3]), No> {
    let rw = sight.rw;
    let call = rw.call(op)?;
    let flip = [call.bool("transpose_x")?, call.bool("transpose_y")?];
    let values = [rw.input(op, "x")?, rw.input(op, "y")?];
    let ranks = [sight.sizes(values[0])?.len(), sight.sizes(values[1])?.len()];
    No::unless(ranks.iter().all(|&rank| rank >= 2), "a product of vectors")?;
    // The leading axes are counted from the last one on.
    let lead = |rank: usize| -> Vec<char> {
        (0..rank as u32 - 2).rev().filter_map(|at| char::from_u32('A' as u32 + at)).collect()
    };
    let spelled = |rank: usize, [rows, columns]: [char; 2], flip: bool| -> Vec<char> {
        let last = if flip { [columns, rows] } else { [rows, columns] };
        [&lead(rank)[..], &last].concat()
    };
    let result = spelled(ranks[0].max(ranks[1]), ['r', 'c'], false);
    Ok((values, [spelled(ranks[0], ['r', 'i'], flip[0]), spelled(ranks[1], ['i', 'c'], flip[1]), result]))
}

/// Operands and letters of an `einsum` of two values.
fn einsum(rw: &Rewrite<'_>, op: OpId) -> Result<([ValueId; 2], [Vec<char>; 3]), No> {
    let call = rw.call(op)?;
    let equation: String =
        call.string("equation")?.chars().filter(|letter| !letter.is_whitespace()).collect();
    let spelled = equation.split_once("->").and_then(|(operands, result)| {
        let (x, y) = operands.split_once(',')?;
        Some([x, y, result].map(|word| word.chars().collect::<Vec<char>>()))
    });
    let spelled = spelled.filter(|words| {
        let distinct = |word: &Vec<char>| (1..word.len()).all(|at| !word[..at].contains(&word[at]));
        words.iter().all(|word| word.iter().all(|letter| letter.is_alphabetic()) && distinct(word))
    });
    let values: Vec<ValueId> = call.operands("values").iter().filter_map(|operand| operand.value()).collect();
    match (spelled, &values[..]) {
        (Some(spelled), &[x, y]) => Ok(([x, y], spelled)),
        _ => Err(No::miss("an einsum is not a product of two values")),
    }
}
