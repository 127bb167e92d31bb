//! Lines of a pipe, and the framed records of newer runtime clients.

use std::collections::VecDeque;

use bytes::Bytes;

/// The most bytes of a line. A longer line is cut into several.
pub(crate) const LINE_BYTES_MAX: usize = 256 * 1024;

/// The first four bytes of a frame with a timestamp, without its level and its form.
const FRAME_MAGIC: u32 = 0xa55a_0002;

/// The bits that are the same in every frame: the lowest bit tells text from JSON, and the bits from the third on the level.
const FRAME_MAGIC_MASK: u32 = 0xffff_0002;

/// The bytes in front of a frame's text: type, length and microseconds since 1970.
const FRAME_HEAD_BYTES: usize = 16;

/// The bytes of a pipe, cut into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    partial: Vec<u8>,
}

/// The bytes of the file descriptor that `_LAMBDA_TELEMETRY_LOG_FD` names, cut into records.
///
/// A frame is a type of four bytes, the length of its text of four bytes, the time in microseconds since 1970 of eight
/// bytes, each big-endian, and the text (<https://github.com/aws/aws-lambda-python-runtime-interface-client>). Bytes that
/// are no frame come out as records as they are, so that nothing is lost.
#[derive(Debug, Default)]
pub struct Frames {
    pending: VecDeque<u8>,
}

// === impl Lines ===

impl Lines {
    /// Takes bytes in and gives the lines that are complete.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Vec<Bytes> {
        let mut lines = Vec::new();
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_whole) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            self.extend(text, &mut lines);
            if is_whole {
                lines.push(self.cut());
            }
        }
        lines
    }

    /// Gives the line that is not complete, where there is one: its process has ended or the invocation is over.
    pub(crate) fn finish(&mut self) -> Option<Bytes> {
        (!self.partial.is_empty()).then(|| self.cut())
    }

    /// The bytes that are held.
    pub(crate) fn len(&self) -> usize {
        self.partial.len()
    }

    fn extend(&mut self, mut text: &[u8], lines: &mut Vec<Bytes>) {
        while self.partial.len() + text.len() > LINE_BYTES_MAX {
            let (now, later) = text.split_at(LINE_BYTES_MAX - self.partial.len());
            self.partial.extend_from_slice(now);
            lines.push(self.cut());
            text = later;
        }
        self.partial.extend_from_slice(text);
    }

    fn cut(&mut self) -> Bytes {
        let mut line = std::mem::take(&mut self.partial);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        line.into()
    }
}

// === impl Frames ===

impl Frames {
    /// Takes bytes in and gives the texts of the records that are complete. At most 256 KiB and a head wait for the rest.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Bytes> {
        self.pending.extend(chunk);
        let mut records = Vec::new();
        while let Some(record) = self.next_record() {
            records.push(record);
        }
        records
    }

    /// Gives what is left when the descriptor is closed.
    pub fn finish(&mut self) -> Option<Bytes> {
        let rest: Vec<u8> = self.pending.drain(..).collect();
        (!rest.is_empty()).then(|| rest.into())
    }

    fn next_record(&mut self) -> Option<Bytes> {
        let head: Vec<u8> = self.pending.iter().take(8).copied().collect();
        let number = |from: usize| Some(u32::from_be_bytes(head.get(from..from + 4)?.try_into().ok()?));
        let kind = number(0)?;
        if kind & FRAME_MAGIC_MASK != FRAME_MAGIC {
            return self.finish();
        }
        let text_bytes = usize::try_from(number(4)?).unwrap_or(usize::MAX);
        if text_bytes > LINE_BYTES_MAX {
            return self.finish();
        }
        let whole = FRAME_HEAD_BYTES + text_bytes;
        (self.pending.len() >= whole).then(|| self.pending.drain(..whole).skip(FRAME_HEAD_BYTES).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u32, text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap();
        [&kind.to_be_bytes()[..], &length.to_be_bytes(), &7_u64.to_be_bytes(), text].concat()
    }

    #[test]
    fn lines_are_the_same_wherever_the_chunks_are_cut() {
        let text = b"one\n\ntwo\r\nthr\xffee\nrest";
        for cut in 0..=text.len() {
            let mut lines = Lines::default();
            let mut all = lines.push(&text[..cut]);
            all.extend(lines.push(&text[cut..]));
            assert_eq!(all, ["one".as_bytes(), b"", b"two", b"thr\xffee"], "cut at {cut}");
            assert_eq!(lines.finish().unwrap(), "rest");
            assert_eq!(lines.finish(), None);
        }
    }

    #[test]
    fn line_that_never_ends_is_cut_at_the_limit() {
        let mut lines = Lines::default();
        let cut = lines.push(&vec![b'x'; 2 * LINE_BYTES_MAX + 1]);
        assert_eq!(cut.iter().map(Bytes::len).collect::<Vec<_>>(), [LINE_BYTES_MAX, LINE_BYTES_MAX]);
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn frames_are_the_same_wherever_the_chunks_are_cut() {
        // Text of no level, JSON of level ERROR, text of level CRITICAL, as awslambdaric writes them.
        let bytes = [frame(0xa55a_0003, b"a\nb"), frame(0xa55a_0016, b""), frame(0xa55a_001b, b"c")].concat();
        for cut in 0..=bytes.len() {
            let mut frames = Frames::default();
            let mut all = frames.push(&bytes[..cut]);
            all.extend(frames.push(&bytes[cut..]));
            assert_eq!(all, ["a\nb", "", "c"], "cut at {cut}");
            assert_eq!(frames.finish(), None);
        }
    }

    #[test]
    fn bytes_that_are_no_frame_are_not_lost() {
        let mut frames = Frames::default();
        assert_eq!(frames.push(b"plain text\n"), ["plain text\n"]);
        let too_long = [&FRAME_MAGIC.to_be_bytes()[..], &u32::MAX.to_be_bytes(), b"x"].concat();
        assert_eq!(frames.push(&too_long), [too_long]);
        assert_eq!(frames.push(b"ab"), Vec::<Bytes>::new());
        assert_eq!(frames.finish().unwrap(), "ab");
    }
}
