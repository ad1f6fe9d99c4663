//! Fits of weights: from the weight alone, or from what it meets in sample calls.

use mil_compress::CompressError;
use mil_ir::Program;
use mil_pass::{PassCx, PassError};
use mil_tensor::Tensor;

use super::calibration::{Calibrated, Function, Layer};
use super::held::Room;
use super::weights::Compressor;

/// Bytes of what layers meet that are gathered in one run over all calls.
const GATHERED: usize = 256 << 20;

/// What is to be fitted.
pub(super) struct Planned<P> {
    pub(super) plan: P,
    /// The weight.
    pub(super) tensor: Tensor,
    /// The layer in which it is looked at, and the number of its graph; or why it is not looked at. `None`
    /// where nobody asked.
    pub(super) layer: Option<Result<(usize, Layer), &'static str>>,
}

/// A fit, or what it refused.
pub(super) type Outcome<F> = Result<F, CompressError>;

/// All fits.
pub(super) fn all<C: Compressor>(
    compressor: &C,
    planned: &[Planned<C::Plan>],
    program: &mut Program,
    cx: &mut PassCx<'_>,
) -> Result<Vec<Outcome<C::Fit>>, PassError> {
    let mut fits: Vec<Option<Outcome<C::Fit>>> = planned.iter().map(|_| None).collect();
    if let Some(samples) = compressor.samples() {
        calibrated(compressor, samples, planned, &mut fits, program, cx)?;
    }
    let open: Vec<usize> = (0..planned.len()).filter(|&at| fits[at].is_none()).collect();
    let mut plain = plain(compressor, planned, &open).into_iter();
    Ok(fits.into_iter().filter_map(|fit| fit.or_else(|| plain.next())).collect())
}

/// The fits of some weights from their elements alone.
pub(super) fn plain<C: Compressor>(
    compressor: &C,
    planned: &[Planned<C::Plan>],
    which: &[usize],
) -> Vec<Outcome<C::Fit>> {
    let is_light = |at: &usize| !compressor.is_heavy(&planned[*at].plan);
    let light: Vec<usize> = which.iter().copied().filter(is_light).collect();
    // Several at once where they need little memory.
    let room = Room::new();
    let found = mil_compress::each(light.len(), |number| room.fit(compressor, &planned[light[number]].plan));
    let mut found = found.into_iter();
    let in_order = which.iter().map(|&at| {
        let known = if is_light(&at) { found.next() } else { None };
        known.unwrap_or_else(|| room.fit(compressor, &planned[at].plan))
    });
    in_order.collect()
}

/// The fits of weights that are looked at in sample calls.
fn calibrated<C: Compressor>(
    compressor: &C,
    samples: &str,
    planned: &[Planned<C::Plan>],
    fits: &mut [Option<Outcome<C::Fit>>],
    program: &mut Program,
    cx: &mut PassCx<'_>,
) -> Result<(), PassError> {
    let samples = cx.samples(samples)?;
    let (mut number, mut fitting) = (0, 0);
    cx.each_graph(program, |graph, cx| {
        let (opset, name) = (cx.opset().clone(), cx.function().clone());
        let function = Function { graph, opset: &opset, name: &name, interface: cx.features() };
        let own = number;
        number += 1;
        let Some(calls) = function.calls(samples)? else { return Ok(()) };
        fitting += 1;
        let of_graph = planned.iter().enumerate().filter_map(|(at, planned)| match &planned.layer {
            Some(Ok((graph, layer))) if *graph == own => Some((at, layer)),
            _ => None,
        });
        let mut left: Vec<(usize, &Layer)> = of_graph.collect();
        while !left.is_empty() {
            cx.check_cancelled()?;
            let sums = left.iter().scan(0_usize, |sum, (_, layer)| {
                *sum = sum.saturating_add(layer.bytes());
                Some(*sum)
            });
            let count = sums.take_while(|&bytes| bytes <= GATHERED).count().max(1);
            let batch: Vec<(usize, &Layer)> = left.drain(..count).collect();
            let layers: Vec<&Layer> = batch.iter().map(|(_, layer)| *layer).collect();
            let grams = function.gather(&calls, &layers)?;
            for ((at, layer), gram) in batch.into_iter().zip(grams) {
                let met = Calibrated::new(layer, gram);
                let plan = &planned[at].plan;
                fits[at] = Some(compressor.fit(plan, compressor.weight(plan), Some(&met)));
            }
        }
        Ok(())
    })?;
    if fitting == 0 {
        return Err(PassError::Refused("no function takes the inputs that the samples have".into()));
    }
    Ok(())
}
