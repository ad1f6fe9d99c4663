//! Axes, spelled in letters as `einsum` spells them.
//!
//! A letter is an index that tensors of a site share. An axis is a word: a reshape that joins axes joins
//! their words, one that splits an axis splits its letter. An axis of size 1 is the empty word, so that it
//! does not matter where a reshape puts it. Two axes are the same where their words are, whatever their
//! sizes.

use mil_ir::{Dim, SymExpr, Type};
use mil_pass::No;

/// An index that tensors share.
pub(super) type Letter = usize;

/// What an axis runs over, the slowest first; empty for an axis of size 1.
pub(super) type Word = Vec<Letter>;

/// The axes of a value.
pub(super) type View = Vec<Word>;

/// A size; `None` where nothing is known of it.
pub(super) type Size = Option<SymExpr>;

/// The letters of a site.
#[derive(Debug, Default)]
pub(super) struct Letters {
    sizes: Vec<Size>,
    /// What a letter was split into.
    parts: Vec<Option<[Letter; 2]>>,
}

/// The sizes of a type's axes.
pub(super) fn sizes(ty: &Type) -> Result<Vec<Size>, No> {
    let dims = ty.dims().ok_or(No::miss("the rank of a value is not known"))?;
    let ranked = !dims.iter().any(|dim| matches!(dim, Dim::Unknown { variadic: true }));
    No::unless(ranked, "the rank of a value is not known")?;
    Ok(dims.iter().map(Dim::expression).collect())
}

/// The size is 1, whatever the program is handed.
pub(super) fn is_one(size: &Size) -> bool {
    number(size) == Some(1)
}

/// The size as a number.
pub(super) fn number(size: &Size) -> Option<i64> {
    size.as_ref().and_then(SymExpr::as_constant)
}

impl Letters {
    /// An axis of its own.
    pub(super) fn fresh(&mut self, size: &Size) -> Word {
        if is_one(size) { Word::new() } else { vec![self.letter(size.clone())] }
    }

    fn letter(&mut self, size: Size) -> Letter {
        self.sizes.push(size);
        self.parts.push(None);
        self.sizes.len() - 1
    }

    /// An axis in the letters that are left after all splits.
    pub(super) fn spelled(&self, word: &[Letter]) -> Word {
        let mut spelled = Word::new();
        let mut rest: Vec<Letter> = word.iter().rev().copied().collect();
        while let Some(letter) = rest.pop() {
            match self.parts[letter] {
                Some([first, second]) => rest.extend([second, first]),
                None => spelled.push(letter),
            }
        }
        spelled
    }

    /// All axes of a value in the letters that are left.
    pub(super) fn view(&self, view: &[Word]) -> View {
        view.iter().map(|word| self.spelled(word)).collect()
    }

    /// The size of an axis.
    pub(super) fn size(&self, word: &[Letter]) -> Size {
        let mut sizes = word.iter().map(|&letter| self.sizes[letter].clone());
        sizes.try_fold(SymExpr::constant(1), |product, size| product.checked_mul(&size?))
    }

    /// The axes of a value after a reshape to these sizes.
    pub(super) fn reshaped(&mut self, view: &[Word], sizes: &[Size]) -> Result<View, No> {
        let mut rest: Vec<Letter> = self.view(view).concat();
        rest.reverse();
        let mut reshaped = View::with_capacity(sizes.len());
        for (at, size) in sizes.iter().enumerate() {
            let mut word = Word::new();
            let mut product = SymExpr::constant(1);
            while Some(&product) != size.as_ref() {
                let letter = rest.pop().ok_or(No::miss("a reshape is not followed"))?;
                let joined = self.sizes[letter].as_ref().and_then(|own| product.checked_mul(own));
                let fits = joined.filter(|joined| match (number(size), joined.as_constant()) {
                    (Some(size), Some(joined)) => joined != 0 && size % joined == 0,
                    (None, _) => true,
                    (Some(_), None) => false,
                });
                let (letter, joined) = match (fits, size) {
                    (Some(joined), Some(size)) if joined == *size || rest_may_follow(size, &joined) => {
                        (letter, joined)
                    }
                    (_, Some(size)) => {
                        let [first, second] = self.split(letter, &product, size, &sizes[at + 1..])?;
                        rest.push(second);
                        (first, size.clone())
                    }
                    (_, None) => return Err(No::miss("a reshape is not followed: a size is not known")),
                };
                word.push(letter);
                product = joined;
            }
            reshaped.push(word);
        }
        No::unless(rest.is_empty(), "a reshape is not followed")?;
        Ok(reshaped)
    }

    /// Splits a letter, so that its first part fills up an axis of this size.
    fn split(
        &mut self,
        letter: Letter,
        filled: &SymExpr,
        axis: &SymExpr,
        next: &[Size],
    ) -> Result<[Letter; 2], No> {
        let unfollowed = || No::miss("a reshape is not followed: it cuts across axes");
        let own = self.sizes[letter].clone().ok_or_else(unfollowed)?;
        let (first, second) = match (filled.as_constant(), axis.as_constant()) {
            (Some(filled), Some(axis)) if filled > 0 && axis % filled == 0 => {
                let first = axis / filled;
                let whole = own.modulo(first).and_then(|rest| rest.as_constant()) == Some(0);
                No::unless(first > 1 && whole, "a reshape is not followed: it cuts across axes")?;
                (SymExpr::constant(first), own.floor_div(first).ok_or_else(unfollowed)?)
            }
            // An unknown number of the sizes that follow.
            (Some(1), None) => {
                let mut second = SymExpr::constant(1);
                let mut followers = next.iter().map_while(|size| size.as_ref()?.as_constant());
                let found = std::iter::from_fn(|| {
                    second = second.checked_mul(&SymExpr::constant(followers.next()?))?;
                    Some(second.clone())
                });
                let found = found.into_iter().find(|second| axis.checked_mul(second).as_ref() == Some(&own));
                (axis.clone(), found.ok_or_else(unfollowed)?)
            }
            _ => return Err(unfollowed()),
        };
        No::unless(second.as_constant() != Some(1), "a reshape is not followed: it cuts across axes")?;
        let parts = [self.letter(Some(first)), self.letter(Some(second))];
        self.parts[letter] = Some(parts);
        Ok(parts)
    }

    /// The axes of an operand that is broadcast to a value, and the axes of the result, in which it may have
    /// grown. Whether an operand's size is equal or 1 need not be known where it stays where it is: `exact`
    /// says whether it is.
    pub(super) fn broadcast(&mut self, view: &[Word], operand: &[Size]) -> Broadcast {
        let rank = view.len().max(operand.len());
        let mut result: View = vec![Word::new(); rank - view.len()];
        result.extend(self.view(view));
        let mut own = View::new();
        let mut exact = true;
        let missing = rank - operand.len();
        for (axis, word) in result.iter_mut().enumerate().skip(missing) {
            let size = &operand[axis - missing];
            if is_one(size) {
                own.push(Word::new());
                continue;
            }
            if word.is_empty() {
                *word = self.fresh(size);
            } else {
                exact &= size.is_some() && self.size(word) == *size;
            }
            own.push(word.clone());
        }
        Broadcast { own, result, exact }
    }
}

/// An operand of an elementwise op beside a value.
pub(super) struct Broadcast {
    /// The operand's axes.
    pub own: View,
    /// The result's axes.
    pub result: View,
    /// The operand's sizes are known to be those of the value, or 1.
    pub exact: bool,
}

/// A product of sizes may still become this one, when it is multiplied further.
fn rest_may_follow(size: &SymExpr, product: &SymExpr) -> bool {
    match (size.as_constant(), product.as_constant()) {
        (Some(size), Some(product)) => product < size,
        (None, Some(_)) => true,
        // `n` can still become `4n`, and `4n` cannot become `n`.
        (None, None) => size.bounds().lower >= product.bounds().lower && size != product,
        (Some(_), None) => false,
    }
}
