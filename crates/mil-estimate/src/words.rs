//! Numbers as a person reads them: nothing is rounded to all or to nothing that is not.

/// `1 op`, `2 ops`, `3 switches`.
pub(crate) fn plural(count: usize, what: &str) -> String {
    let ending = match what {
        _ if count == 1 => "",
        what if what.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{count} {what}{ending}")
}

/// A part of a whole: `99.6%`. Only all is 100 %, only nothing is 0.
pub(crate) fn share(part: usize, whole: usize) -> String {
    if part == 0 || whole == 0 {
        return "0%".to_owned();
    }
    if part >= whole {
        return "100%".to_owned();
    }
    let tenths = (1000.0 * part as f64 / whole as f64).round().clamp(1.0, 999.0);
    let text = format!("{:.1}", tenths / 10.0);
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

/// Milliseconds, with as many digits as tell something: `413.2 ms`, `0.497 ms`, `< 0.0001 ms`.
pub(crate) fn ms(ms: f64) -> String {
    format!("{} ms", millis(ms))
}

/// The same without the unit.
pub(crate) fn millis(ms: f64) -> String {
    match ms {
        _ if ms <= 0.0 => "0".to_owned(),
        _ if ms < 0.0001 => "< 0.0001".to_owned(),
        _ if ms < 0.1 => format!("{ms:.4}"),
        _ if ms < 10.0 => format!("{ms:.3}"),
        _ => format!("{ms:.1}"),
    }
}

/// From one time to another: `3.02 → 0.50 ms`, with enough digits that they differ where the times do.
pub(crate) fn from_to(before: f64, after: f64) -> String {
    if after < 0.0001 || before < 0.0001 {
        return format!("{} → {} ms", millis(before), millis(after));
    }
    let least = before.min(after);
    let mut digits = if least < 0.1 { 4 } else { 2 };
    while digits < 6 && before != after && format!("{before:.digits$}") == format!("{after:.digits$}") {
        digits += 1;
    }
    format!("{before:.digits$} → {after:.digits$} ms")
}

/// A count of bytes: `1.6 MB`.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

/// Sizes: `1 × 3 × 224 × 224`.
pub(crate) fn sizes(shape: &[u64]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
}

/// A sentence begins with a capital letter.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_rounded_to_all_or_to_nothing() {
        assert_eq!([share(247, 248), share(9999, 10_000), share(248, 248)], ["99.6%", "99.9%", "100%"]);
        assert_eq!([share(0, 5), share(1, 10_000), share(1, 2), share(0, 0)], ["0%", "0.1%", "50%", "0%"]);
        assert_eq!(
            [ms(0.0), ms(0.00001), ms(0.0383), ms(0.4967)],
            ["0 ms", "< 0.0001 ms", "0.0383 ms", "0.497 ms"]
        );
        assert_eq!([ms(413.21), ms(3.02)], ["413.2 ms", "3.020 ms"]);
    }

    #[test]
    fn two_times_that_differ_look_different() {
        assert_eq!(from_to(3.0210, 0.4967), "3.02 → 0.50 ms");
        assert_eq!(from_to(0.3045, 0.0383), "0.3045 → 0.0383 ms");
        assert_eq!(from_to(0.5021, 0.5019), "0.5021 → 0.5019 ms");
        assert_eq!(from_to(0.3, 0.00001), "0.300 → < 0.0001 ms");
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(
            [plural(1, "segment"), plural(2, "segment"), plural(2, "switch")],
            ["1 segment", "2 segments", "2 switches"]
        );
    }
}
