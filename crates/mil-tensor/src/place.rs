//! Places that may be counted from the end.

/// Which of `count` axes (or elements, or whatever else stands in a row) an index names; a negative one
/// counts from the end.
pub fn place(index: i64, count: usize) -> Option<usize> {
    let count = i64::try_from(count).ok()?;
    let front = if index < 0 { index.checked_add(count)? } else { index };
    usize::try_from(front).ok().filter(|_| front < count)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_count_from_both_ends() {
        assert_eq!(place(0, 3), Some(0));
        assert_eq!(place(-1, 3), Some(2));
        assert_eq!(place(-3, 3), Some(0));
        for outside in [3, -4, i64::MAX, i64::MIN] {
            assert_eq!(place(outside, 3), None);
        }
        assert_eq!(place(0, 0), None);
    }
}
