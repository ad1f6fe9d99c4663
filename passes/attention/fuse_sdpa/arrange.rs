//! From one spelling of axes to another: what ops it takes.

use mil_ir::{NewOp, OpId, Operand, ValueId};
use mil_pass::{No, Rewrite};
use mil_tensor::Tensor;

use super::letters::{Letter, Letters, View, Word, number};

/// An op that gives a value other axes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Reshape(Vec<i32>),
    ExpandDims(Vec<i32>),
    Squeeze(Vec<i32>),
    Transpose(Vec<i32>),
    Tile(Vec<i32>),
}

/// The ops that give a value with the axes `from` the axes `to`. It is repeated along letters that it does
/// not have.
pub(super) fn arrange(letters: &Letters, from: &[Word], to: &[Word]) -> Result<Vec<Step>, No> {
    let (from, to) = (letters.view(from), letters.view(to));
    let has = |letter: &Letter| from.iter().any(|word| word.contains(letter));
    let wanted: Vec<Letter> = to.iter().flatten().copied().filter(has).collect();
    let lost = from.iter().flatten().any(|letter| !wanted.contains(letter));
    No::unless(!lost, "an axis would be lost")?;
    let mut way = Way { letters, at: from.clone(), steps: Vec::new() };
    let kept: View =
        to.iter().map(|word| word.iter().copied().filter(|letter| has(letter)).collect()).collect();
    if way.at.concat() != wanted {
        way.transpose(&wanted, &kept)?;
    }
    if kept == to {
        way.reshape(&kept)?;
    } else {
        way.repeat(&kept, &to)?;
    }
    Ok(way.steps)
}

/// What the ops cost, roughly: what copies more counts more.
pub(super) fn cost(steps: &[Step]) -> usize {
    let of = |step: &Step| match step {
        Step::Reshape(_) | Step::ExpandDims(_) | Step::Squeeze(_) => 1,
        Step::Transpose(_) => 2,
        Step::Tile(_) => 4,
    };
    steps.iter().map(of).sum()
}

/// Emits the ops.
pub(super) fn emit(
    rw: &mut Rewrite<'_>,
    steps: &[Step],
    operand: Operand,
    label: &str,
    before: OpId,
) -> Result<Operand, No> {
    let mut operand = operand;
    for step in steps {
        operand = emit_step(rw, step, operand, label, before)?.into();
    }
    Ok(operand)
}

fn emit_step(
    rw: &mut Rewrite<'_>,
    step: &Step,
    operand: Operand,
    label: &str,
    before: OpId,
) -> Result<ValueId, No> {
    let (kind, param, numbers) = match step {
        Step::Reshape(shape) => ("reshape", "shape", shape),
        Step::ExpandDims(axes) => ("expand_dims", "axes", axes),
        Step::Squeeze(axes) => ("squeeze", "axes", axes),
        Step::Transpose(perm) => ("transpose", "perm", perm),
        Step::Tile(reps) => ("tile", "reps", reps),
    };
    let new = NewOp::new(kind).named(label).with("x", operand).with(param, Tensor::ints(numbers));
    rw.emit_one(new, before)
}

/// A value on its way to other axes.
struct Way<'a> {
    letters: &'a Letters,
    at: View,
    steps: Vec<Step>,
}

impl Way<'_> {
    /// Brings the letters into another order: by one transpose of whole axes where that does it.
    fn transpose(&mut self, order: &[Letter], goal: &[Word]) -> Result<(), No> {
        if let Some(perm) = permutation(&self.at, goal) {
            self.at = goal.to_vec();
            self.steps.push(Step::Transpose(perm));
            return Ok(());
        }
        let whole: Option<View> = words_in_order(&self.at, order);
        if whole.is_none() {
            // Runs of letters that stay together in both.
            let split = self.at.iter().flat_map(|word| runs(word, order)).collect::<View>();
            self.reshape(&split)?;
        }
        let goal = words_in_order(&self.at, order).ok_or(No::miss("axes are not brought into order"))?;
        // Axes of size 1 go to the front.
        let ones = self.at.iter().filter(|word| word.is_empty()).count();
        let goal: View = std::iter::repeat_n(Word::new(), ones).chain(goal).collect();
        let perm = permutation(&self.at, &goal).ok_or(No::miss("axes are not brought into order"))?;
        self.at = goal;
        self.steps.push(Step::Transpose(perm));
        Ok(())
    }

    /// Groups the letters otherwise, whose order stays.
    fn reshape(&mut self, goal: &[Word]) -> Result<(), No> {
        if self.at == goal {
            return Ok(());
        }
        let words = |view: &[Word]| view.iter().filter(|word| !word.is_empty()).cloned().collect::<View>();
        let ones = |view: &[Word]| -> Vec<i32> {
            let empty = view.iter().enumerate().filter(|(_, word)| word.is_empty());
            empty.map(|(axis, _)| axis as i32).collect()
        };
        if words(&self.at) != words(goal) {
            self.steps.push(Step::Reshape(self.shape(goal)?));
        } else {
            match (ones(&self.at), ones(goal)) {
                (gone, added) if gone.is_empty() => self.steps.push(Step::ExpandDims(added)),
                (gone, added) if added.is_empty() => self.steps.push(Step::Squeeze(gone)),
                (gone, added) => match self.shape(goal) {
                    Ok(shape) => self.steps.push(Step::Reshape(shape)),
                    Err(_) => self.steps.extend([Step::Squeeze(gone), Step::ExpandDims(added)]),
                },
            }
        }
        self.at = goal.to_vec();
        Ok(())
    }

    /// The sizes as `reshape` takes them: 0 for one that is not known and stays as far from the last axis as
    /// it is, -1 for another one.
    fn shape(&self, goal: &[Word]) -> Result<Vec<i32>, No> {
        let mut sizes = Vec::with_capacity(goal.len());
        for (axis, word) in goal.iter().enumerate() {
            let stays = (axis + self.at.len()).checked_sub(goal.len()).is_some_and(|at| self.at[at] == *word);
            sizes.push(match number(&self.letters.size(word)) {
                Some(size) => i32::try_from(size).map_err(|_| No::miss("a size is beyond int32"))?,
                None if stays => 0,
                None => -1,
            });
        }
        let unknown = sizes.iter().filter(|&&size| size == -1).count();
        No::unless(unknown <= 1, "two sizes of a reshape are not known")?;
        Ok(sizes)
    }

    /// Repeats the value along the letters that it lacks.
    fn repeat(&mut self, kept: &[Word], goal: &[Word]) -> Result<(), No> {
        // Each axis falls into runs that the value has and runs that it lacks.
        let (mut parts, mut reps, mut runs) = (View::new(), Vec::new(), View::new());
        for (word, kept) in goal.iter().zip(kept) {
            let mut word = &word[..];
            if word.is_empty() {
                parts.push(Word::new());
                runs.push(Word::new());
                reps.push(1);
            }
            while let Some(first) = word.first() {
                let present = kept.contains(first);
                let end = word.iter().position(|letter| kept.contains(letter) != present);
                let (run, rest) = word.split_at(end.unwrap_or(word.len()));
                let times = number(&self.letters.size(run)).and_then(|size| i32::try_from(size).ok());
                parts.push(if present { run.to_vec() } else { Word::new() });
                runs.push(run.to_vec());
                reps.push(match present {
                    true => 1,
                    false => times.ok_or(No::miss("how often a value is repeated is not known"))?,
                });
                word = rest;
            }
        }
        self.reshape(&parts)?;
        self.steps.push(Step::Tile(reps));
        self.at = runs;
        self.reshape(goal)
    }
}

/// The permutation of whole axes that gives `to`.
fn permutation(from: &[Word], to: &[Word]) -> Option<Vec<i32>> {
    let mut free: Vec<bool> = vec![true; from.len()];
    let mut perm = Vec::new();
    for word in to {
        let axis = (0..from.len()).find(|&axis| free[axis] && from[axis] == *word)?;
        free[axis] = false;
        perm.push(axis as i32);
    }
    (from.len() == to.len()).then_some(perm)
}

/// The axes, those of size 1 aside, in the order in which their letters come.
fn words_in_order(view: &[Word], order: &[Letter]) -> Option<View> {
    let place = |word: &Word| order.iter().position(|letter| Some(letter) == word.first());
    let mut words: View = view.iter().filter(|word| !word.is_empty()).cloned().collect();
    words.sort_by_key(place);
    (words.concat() == order).then_some(words)
}

/// The parts of an axis whose letters follow one another in `order` too.
fn runs(word: &[Letter], order: &[Letter]) -> View {
    let mut runs = View::new();
    for &letter in word {
        let follows =
            |last: &Word| order.windows(2).any(|pair| Some(&pair[0]) == last.last() && pair[1] == letter);
        match runs.last_mut().filter(|last| follows(last)) {
            Some(last) => last.push(letter),
            None => runs.push(vec![letter]),
        }
    }
    if runs.is_empty() { vec![Word::new()] } else { runs }
}
