//! Random numbers. They are reproducible, and not those that Core ML draws.

use mil_tensor::random::Stream;

use super::{Context, EvalError};

/// A stream of random numbers.
pub(crate) struct Noise(Stream);

impl Noise {
    /// The stream of an op: from its `seed` if that is not negative; else from the evaluation's, and the op's
    /// number.
    pub(crate) fn new(cx: &Context<'_>) -> Result<Noise, EvalError> {
        let seed = cx.int("seed")?;
        let start = match u64::try_from(seed) {
            Ok(seed) => seed,
            Err(_) => cx.options.seed ^ cx.stream.wrapping_mul(0xD134_2543_DE82_EF95),
        };
        Ok(Noise(Stream::new(start)))
    }

    /// Uniform from 0 on, below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.unit()
    }

    /// Normal, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.unit(), self.unit());
        (-2.0 * libm::log(radius)).sqrt() * libm::cos(std::f64::consts::TAU * angle)
    }
}
