//! The figures as a Markdown table, as JSON, and in the README.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::machine::Machine;

/// What surrounds the table in the README.
const BEGIN: &str = "<!-- bench -->";
const END: &str = "<!-- /bench -->";

/// One run.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) rows: Vec<Row>,
}

/// One figure, beside what it is to be compared with.
#[derive(Serialize)]
pub(crate) struct Row {
    what: String,
    unit: Unit,
    fakecloud: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<Beside>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aim: Option<Aim>,
}

/// The same without fakecloud, measured in the same run.
#[derive(Serialize)]
struct Beside {
    what: String,
    value: f64,
}

/// What a figure is measured in.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    /// Milliseconds.
    Ms,
    /// Megabytes of 10^6 bytes.
    Mb,
    /// Kilobytes of 10^3 bytes.
    Kb,
    /// A rate.
    PerSecond,
    /// A rate in megabytes of 10^6 bytes.
    MbPerSecond,
}

/// What a figure should be.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Aim {
    /// At most so much more than what is beside it.
    Difference(f64),
    /// At most so many times what is beside it.
    Ratio(f64),
    /// At least so many times what is beside it.
    RatioAtLeast(f64),
    AtMost(f64),
    AtLeast(f64),
}

impl Report {
    /// The table, with the machine below it.
    pub(crate) fn markdown(&self) -> String {
        let mut text = "| what | fakecloud | beside it | difference | ratio | aim |\n".to_owned();
        text.push_str("| --- | ---: | ---: | ---: | ---: | ---: |\n");
        for row in &self.rows {
            text.push_str(&row.markdown());
        }
        writeln!(text, "\nMeasured on {}.", self.machine.in_words()).expect("a string takes any text");
        text
    }

    /// Writes the figures for programs.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write_json(&self, path: &Path) -> Result<()> {
        let json = serde_json::to_string_pretty(self)?;
        fs::write(path, json + "\n").with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Reads a README and makes sure that it has a place for the table.
///
/// # Errors
/// When there is no such file, or it lacks the markers.
pub(crate) fn read_readme(path: &Path) -> Result<String> {
    let readme = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    replace_block(&readme, "").with_context(|| format!("{} has no place for the table", path.display()))?;
    Ok(readme)
}

/// Puts `table` between the markers.
///
/// # Errors
/// When a marker is missing.
pub(crate) fn replace_block(readme: &str, table: &str) -> Result<String> {
    let Some((before, rest)) = readme.split_once(BEGIN) else { bail!("the line {BEGIN} is missing") };
    let Some((_, after)) = rest.split_once(END) else { bail!("the line {END} is missing after {BEGIN}") };
    Ok(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

// === impl Row ===

impl Row {
    /// A time in milliseconds.
    pub(crate) fn ms(what: String, ms: f64) -> Self {
        Self { what, unit: Unit::Ms, fakecloud: ms, beside: None, aim: None }
    }

    /// Memory, shown in megabytes.
    pub(crate) fn mb(what: String, kib: u64) -> Self {
        Self { what, unit: Unit::Mb, fakecloud: kib as f64 * 1024.0 / 1e6, beside: None, aim: None }
    }

    /// Memory of one of many, shown in kilobytes.
    pub(crate) fn kb(what: String, bytes: f64) -> Self {
        Self { what, unit: Unit::Kb, fakecloud: bytes / 1e3, beside: None, aim: None }
    }

    /// Events a second.
    pub(crate) fn per_second(what: String, rate: f64) -> Self {
        Self { what, unit: Unit::PerSecond, fakecloud: rate, beside: None, aim: None }
    }

    /// Megabytes of 10^6 bytes a second.
    pub(crate) fn mb_per_second(what: String, rate: f64) -> Self {
        Self { what, unit: Unit::MbPerSecond, fakecloud: rate, beside: None, aim: None }
    }

    pub(crate) fn beside(self, what: &str, value: f64) -> Self {
        Self { beside: Some(Beside { what: what.to_owned(), value }), ..self }
    }

    pub(crate) fn aim(self, aim: Option<Aim>) -> Self {
        Self { aim, ..self }
    }

    /// What was measured.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// How many times what is beside it, where something is.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.beside.as_ref().map(|beside| self.fakecloud / beside.value)
    }

    /// The figures in words.
    pub(crate) fn figures(&self) -> String {
        let fakecloud = self.unit.show(self.fakecloud);
        match &self.beside {
            Some(Beside { what, value }) => format!("{fakecloud} beside {} ({what})", self.unit.show(*value)),
            None => fakecloud,
        }
    }

    /// Whether more is better, as with rates.
    pub(crate) fn is_rate(&self) -> bool {
        matches!(self.unit, Unit::PerSecond | Unit::MbPerSecond)
    }

    fn markdown(&self) -> String {
        let Self { what, unit, fakecloud, beside, aim } = self;
        let aim = match aim {
            Some(aim) if aim.is_met(*fakecloud, beside.as_ref()) => aim.in_words(*unit),
            Some(aim) => format!("**{}, missed**", aim.in_words(*unit)),
            None => String::new(),
        };
        let fakecloud = unit.show(*fakecloud);
        let Some(Beside { what: other, value }) = beside else {
            return format!("| {what} | {fakecloud} | | | | {aim} |\n");
        };
        let (difference, ratio) = (self.fakecloud - value, self.fakecloud / value);
        let (value, difference) = (unit.show(*value), unit.show_difference(difference));
        format!("| {what} | {fakecloud} | {other}: {value} | {difference} | {ratio:.2} | {aim} |\n")
    }
}

// === impl Unit ===

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Ms if value.abs() < 10.0 => format!("{value:.3} ms"),
            Self::Ms => format!("{value:.0} ms"),
            Self::Mb => format!("{value:.1} MB"),
            Self::Kb => format!("{value:.1} KB"),
            Self::PerSecond => format!("{value:.0} /s"),
            Self::MbPerSecond => format!("{value:.0} MB/s"),
        }
    }

    fn show_difference(self, value: f64) -> String {
        let sign = if value < 0.0 { "" } else { "+" };
        format!("{sign}{}", self.show(value))
    }
}

// === impl Aim ===

impl Aim {
    /// Whether a figure is as it should be; one that lacks what it is to be compared with is not.
    fn is_met(self, value: f64, beside: Option<&Beside>) -> bool {
        match (self, beside) {
            (Self::Difference(most), Some(beside)) => value - beside.value <= most,
            (Self::Ratio(most), Some(beside)) => value / beside.value <= most,
            (Self::RatioAtLeast(least), Some(beside)) => value / beside.value >= least,
            (Self::Difference(_) | Self::Ratio(_) | Self::RatioAtLeast(_), None) => false,
            (Self::AtMost(most), _) => value <= most,
            (Self::AtLeast(least), _) => value >= least,
        }
    }

    fn in_words(self, unit: Unit) -> String {
        match self {
            Self::Difference(most) => format!("≤ +{most} ms"),
            Self::Ratio(most) => format!("≤ × {most}"),
            Self::RatioAtLeast(least) => format!("≥ × {least}"),
            Self::AtMost(most) => format!("≤ {}", unit.show(most)),
            Self::AtLeast(least) => format!("≥ {}", unit.show(least)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_shows_difference_ratio_and_aim() {
        let row = Row::ms("warm".to_owned(), 0.6).beside("direct", 0.4).aim(Some(Aim::Difference(0.3)));
        assert_eq!(row.markdown(), "| warm | 0.600 ms | direct: 0.400 ms | +0.200 ms | 1.50 | ≤ +0.3 ms |\n");
        let row = Row::ms("cold".to_owned(), 900.0).beside("bare", 1000.0).aim(Some(Aim::Ratio(1.15)));
        assert_eq!(row.markdown(), "| cold | 900 ms | bare: 1000 ms | -100 ms | 0.90 | ≤ × 1.15 |\n");
        let row = Row::mb("memory".to_owned(), 20_000).aim(Some(Aim::AtMost(20.0)));
        assert_eq!(row.markdown(), "| memory | 20.5 MB | | | | **≤ 20.0 MB, missed** |\n");
    }

    #[test]
    fn aim_is_met_up_to_its_limit() {
        let beside = |value| Some(Beside { what: "other".to_owned(), value });
        let cases = [
            (Aim::Difference(0.5), 1.5, 1.6, beside(1.0)),
            (Aim::Ratio(1.5), 3.0, 3.1, beside(2.0)),
            (Aim::RatioAtLeast(0.5), 1.0, 0.9, beside(2.0)),
            (Aim::AtMost(20.0), 20.0, 20.1, None),
            (Aim::AtLeast(20.0), 20.0, 19.9, None),
        ];
        for (aim, met, missed, beside) in cases {
            assert!(aim.is_met(met, beside.as_ref()), "{}", aim.in_words(Unit::Ms));
            assert!(!aim.is_met(missed, beside.as_ref()), "{}", aim.in_words(Unit::Ms));
        }
        assert!(!Aim::Ratio(1.5).is_met(0.1, None));
    }

    #[test]
    fn only_the_block_of_a_readme_changes() {
        let readme = "# A\n<!-- bench -->\nold\n<!-- /bench -->\nmore\n";
        let once = replace_block(readme, "| new |\n").unwrap();
        assert_eq!(once, "# A\n<!-- bench -->\n| new |\n<!-- /bench -->\nmore\n");
        assert_eq!(replace_block(&once, "| new |\n").unwrap(), once);
    }

    #[test]
    fn missing_marker_is_named() {
        let error = replace_block("# A\n<!-- bench -->\n", "").unwrap_err().to_string();
        assert!(error.contains(END), "{error}");
        assert!(replace_block("# A\n<!-- /bench -->\n", "").unwrap_err().to_string().contains(BEGIN));
    }
}
