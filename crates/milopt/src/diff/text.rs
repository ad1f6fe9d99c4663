//! Lines that differ between two texts.

use similar::{Algorithm, TextDiff};

/// The lines of `b` that are not in `a` with `+`, the other way round with `-`, and two lines of context.
pub fn lines(a: &str, b: &str) -> String {
    // The lines of programs are nearly unique, which is what this algorithm is for.
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(a, b);
    diff.unified_diff().context_radius(2).to_string()
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn shows_what_changed_with_context() {
        let a = "1\n2\n3\n4\n5\n6\n7\n8\n";
        let b = "1\n2\n3\n4\nfive\n6\n7\n8\n";
        assert_eq!(lines(a, b), "@@ -3,5 +3,5 @@\n 3\n 4\n-5\n+five\n 6\n 7\n");
        assert_eq!(lines(a, a), "");
        assert_eq!(lines("a\n", "a\nb\n"), "@@ -1 +1,2 @@\n a\n+b\n");
    }
}
