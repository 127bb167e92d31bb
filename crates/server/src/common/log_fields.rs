//! Fields in log lines for people: whatever comes from outside stays on its line, and speaks to no terminal.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

/// Writes the message, and then each field as `name=value`, with control characters escaped: names of functions, paths,
/// errors of other servers and tags could otherwise end a line and begin one of their own. JSON needs no help.
pub(crate) struct EscapedFields;

struct Line<'writer> {
    writer: Writer<'writer>,
    is_empty: bool,
    result: fmt::Result,
}

/// Escapes what is written to it.
struct Escaping<'a, 'writer>(&'a mut Writer<'writer>);

impl<'writer> FormatFields<'writer> for EscapedFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut line = Line { writer, is_empty: true, result: Ok(()) };
        fields.record(&mut line);
        line.result
    }
}

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // What the `log` crate says of a record is in the line already.
        if self.result.is_ok() && !field.name().starts_with("log.") {
            self.result = self.write(field.name(), value);
        }
    }
}

impl Line<'_> {
    fn write(&mut self, name: &str, value: &dyn Debug) -> fmt::Result {
        if !std::mem::take(&mut self.is_empty) {
            self.writer.write_char(' ')?;
        }
        if name != "message" {
            write!(self.writer, "{name}=")?;
        }
        write!(Escaping(&mut self.writer), "{value:?}")
    }
}

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if is_unsafe(character) {
                write!(self.0, "{}", character.escape_default())?;
            } else {
                self.0.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Control characters, those that end a line, and those that turn the direction of writing.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing::{info, info_span, warn};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(events: impl FnOnce()) -> String {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_target(false)
            .with_ansi(false)
            .fmt_fields(EscapedFields)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(subscriber.finish(), events);
        String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn nothing_from_outside_ends_its_line_or_reaches_the_terminal() {
        const HOSTILE: &str = "a\nERROR forged\r\u{1b}[2J\u{7}\u{9b}31m\u{202e}\u{2028}b";
        let lines = logged(|| {
            let _span = info_span!("call", by = %HOSTILE).entered();
            info!(text = HOSTILE, shown = %HOSTILE, debug = ?HOSTILE, "{HOSTILE}");
            let error: &(dyn std::error::Error + 'static) = &io::Error::other(HOSTILE);
            warn!(error, message = HOSTILE);
        });
        assert_eq!(lines.lines().count(), 2, "{lines}");
        let escaped = r"a\nERROR forged\r\u{1b}[2J\u{7}\u{9b}31m\u{202e}\u{2028}b";
        assert!(lines.contains(&format!("shown={escaped}")), "{lines}");
        assert!(lines.chars().all(|character| character == '\n' || !is_unsafe(character)), "{lines:?}");
    }

    #[test]
    fn harmless_lines_look_as_ever() {
        let line = logged(|| info!(tag = "a b", count = 3, is = true, shown = %"größe", "done"));
        assert_eq!(line, " INFO done tag=\"a b\" count=3 is=true shown=größe\n");
    }
}
