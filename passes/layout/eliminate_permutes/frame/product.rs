//! Products, whose operands and result may each have their last two axes swapped.
//!
//! Each of the three has a frame of its own, so that a flag is free of the others. Where there are several
//! leading axes, which all three have in one order, they share a frame: the leading axes, and then the last two
//! of `x`, of `y` and of the result.

use super::{Factor, Frame, Kind, MOST_AXES, ONE, Site, Slot, View};

impl Frame {
    /// The operands (0 and 1) and the result (2) of a product that this view of its frame takes or gives
    /// otherwise than they were written: with the last two axes swapped. `None` for what is not a product.
    pub(in super::super) fn swapped_ports(&self, view: &View) -> Option<[bool; 3]> {
        let mut ports = [false; 3];
        match self.kind {
            Kind::Product => {
                let port = self.slots.first().map_or(2, port);
                ports[port] = self.identity().as_ref() != Some(view);
            }
            Kind::Batches(batches) => {
                let first = view.rank().checked_sub(6)?;
                for (port, swapped) in ports.iter_mut().enumerate() {
                    let axis = view.dims[first + 2 * port].first()?.axis;
                    *swapped = axis != batches + 2 * port;
                }
            }
            _ => return None,
        }
        Some(ports)
    }

    /// See [`Frame::lifted`]: the leading axes as they are seen, and the last two; those of the others stay.
    pub(super) fn lifted_batches(
        &self,
        batches: usize,
        slot: &Slot,
        seen: &View,
        now: &View,
    ) -> Option<View> {
        let (leading, last) = seen.dims.split_at(seen.rank().checked_sub(2)?);
        let is_leading = |factor: &Factor| factor.axis < batches;
        if leading.len() + 2 > MOST_AXES || !leading.iter().flatten().all(is_leading) {
            return None;
        }
        let own = batches + 2 * port(slot);
        let mut pair = Vec::with_capacity(2);
        for dim in last {
            let [factor] = &dim[..] else { return None };
            let whole = factor.inner == ONE && factor.size == slot.sizes[factor.axis];
            let place = factor.axis.checked_sub(batches).filter(|_| whole)?;
            pair.push(self.identity()?.dims.get(own + place)?.clone());
        }
        let first = now.rank().checked_sub(6)?;
        let mut dims = leading.to_vec();
        for other in 0..3 {
            match other == port(slot) {
                true => dims.append(&mut pair),
                false => dims.extend_from_slice(&now.dims[first + 2 * other..first + 2 * other + 2]),
            }
        }
        Some(View { dims })
    }
}

/// Which operand of a product a slot is, or its result.
fn port(slot: &Slot) -> usize {
    match &slot.site {
        Site::Takes { param, .. } => usize::from(param == "y"),
        Site::Gives(_) => 2,
    }
}
