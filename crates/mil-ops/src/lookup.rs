//! Finding an op by its name, which everything asks for all the time: a table that is made when milopt is
//! compiled, by a hash that reads a name's length and both its ends.

use crate::OpDef;
use crate::registry::OPS;

/// Twice as many as ops at least, so that most stand where they are looked for first.
const SLOTS: usize = OPS.len().next_power_of_two() * 2;

/// Nothing stands here.
const FREE: u16 = u16::MAX;

/// Where each op stands in [`OPS`]; one whose place was taken stands in the next that is free.
static TABLE: [u16; SLOTS] = table();

const fn table() -> [u16; SLOTS] {
    let mut table = [FREE; SLOTS];
    let mut op = 0;
    while op < OPS.len() {
        let mut at = place(OPS[op].name.as_bytes());
        while table[at] != FREE {
            at = (at + 1) % SLOTS;
        }
        table[at] = op as u16;
        op += 1;
    }
    table
}

/// Where an op of this name is looked for first.
const fn place(name: &[u8]) -> usize {
    let (first, last) = ends(name);
    let mixed = (first ^ last.rotate_left(29) ^ name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - SLOTS.trailing_zeros())) as usize
}

/// The first bytes of a name and the last, which are the same ones in a short name.
const fn ends(name: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        return (u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64);
    }
    match name {
        [first, middle @ .., last] => {
            let middle = if let [middle, ..] = middle { *middle } else { 0 };
            (*first as u64 | (middle as u64) << 8, *last as u64)
        }
        _ => (0, 0),
    }
}

/// The op of this type; `None` for one that this version does not know.
pub fn def(kind: &str) -> Option<&'static OpDef> {
    let mut at = place(kind.as_bytes());
    while TABLE[at] != FREE {
        let def = OPS[TABLE[at] as usize];
        if def.name == kind {
            return Some(def);
        }
        at = (at + 1) % SLOTS;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_op_is_found_and_nothing_else() {
        for op in OPS {
            assert_eq!(def(op.name), Some(*op));
            for unknown in [format!("{}_", op.name), format!("_{}", op.name), op.name[1..].to_owned()] {
                let known = OPS.iter().find(|op| op.name == unknown).copied();
                assert_eq!(def(&unknown), known, "{unknown}");
            }
        }
        assert_eq!(def(""), None);
    }

    #[test]
    fn ops_are_found_where_they_are_looked_for() {
        let found = |op: &&OpDef| TABLE.iter().position(|&at| OPS.get(usize::from(at)) == Some(op));
        let far = |op: &&&OpDef| found(op) != Some(place(op.name.as_bytes()));
        assert!(OPS.iter().filter(far).count() < OPS.len() / 4);
    }
}
