//! Lines that differ between two texts.

/// Lines of context around a change.
const CONTEXT: usize = 2;

/// The lines of `b` that are not in `a` with `+`, the other way round with `-`, and some context.
///
/// Programs are mostly equal: what is common at both ends is skipped, and between, lines are matched greedily by content, which
/// suits text whose lines are nearly unique.
pub fn lines(a: &str, b: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b, before, after) =
        (&a[start..a.len() - end], &b[start..b.len() - end], &a[..start], &a[a.len() - end..]);

    let mut places: std::collections::HashMap<&str, Vec<usize>> = std::collections::HashMap::new();
    b.iter().enumerate().rev().for_each(|(at, line)| places.entry(line).or_default().push(at));
    let mut out: Vec<(char, &str)> = Vec::new();
    let mut next = 0;
    for line in a {
        let found = places.get_mut(line).and_then(|found| {
            while found.last().is_some_and(|&at| at < next) {
                found.pop();
            }
            found.pop()
        });
        match found {
            Some(at) => {
                out.extend(b[next..at].iter().map(|line| ('+', *line)));
                out.push((' ', line));
                next = at + 1;
            }
            None => out.push(('-', line)),
        }
    }
    out.extend(b[next..].iter().map(|line| ('+', *line)));

    if out.iter().all(|(mark, _)| *mark == ' ') {
        return String::new();
    }
    let mut text = String::new();
    let first = before.iter().rev().take(CONTEXT).rev().map(|line| (' ', *line));
    let last = after.iter().take(CONTEXT).map(|line| (' ', *line));
    let all: Vec<(char, &str)> = first.chain(out).chain(last).collect();
    let changed = |at: usize| all.get(at).is_some_and(|(mark, _)| *mark != ' ');
    let mut skipped = false;
    for (at, (mark, line)) in all.iter().enumerate() {
        let near = (at.saturating_sub(CONTEXT)..=at + CONTEXT).any(changed);
        if near {
            text.push(*mark);
            text.push_str(line);
            text.push('\n');
        } else if !skipped {
            text.push_str("  ...\n");
        }
        skipped = !near;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn shows_what_changed_with_context() {
        let a = "1\n2\n3\n4\n5\n6\n7\n8\n";
        assert_eq!(lines(a, "1\n2\n3\n4\nfive\n6\n7\n8\n"), " 3\n 4\n-5\n+five\n 6\n 7\n");
        assert_eq!(lines(a, a), "");
        assert_eq!(lines("a\n", "a\nb\n"), " a\n+b\n");
    }
}
