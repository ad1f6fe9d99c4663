//! Numbers as people read them.

/// Bytes in the unit that suits them, to three digits: `812 bytes`, `9.22 kB`, `219 kB`, `1.5 GB`.
pub(crate) fn bytes(count: u64) -> String {
    let unit = Unit::of(count);
    format!("{} {}", unit.digits(count), unit.name)
}

/// From so many bytes to so many, in the unit of the larger: `219 → 198 kB`; one number where they look
/// equal.
pub(crate) fn bytes_change(before: u64, after: u64) -> String {
    let unit = Unit::of(before.max(after));
    let (before, after) = (unit.digits(before), unit.digits(after));
    if before == after {
        return format!("{after} {}", unit.name);
    }
    format!("{before} → {after} {}", unit.name)
}

/// `1 op`, `2 ops`: a word that takes an s.
pub(crate) fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// `178 → 149 ops`; one number where they are equal.
pub(crate) fn count_change(before: usize, after: usize, word: &str) -> String {
    if before == after { count(after, word) } else { format!("{before} → {}", count(after, word)) }
}

struct Unit {
    name: &'static str,
    size: u64,
}

impl Unit {
    fn of(count: u64) -> Unit {
        match count {
            0..1_000 => Unit { name: if count == 1 { "byte" } else { "bytes" }, size: 1 },
            1_000..1_000_000 => Unit { name: "kB", size: 1_000 },
            1_000_000..1_000_000_000 => Unit { name: "MB", size: 1_000_000 },
            _ => Unit { name: "GB", size: 1_000_000_000 },
        }
    }

    fn digits(&self, count: u64) -> String {
        let value = count as f64 / self.size as f64;
        let decimals = match value {
            _ if self.size == 1 || value >= 99.95 => 0,
            _ if value >= 9.995 => 1,
            _ => 2,
        };
        format!("{value:.decimals$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_the_larger_unit() {
        let shown: Vec<String> =
            [0, 1, 812, 9_220, 99_960, 219_200, 1_500_000_000].into_iter().map(bytes).collect();
        assert_eq!(shown, ["0 bytes", "1 byte", "812 bytes", "9.22 kB", "100 kB", "219 kB", "1.50 GB"]);
        assert_eq!(bytes_change(219_200, 197_900), "219 → 198 kB");
        assert_eq!(bytes_change(1_200_000, 900), "1.20 → 0.00 MB");
        assert_eq!(bytes_change(5, 5), "5 bytes");
        assert_eq!(bytes_change(219_200, 219_300), "219 kB");
        assert_eq!(count_change(178, 1, "op"), "178 → 1 op");
        assert_eq!(count_change(1, 1, "op"), "1 op");
    }
}
