//! Random encoded messages of the schema, with unknown fields sprinkled in at every depth.

use mil_tensor::random::Stream;

use super::reader::push_varint;
use crate::schema::{Field, Kind, Label, Message};

/// An encoded message that every decoder accepts. Equal seeds give equal messages.
pub(super) fn message(message: &'static Message, seed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    Random(Stream::new(seed)).message(&mut out, message, 0);
    out
}

struct Random(Stream);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound as usize) as u64
    }

    fn number(&mut self) -> u64 {
        let bits = self.below(64);
        self.0.bits() >> bits
    }

    fn message(&mut self, out: &mut Vec<u8>, message: &'static Message, depth: u64) {
        let mut seen = 0_u64;
        let mut fields: Vec<&Field> = message.fields.iter().collect();
        // Any order is legal.
        for at in (1..fields.len()).rev() {
            fields.swap(at, self.below(at as u64 + 1) as usize);
        }
        // The payloads that have a type are the interesting ones, and the few among many.
        fields.sort_by_key(|field| matches!(field.kind, Kind::Opaque(_)));
        for field in fields {
            self.unknown(out);
            let deep = matches!(field.kind, Kind::Message(_)) && self.below(12) < depth;
            if deep || self.below(4) == 0 {
                continue;
            }
            if field.label == Label::Single {
                if seen & (1 << field.slot) != 0 {
                    continue;
                }
                seen |= 1 << field.slot;
                self.field(out, field, depth);
            } else {
                for _ in 0..self.below(3) {
                    self.field(out, field, depth);
                }
            }
        }
        self.unknown(out);
    }

    fn field(&mut self, out: &mut Vec<u8>, field: &Field, depth: u64) {
        let key = u64::from(field.number) << 3;
        let mut content = Vec::new();
        match field.kind {
            Kind::Message(message) => self.message(&mut content, message, depth + 1),
            Kind::String => content.extend("åbc".bytes().take([0, 2, 3, 4][self.below(4) as usize])),
            Kind::Bytes | Kind::Opaque(_) => content.extend(self.0.bits().to_le_bytes()),
            Kind::Float => {
                push_varint(out, key | 5);
                return out.extend((self.below(100) as f32).to_le_bytes());
            }
            Kind::Double => {
                push_varint(out, key | 1);
                return out.extend((self.below(100) as f64).to_le_bytes());
            }
            _ if field.label == Label::Repeated && self.below(2) == 0 => {
                for _ in 0..self.below(4) {
                    let number = self.number();
                    push_varint(&mut content, number);
                }
            }
            _ => {
                push_varint(out, key);
                let number = self.number();
                return push_varint(out, number);
            }
        }
        push_varint(out, key | 2);
        push_varint(out, content.len() as u64);
        out.extend(content);
    }

    /// Sometimes a field that no message of the schema has.
    fn unknown(&mut self, out: &mut Vec<u8>) {
        if self.below(12) != 0 {
            return;
        }
        let key = (5000 + self.below(3)) << 3;
        match self.below(5) {
            0 => {
                push_varint(out, key);
                let number = self.number();
                push_varint(out, number);
            }
            1 => {
                push_varint(out, key | 1);
                out.extend(self.0.bits().to_le_bytes());
            }
            2 => {
                // Long ones change how many bytes the lengths around them take.
                let length = [0, 3, 100, 200][self.below(4) as usize];
                push_varint(out, key | 2);
                push_varint(out, length);
                out.extend((0..length).map(|at| at as u8));
            }
            3 => {
                push_varint(out, key | 3);
                out.extend([0x08, 1]);
                push_varint(out, key | 4);
            }
            _ => {
                push_varint(out, key | 5);
                out.extend([1, 2, 3, 4]);
            }
        }
    }
}
