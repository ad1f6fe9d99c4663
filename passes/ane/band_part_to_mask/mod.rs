use mil_ir::{NewOp, OpId};
use mil_pass::{Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::ane::number;

pass! {
    /// Selects by a constant mask where a `band_part` cuts out diagonals.
    ///
    /// Several in a row become one mask. The last two axes have known sizes, and the element type is a float.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 2]> x) {
    ///     tensor<fp32, [2, 2]> y = band_part(lower = int32(0), upper = int32(-1), x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 2]> x) {
    ///     fp32 y_b_0 = const()[name = string("y_b_0"), val = fp32(0x0p+0)];
    ///     tensor<bool, [2, 2]> y_cond_0 = const()[name = string("y_cond_0"), val = tensor<bool, [2, 2]>([[true, true], [false, true]])];
    ///     tensor<fp32, [2, 2]> y = select(a = x, b = y_b_0, cond = y_cond_0)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct BandPartToMask;
    id: "band_part_to_mask",
    numerics: Exact,
    patterns: [
        /// `band_part`, and those behind it
        band(band_part),
    ],
}

/// Elements that a mask may have.
const MOST: usize = 1 << 24;

fn band(rw: &mut Rewrite<'_>, last: OpId) -> Matched {
    let value = rw.result(last)?;
    let (dtype, rank) = (rw.dtype(value)?, rw.rank(value)?);
    No::unless(dtype.is_float(), "the value is not of floats")?;
    No::unless(rank >= 2, "the value has fewer than two axes")?;
    let feeds_another =
        rw.only_user(last).is_ok_and(|user| rw.is(user, &["band_part"]) && bounds(rw, user).is_ok());
    No::unless(!feeds_another, "the mask is made for the last of several in a row")?;
    let (rows, columns) = (rw.size(value, rank - 2)?, rw.size(value, rank - 1)?);
    No::unless(rows.checked_mul(columns).is_some_and(|size| size <= MOST), "the mask would be too large")?;
    let mut m = Match::ending(last);
    let mut cuts = vec![bounds(rw, last)?];
    let mut first = last;
    while let Ok(before) = rw.producer(first, "x", &["band_part"])
        && rw.used_only_by(before, first).is_ok()
        && let Ok(cut) = bounds(rw, before)
    {
        m.remember(before);
        cuts.push(cut);
        first = before;
    }
    let x = rw.input(first, "x")?;
    let stays = |row: usize, column: usize| {
        let below = row as i64 - column as i64;
        cuts.iter().all(|&(lower, upper)| (lower < 0 || below <= lower) && (upper < 0 || -below <= upper))
    };
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let mask: Vec<bool> = places.map(|(row, column)| stays(row, column)).collect();
    let mask = Tensor::from_bools(&[rows, columns], &mask)?;
    let zero = number(dtype, 0.0)?;
    m.replace(rw, NewOp::new("select").with("a", x).with("b", zero).with("cond", mask))
}

/// Diagonals below and above that stay; negative: all.
fn bounds(rw: &Rewrite<'_>, op: OpId) -> Result<(i64, i64), No> {
    let call = rw.call(op)?;
    Ok((call.int("lower")?, call.int("upper")?))
}
