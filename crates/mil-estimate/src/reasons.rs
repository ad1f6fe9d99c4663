//! Why ops are not on the Neural Engine, rule by rule: messages that differ only in a name or a shape are
//! one, with what differs beside it.

use std::collections::BTreeMap;

use crate::estimate::FunctionEstimate;

/// Ops that are off the Neural Engine by one rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    /// The rule's code.
    pub(crate) code: &'static str,
    /// Its message; `…` stands for what differs from op to op.
    pub(crate) message: String,
    /// What differs, the most frequent first; empty where nothing does, or where it is the op type.
    pub(crate) variants: Vec<(String, usize)>,
    /// Op types, the most frequent first.
    pub(crate) kinds: Vec<(String, usize)>,
    /// Places of the ops.
    pub(crate) ops: Vec<usize>,
}

/// The groups of a function, those with most ops first.
pub(crate) fn groups(function: &FunctionEstimate) -> Vec<Group> {
    let mut found: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    for (at, op) in function.ops.iter().enumerate() {
        if let Some(reason) = &op.reason {
            found.entry(reason.code).or_default().push(at);
        }
    }
    let mut groups: Vec<Group> = found.into_iter().map(|(code, ops)| group(function, code, ops)).collect();
    groups.sort_by(|a, b| b.ops.len().cmp(&a.ops.len()).then(a.code.cmp(b.code)));
    groups
}

fn group(function: &FunctionEstimate, code: &'static str, ops: Vec<usize>) -> Group {
    let kinds = counted(ops.iter().map(|&at| &*function.ops[at].kind));
    let messages =
        || ops.iter().filter_map(|&at| function.ops[at].reason.as_ref()).map(|reason| &*reason.message);
    let (message, variants) = match code {
        "not_worth_switching" => {
            ("the ANE could run them; the time saved is shorter than the switches".to_owned(), Vec::new())
        }
        "gpu_cheaper" => ("the GPU makes a cheaper plan".to_owned(), Vec::new()),
        _ => template(&counted(messages())),
    };
    // What differs is the op type: the types are listed anyway.
    let variants = if variants == kinds { Vec::new() } else { variants };
    Group { code, message, variants, kinds, ops }
}

/// Texts with how often they come, the most frequent first.
fn counted<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<(String, usize)> {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    texts.for_each(|text| *found.entry(text).or_default() += 1);
    let mut found: Vec<_> = found.into_iter().map(|(text, count)| (text.to_owned(), count)).collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    found
}

/// What messages have in common, and what each has instead of the `…`. Messages with little in common are
/// variants as a whole.
fn template(messages: &[(String, usize)]) -> (String, Vec<(String, usize)>) {
    let [(first, _), others @ ..] = messages else { return (String::new(), Vec::new()) };
    if others.is_empty() {
        return (first.clone(), Vec::new());
    }
    let letters = |text: &str| text.chars().collect::<Vec<char>>();
    let first = letters(first);
    let (mut head, mut tail) = (first.len(), first.len());
    for (other, _) in others {
        let other = letters(other);
        let common = first.iter().zip(&other).take_while(|(a, b)| a == b).count();
        head = head.min(common);
        let common = first.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
        tail = tail.min(common).min(other.len() - head.min(other.len()));
    }
    // Whole words differ, not letters that happen to be equal.
    let apart = |letter: &char| !letter.is_alphanumeric() && *letter != '_';
    while head > 0 && !apart(&first[head - 1]) {
        head -= 1;
    }
    tail = tail.min(first.len() - head);
    while tail > 0 && !apart(&first[first.len() - tail]) {
        tail -= 1;
    }
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let cut = |message: &str| {
        let letters = letters(message);
        text(&letters[head..(letters.len() - tail).max(head)])
    };
    let message = if head + tail < 8 {
        "in these words: …".to_owned()
    } else {
        format!("{}…{}", text(&first[..head]), text(&first[first.len() - tail..]))
    };
    let whole = head + tail < 8;
    let variant = |(text, count): &(String, usize)| (if whole { text.clone() } else { cut(text) }, *count);
    (message, messages.iter().map(variant).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(messages: &[(&str, usize)]) -> (String, Vec<(String, usize)>) {
        template(&messages.iter().map(|(text, count)| ((*text).to_owned(), *count)).collect::<Vec<_>>())
    }

    #[test]
    fn what_differs_stands_beside_the_message() {
        let (message, variants) =
            of(&[("Unsupported MIL operation \"lstm\".", 2), ("Unsupported MIL operation \"shape\".", 1)]);
        assert_eq!(message, "Unsupported MIL operation \"…\".");
        assert_eq!(variants, [("lstm".to_owned(), 2), ("shape".to_owned(), 1)]);
        let (message, variants) = of(&[("dimensions N1W34 are out", 2), ("dimensions N1W35 are out", 1)]);
        assert_eq!((&*message, &*variants[1].0), ("dimensions … are out", "N1W35"));
    }

    #[test]
    fn one_message_is_itself_and_different_ones_are_told_whole() {
        assert_eq!(of(&[("a b", 3)]), ("a b".to_owned(), vec![]));
        let (message, variants) = of(&[("one thing", 2), ("another", 1)]);
        assert_eq!(message, "in these words: …");
        assert_eq!(variants[0], ("one thing".to_owned(), 2));
        assert_eq!(of(&[("aa", 1), ("aaa", 1)]).1.len(), 2);
    }
}
