//! How much a weight loses.

use mil_tensor::{Tensor, vectorized};

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
    let readers = || (Reader::new(before), Reader::new(after));
    let tiles = par::map_with(before.len().div_ceil(TILE), readers, |(old, new), tile| {
        let (first, count) = (tile * TILE, TILE.min(before.len() - tile * TILE));
        let (old, new) = (old.floats(first, count)?, new.floats(first, count)?);
        Ok(of_tile(old, new))
    })?;
    Ok(tiles.into_iter().fold(Loss::default(), |all, tile| Loss {
        signal: all.signal + tile.signal,
        noise: all.noise + tile.noise,
    }))
}

vectorized! {
    fn of_tile<'o, 'n>(old: &'o [f32], new: &'n [f32]) -> Loss {
        // Four sums, for vector units.
        let (mut signal, mut noise) = ([0.0; 4], [0.0; 4]);
        for (old, new) in old.chunks(4).zip(new.chunks(4)) {
            for (at, (&old, &new)) in old.iter().zip(new).enumerate() {
                let (old, new) = (f64::from(old), f64::from(new));
                signal[at] += old * old;
                noise[at] += (old - new) * (old - new);
            }
        }
        let sum = |lanes: [f64; 4]| (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
        Loss { signal: sum(signal), noise: sum(noise) }
    }
}
