//! Random numbers. They are reproducible, and not those that Core ML draws.

use super::{Context, EvalError};

/// A stream of random numbers: SplitMix64.
pub(crate) struct Noise(u64);

impl Noise {
    /// The stream of an op: from its `seed` if that is not negative; else from the evaluation's, and the op's number.
    pub(crate) fn new(cx: &Context<'_>) -> Result<Noise, EvalError> {
        let seed = cx.int("seed")?;
        let start = match u64::try_from(seed) {
            Ok(seed) => seed,
            Err(_) => cx.options.seed ^ cx.stream.wrapping_mul(0xD134_2543_DE82_EF95),
        };
        let mut noise = Noise(start);
        noise.bits();
        Ok(noise)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform from 0 on, below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normal, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.unit(), self.unit());
        (-2.0 * libm::log(radius)).sqrt() * libm::cos(std::f64::consts::TAU * angle)
    }
}
