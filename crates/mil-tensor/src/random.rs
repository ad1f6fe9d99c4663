//! The project's one source of random numbers: for tests, for random inputs, and for ops that draw.

/// A stream of random numbers that is the same for the same seed, on every machine: SplitMix64.
#[derive(Clone, Debug)]
pub struct Stream(u64);

impl Stream {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Stream {
        let mut stream = Stream(seed);
        stream.bits();
        stream
    }

    /// The stream of a seed and a name: other names, other numbers, whatever else is drawn before.
    pub fn named(seed: u64, name: &str) -> Stream {
        // FNV-1a.
        let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        Stream::new(Stream::new(seed).bits() ^ hash)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 on, below `bound`; 0 where that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound.max(1) as u64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub fn range(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several; there is at least one.
    #[allow(clippy::indexing_slicing, reason = "documented: there is at least one")]
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// A number from 0 on, below 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_everything() {
        // The second number of the reference implementation of SplitMix64 for the seed 0.
        assert_eq!(Stream::new(0).bits(), 0x6E78_9E6A_A1B9_65F4);
        let draw = |mut stream: Stream| (0..4).map(|_| stream.bits()).collect::<Vec<_>>();
        assert_eq!(draw(Stream::named(1, "x")), draw(Stream::named(1, "x")));
        assert_ne!(draw(Stream::named(1, "x")), draw(Stream::named(1, "y")));
        assert_ne!(draw(Stream::named(1, "x")), draw(Stream::named(2, "x")));
    }

    #[test]
    fn bounds_hold() {
        let mut stream = Stream::new(3);
        for _ in 0..1000 {
            assert!(stream.below(7) < 7);
            assert!((2..=4).contains(&stream.range(2, 4)));
            assert!((0.0..1.0).contains(&stream.unit()));
        }
        assert_eq!(stream.below(0), 0);
    }
}
