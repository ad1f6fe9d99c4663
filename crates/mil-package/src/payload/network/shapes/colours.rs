//! How far the knowledge of each input has spread.

use std::collections::HashMap;

use mil_ir::FunctionInterface;

/// Which inputs a value has to do with; sizes are followed until this is known.
pub(super) struct Colours {
    words: usize,
    bits: Vec<u64>,
    /// All values that have to do with an input at all, with every input.
    full: Vec<u64>,
}

impl Colours {
    pub(super) fn new(
        values: usize,
        inputs: usize,
        main: &FunctionInterface,
        numbers: &HashMap<String, usize>,
    ) -> Colours {
        let words = inputs.div_ceil(64);
        let mut full = vec![0; words];
        let mut bits = vec![0; words * values];
        for (at, input) in main.inputs.iter().enumerate() {
            let (word, bit) = (at / 64, 1u64 << (at % 64));
            if let Some(slot) = full.get_mut(word) {
                *slot |= bit;
            }
            let number = numbers.get(&*input.name).copied().unwrap_or_default();
            if let Some(slot) = bits.get_mut(number * words + word) {
                *slot |= bit;
            }
        }
        Colours { words, bits, full }
    }

    pub(super) fn spread(&mut self, from: &[usize], to: &[usize]) -> bool {
        let mut all = vec![0u64; self.words];
        for &value in from {
            let bits = self.bits.get(value * self.words..(value + 1) * self.words).unwrap_or_default();
            all.iter_mut().zip(bits).for_each(|(all, bits)| *all |= bits);
        }
        let mut changed = false;
        for &value in to {
            let bits = self.bits.get_mut(value * self.words..(value + 1) * self.words).unwrap_or_default();
            for (bits, all) in bits.iter_mut().zip(&all) {
                changed |= *all & !*bits != 0;
                *bits |= all;
            }
        }
        changed
    }

    pub(super) fn all(&self) -> bool {
        self.words == 0 || self.bits.chunks(self.words).all(|bits| bits == self.full)
    }
}
