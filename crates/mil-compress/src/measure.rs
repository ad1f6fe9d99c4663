//! How much a weight loses.

use mil_tensor::Tensor;

use crate::read::{Reader, TILE};
use crate::{CompressError, par};

/// What a weight loses by compression.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// Sum of the squares of the weight.
    pub signal: f64,
    /// Sum of the squared differences.
    pub noise: f64,
}

impl Loss {
    /// Signal to noise in decibels: infinite where nothing is lost.
    pub fn snr_db(&self) -> f64 {
        if self.noise == 0.0 { f64::INFINITY } else { 10.0 * libm::log10(self.signal / self.noise) }
    }
}

/// Compares a weight with what it becomes, which has as many elements.
pub fn loss(before: &Tensor, after: &Tensor) -> Result<Loss, CompressError> {
    if before.len() != after.len() {
        return Err(CompressError::Option("the weights have different sizes".into()));
    }
    let tiles = par::map(before.len().div_ceil(TILE), |tile| {
        let (first, count) = (tile * TILE, TILE.min(before.len() - tile * TILE));
        let (mut old, mut new) = (Reader::new(before), Reader::new(after));
        let pairs = old.floats(first, count)?.iter().zip(new.floats(first, count)?.iter());
        Ok(pairs.fold(Loss::default(), |all, (&old, &new)| {
            let (old, new) = (f64::from(old), f64::from(new));
            Loss { signal: all.signal + old * old, noise: all.noise + (old - new) * (old - new) }
        }))
    })?;
    Ok(tiles.into_iter().fold(Loss::default(), |all, tile| Loss {
        signal: all.signal + tile.signal,
        noise: all.noise + tile.noise,
    }))
}
