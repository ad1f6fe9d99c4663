//! A plot of sizes against errors, as SVG.

use std::fmt::Write;

use crate::words;
use mil_estimate::escaped;

/// A place in the plot.
pub(super) struct Dot {
    pub(super) bytes: u64,
    pub(super) snr_db: f64,
    pub(super) label: String,
    /// It is one of those that no other beats: they are drawn strongly, labelled and joined by a line.
    pub(super) is_best: bool,
}

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 420.0;
/// Space for what stands around the plot.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 52.0;

/// Pixels of a letter, and of a line of them.
const LETTER: f64 = 6.6;
const LINE: f64 = 15.0;

/// Sizes go to the right, signal to noise goes up. What is exact has no height and is left out.
pub(super) fn plot(dots: &[Dot], title: &str) -> String {
    let dots: Vec<&Dot> = dots.iter().filter(|dot| dot.snr_db.is_finite()).collect();
    let (Some(x), Some(y)) = (
        Axis::new(dots.iter().map(|dot| dot.bytes as f64), LEFT, WIDTH - RIGHT),
        Axis::new(dots.iter().map(|dot| dot.snr_db), HEIGHT - BOTTOM, TOP),
    ) else {
        return String::new();
    };
    let mut svg =
        format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n", escaped(title));
    for tick in y.ticks() {
        let at = y.place(tick);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{tick:.0}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0
        );
    }
    for tick in x.ticks() {
        let at = x.place(tick);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{:.1}\"/>\
             <text class=\"tick\" x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - BOTTOM,
            HEIGHT - BOTTOM + 18.0,
            words::bytes(tick as u64)
        );
    }
    let _ = writeln!(
        svg,
        "<text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">size</text>\
         <text class=\"axis\" transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">\
         signal to noise, dB</text>",
        (LEFT + WIDTH - RIGHT) / 2.0,
        HEIGHT - 10.0,
        (TOP + HEIGHT - BOTTOM) / 2.0
    );
    let place = |dot: &Dot| (x.place(dot.bytes as f64), y.place(dot.snr_db));
    let best: Vec<String> = dots
        .iter()
        .filter(|dot| dot.is_best)
        .map(|dot| {
            let (x, y) = place(dot);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    if best.len() > 1 {
        let _ = writeln!(svg, "<polyline class=\"frontier\" points=\"{}\"/>", best.join(" "));
    }
    let mut taken = Labels::default();
    let centres: Vec<(f64, f64)> = dots.iter().map(|dot| place(dot)).collect();
    for dot in &dots {
        let (at, up) = place(dot);
        let class = if dot.is_best { "dot best" } else { "dot" };
        let _ = writeln!(
            svg,
            "<circle class=\"{class}\" cx=\"{at:.1}\" cy=\"{up:.1}\" r=\"{}\"><title>{}: {}, {:.1} dB</title></circle>",
            if dot.is_best { 5.0 } else { 4.0 },
            escaped(&dot.label),
            words::bytes(dot.bytes),
            dot.snr_db
        );
    }
    for dot in dots.iter().filter(|dot| dot.is_best) {
        if let Some((left, base)) = taken.find(place(dot), &dot.label, &centres) {
            let _ = writeln!(
                svg,
                "<text class=\"label\" x=\"{left:.1}\" y=\"{base:.1}\">{}</text>",
                escaped(&dot.label)
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// A linear scale with a little room at both ends.
struct Axis {
    least: f64,
    most: f64,
    step: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// `None` where there is nothing to show.
    fn new(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Option<Axis> {
        let (least, most) =
            (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max));
        if least > most {
            return None;
        }
        let room = ((most - least) * 0.06).max(most.abs() * 0.02).max(1.0);
        let (least, most) = (if least >= 0.0 { (least - room).max(0.0) } else { least - room }, most + room);
        // The smallest of 1, 2, 5, 10, 20, … with which there are at most eight ticks.
        let mut step = 10_f64.powf(((most - least) / 8.0).log10().floor());
        for factor in [2.0, 2.5, 2.0].into_iter().cycle() {
            if (most - least) / step <= 8.0 {
                break;
            }
            step *= factor;
        }
        Some(Axis { least, most, step, from, to })
    }

    fn place(&self, value: f64) -> f64 {
        self.from + (value - self.least) / (self.most - self.least) * (self.to - self.from)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (first, last) = ((self.least / self.step).ceil() as i64, (self.most / self.step).floor() as i64);
        let step = self.step;
        (first..=last).map(move |at| at as f64 * step)
    }
}

/// Labels that stand already: left, top, right, bottom.
#[derive(Default)]
struct Labels(Vec<[f64; 4]>);

impl Labels {
    /// Where the label of a dot can stand without covering another or a dot: its left end and its base line.
    fn find(&mut self, (x, y): (f64, f64), text: &str, dots: &[(f64, f64)]) -> Option<(f64, f64)> {
        let width = text.chars().count() as f64 * LETTER;
        let beside = [(9.0, 4.0), (-9.0 - width, 4.0), (-width / 2.0, -10.0), (-width / 2.0, 20.0)];
        let corners = [(8.0, 16.0), (8.0, -8.0), (-8.0 - width, -8.0), (-8.0 - width, 16.0)];
        for (right, down) in beside.into_iter().chain(corners) {
            let (left, base) = (x + right, y + down);
            let own = [left, base - LINE + 3.0, left + width, base + 3.0];
            let inside = own[0] >= LEFT && own[2] <= WIDTH && own[1] >= 0.0 && own[3] <= HEIGHT - BOTTOM;
            let meets = |other: &[f64; 4]| {
                own[0] < other[2] && other[0] < own[2] && own[1] < other[3] && other[1] < own[3]
            };
            let covers = |dot: &(f64, f64)| meets(&[dot.0 - 5.0, dot.1 - 5.0, dot.0 + 5.0, dot.1 + 5.0]);
            if inside && !self.0.iter().any(meets) && !dots.iter().any(covers) {
                self.0.push(own);
                return Some((left, base));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(bytes: u64, snr_db: f64, is_best: bool) -> Dot {
        Dot { bytes, snr_db, label: format!("<{bytes}>"), is_best }
    }

    #[test]
    fn ticks_are_round_and_lie_inside() {
        for (least, most) in [(0.0, 1.0), (3.0, 97.0), (1e6, 4.7e7), (-20.0, 60.0), (5.0, 5.0)] {
            let axis = Axis::new([least, most].into_iter(), 0.0, 100.0).unwrap();
            let ticks: Vec<f64> = axis.ticks().collect();
            assert!((2..=9).contains(&ticks.len()), "{least} {most}: {ticks:?}");
            assert!(ticks.iter().all(|&tick| (0.0..=100.0).contains(&axis.place(tick))));
        }
        assert!(Axis::new(std::iter::empty(), 0.0, 1.0).is_none());
    }

    #[test]
    fn what_is_exact_has_no_place_and_names_are_escaped() {
        let svg = plot(&[dot(10, f64::INFINITY, false), dot(20, 30.0, true), dot(30, 40.0, true)], "a < b");
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains("&lt;20&gt;") && !svg.contains("<20>") && svg.contains("a &lt; b"));
        assert_eq!(svg.matches("<polyline").count(), 1);
        assert_eq!(plot(&[], "nothing"), "");
    }

    #[test]
    fn labels_do_not_cover_each_other() {
        let mut labels = Labels::default();
        let dots = [(400.0, 200.0), (404.0, 203.0)];
        let found: Vec<_> = dots.iter().filter_map(|&at| labels.find(at, "a label", &dots)).collect();
        assert_eq!(found.len(), 2);
        assert!((found[0].0 - found[1].0).abs() > 40.0 || (found[0].1 - found[1].1).abs() >= LINE);
    }
}
