//! Summaries as people read them.

use std::fmt;

use crate::inspect::{FeatureSummary, Flexible, FunctionSummary, Range, Summary, Weights};
use crate::words;

/// Characters of a text of the model that are shown.
const SHOWN: usize = 160;

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = match &self.target {
            Some(target) => format!("{target} and later"),
            None if self.specification_version < 1 => "not a version".to_owned(),
            None => "newer than this milopt".to_owned(),
        };
        write!(f, "{}, specification version {} ({target})", self.kind, self.specification_version)?;
        if let Some(bytes) = self.file_bytes {
            write!(f, ", {}", words::bytes(bytes))?;
        }
        writeln!(f)?;
        if let Some(text) = &self.not_shown {
            writeln!(f, "{text}")?;
        }
        for (name, function) in &self.functions {
            if self.kind == "mlprogram" {
                write!(f, "\nfunction {name}")?;
            } else {
                write!(f, "\ninterface")?;
            }
            writeln!(f, "{function}")?;
        }
        self.weights.fmt(f)?;
        if !self.metadata.is_empty() {
            writeln!(f)?;
        }
        for (key, value) in &self.metadata {
            writeln!(f, "{key}: {}", shortened(value))?;
        }
        for (index, member) in self.members.iter().enumerate() {
            let name = member.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
            writeln!(f, "\n-- member {index}{name} --\n{member}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FunctionSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.opset.is_empty() {
            write!(f, ", opset {}", self.opset)?;
        }
        if !self.other_opsets.is_empty() {
            write!(f, ", also specialised for {}", self.other_opsets.join(", "))?;
        }
        for (role, features) in [("input", &self.inputs), ("output", &self.outputs), ("state", &self.states)]
        {
            for feature in features {
                write!(f, "\n  {role:<7}{feature}")?;
                if self.predicted_feature == feature.name {
                    f.write_str(", the prediction")?;
                }
                if self.predicted_probabilities == feature.name {
                    f.write_str(", the probabilities")?;
                }
                if !feature.doc.is_empty() {
                    write!(f, "\n         {}", shortened(&feature.doc))?;
                }
            }
        }
        let mut ops: Vec<_> = self.ops.iter().collect();
        ops.sort_by_key(|(kind, count)| (std::cmp::Reverse(**count), (*kind).clone()));
        if !ops.is_empty() {
            write!(f, "\n  {}", words::count(ops.iter().map(|(_, count)| **count).sum(), "op"))?;
        }
        for (kind, count) in ops {
            write!(f, "\n  {count:>7} {kind}")?;
        }
        Ok(())
    }
}

/// `x: fp16 [1, 64]; also axis 1: 1..64`, `photo: image 640 wide × 384 high, grayscale`.
impl fmt::Display for FeatureSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.kind)?;
        let is_image = self.kind == "image";
        match self.shape.as_deref() {
            Some([height, width]) if is_image => write!(f, " {width} wide × {height} high")?,
            Some([]) => f.write_str(", shape not declared")?,
            Some(shape) => write!(f, " {shape:?}")?,
            None => {}
        }
        match (self.kind.as_str(), &self.keys, &self.elements) {
            ("dictionary", keys, _) => {
                write!(f, " from {} to double", keys.as_deref().unwrap_or("an unspecified type"))?;
            }
            ("sequence", _, elements) => {
                write!(f, " of {}", elements.as_deref().unwrap_or("an unspecified type"))?;
            }
            _ => {}
        }
        if let Some(length) = self.length {
            write!(f, ", length {length}")?;
        }
        if let Some(color) = &self.color {
            write!(f, ", {color}")?;
        }
        if self.optional {
            f.write_str(", optional")?;
        }
        match &self.flexible {
            Some(Flexible::Enumerated(shapes)) => {
                let shapes: Vec<String> = shapes.iter().map(|shape| enumerated(shape, is_image)).collect();
                write!(f, "; one of {}", shapes.join(", "))
            }
            Some(Flexible::Ranges(ranges)) => {
                let free = ranges.iter().enumerate().filter(|(_, range)| range.upper != Some(range.lower));
                let words: Vec<String> =
                    free.map(|(axis, range)| axis_words(axis, *range, is_image)).collect();
                if words.is_empty() { Ok(()) } else { write!(f, "; {}", words.join(", ")) }
            }
            None => Ok(()),
        }
    }
}

fn enumerated(shape: &[i64], is_image: bool) -> String {
    match shape {
        [height, width] if is_image => format!("{width} × {height}"),
        shape => format!("{shape:?}"),
    }
}

fn axis_words(axis: usize, range: Range, is_image: bool) -> String {
    match (is_image, axis) {
        (true, 0) => format!("height: {range}"),
        (true, 1) => format!("width: {range}"),
        _ => format!("axis {axis}: {range}"),
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.upper {
            Some(upper) if upper == self.lower => write!(f, "{upper}"),
            Some(upper) => write!(f, "{}..{upper}", self.lower),
            None => write!(f, "{} or more", self.lower),
        }
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tensors == 0 {
            return Ok(());
        }
        writeln!(f, "\nweights: {} in {}", words::bytes(self.bytes), words::count(self.tensors, "tensor"))?;
        let mut rows: Vec<_> = self.precisions.iter().collect();
        rows.sort_by_key(|(name, stored)| (std::cmp::Reverse(stored.bytes), (*name).clone()));
        // Text is counted as tensors, without bytes.
        for (name, stored) in rows.into_iter().filter(|(_, stored)| stored.bytes > 0) {
            let bytes = words::bytes(stored.bytes);
            writeln!(f, "  {bytes:>10} {name}, {}", words::count(stored.tensors, "tensor"))?;
        }
        Ok(())
    }
}

/// A text of the model on one line, its end left out where it is long.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let count = line.chars().count();
    if count <= SHOWN {
        return line;
    }
    let start: String = line.chars().take(SHOWN).collect();
    format!("{start}… ({count} characters, --json has all)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_in_words() {
        let feature = |kind: &str, shape: Option<&[i64]>| FeatureSummary {
            name: "x".into(),
            kind: kind.into(),
            shape: shape.map(<[i64]>::to_vec),
            ..FeatureSummary::default()
        };
        let range = |lower, upper| Range { lower, upper };
        let array = FeatureSummary {
            flexible: Some(Flexible::Ranges(vec![range(1, Some(1)), range(1, Some(64)), range(2, None)])),
            optional: true,
            ..feature("fp16", Some(&[1, 8, 2]))
        };
        assert_eq!(array.to_string(), "x: fp16 [1, 8, 2], optional; axis 1: 1..64, axis 2: 2 or more");
        let image = FeatureSummary {
            color: Some("rgb".into()),
            flexible: Some(Flexible::Enumerated(vec![vec![384, 640], vec![192, 320]])),
            ..feature("image", Some(&[384, 640]))
        };
        assert_eq!(image.to_string(), "x: image 640 wide × 384 high, rgb; one of 640 × 384, 320 × 192");
        assert_eq!(feature("fp16", Some(&[])).to_string(), "x: fp16, shape not declared");
        let labels = FeatureSummary { keys: Some("string".into()), ..feature("dictionary", None) };
        assert_eq!(labels.to_string(), "x: dictionary from string to double");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(shortened("a\n b"), "a b");
        let long = shortened(&"é".repeat(1_178));
        assert!(long.ends_with("é… (1178 characters, --json has all)"), "{long}");
    }
}
