//! The figures as a picture: how many times what is beside it each of them is.

use std::fmt::Write as _;

use super::report::{Report, Row};

const WIDTH: f64 = 860.0;
const ROW_HEIGHT: f64 = 44.0;
const TOP: f64 = 56.0;
const MARGIN: f64 = 16.0;

/// Draws a bar for each figure that has another beside it; the line is where both are the same.
pub(crate) fn draw(report: &Report) -> String {
    let rows: Vec<(&Row, f64)> = report.rows.iter().filter_map(|row| Some((row, row.ratio()?))).collect();
    let largest = rows.iter().map(|(_, ratio)| *ratio).fold(1.5, f64::max);
    // A rate may be many times the other; such a bar is cut, its figure is not.
    let scale = (WIDTH - 2.0 * MARGIN - 60.0) / largest.min(4.0);
    let height = TOP + ROW_HEIGHT * rows.len() as f64 + MARGIN;
    let one = MARGIN + scale;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\" font-size=\"15\" font-weight=\"bold\">fakecloud beside the same without it</text>\n\
         <text x=\"{MARGIN}\" y=\"42\" fill=\"#555555\">blue: a time, less is better; green: a rate, more is better; \
         the line: equal</text>\n"
    );
    for (number, (row, ratio)) in rows.iter().enumerate() {
        let y = TOP + ROW_HEIGHT * number as f64;
        let (bar, color) = (scale * ratio.min(4.0), if row.is_rate() { "#2e9e5b" } else { "#3b76c4" });
        let label = escape(&format!("{}: {}", row.what(), row.figures()));
        writeln!(
            svg,
            "<text x=\"{MARGIN}\" y=\"{}\">{label}</text>\n\
             <rect x=\"{MARGIN}\" y=\"{}\" width=\"{bar:.1}\" height=\"14\" fill=\"{color}\"/>\n\
             <text x=\"{:.1}\" y=\"{}\">× {ratio:.2}</text>",
            y + 14.0,
            y + 20.0,
            MARGIN + bar + 6.0,
            y + 31.0,
        )
        .expect("a string takes any text");
    }
    let bottom = height - MARGIN;
    writeln!(svg, "<path d=\"M{one:.1} {TOP} V{bottom}\" stroke=\"#c0392b\" stroke-dasharray=\"4 3\"/>\n</svg>")
        .expect("a string takes any text");
    svg
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::machine::Machine;
    use super::*;

    #[test]
    fn figure_with_another_beside_it_gets_a_bar_and_its_ratio() {
        let rows = vec![
            Row::ms("cold <start>".to_owned(), 1050.0).beside("bare & quick", 1000.0),
            Row::ms("alone".to_owned(), 12.0),
        ];
        let svg = draw(&Report { machine: Machine::before().unwrap(), rows });
        assert!(svg.contains("cold &lt;start&gt;: 1050 ms beside 1000 ms (bare &amp; quick)"), "{svg}");
        assert!(svg.contains("× 1.05") && !svg.contains("alone"), "{svg}");
    }
}
