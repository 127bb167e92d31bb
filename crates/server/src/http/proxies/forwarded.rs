//! The header `Forwarded`: RFC 7239, section 4.

use http::HeaderMap;
use http::header::FORWARDED;

use super::Reports;

/// The reports in the elements of the header, the last one first.
pub(super) fn reports(headers: &HeaderMap) -> Reports {
    let mut reports = Reports::default();
    let lines = headers.get_all(FORWARDED).into_iter().map(|line| line.to_str().unwrap_or_default());
    let elements: Vec<String> = lines.flat_map(|line| split(line, ',')).collect();
    for element in elements.iter().rev() {
        let pairs: Vec<(String, String)> = split(element, ';').iter().filter_map(|pair| read(pair)).collect();
        let value = |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        reports.clients.push(value("for"));
        reports.hosts.push(value("host"));
        reports.protos.push(value("proto"));
    }
    reports
}

/// A name in lower case, and its value without quotes.
fn read(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=')?;
    let quoted = value.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let value = match quoted {
        Some(quoted) => unescaped(quoted),
        None => value.trim().to_owned(),
    };
    Some((name.trim().to_ascii_lowercase(), value))
}

fn unescaped(quoted: &str) -> String {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

/// Splits at a separator wherever it stands outside of quotes.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut is_quoted, mut is_escaped) = (false, false);
    for character in text.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            other if other == separator && !is_quoted => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(character);
    }
    parts.push(part);
    parts
}
