//! The text a definition was read from, and where its lines begin.
//!
//! Flows in: a text and the name it goes by. Flows out: line and column of any byte offset, and the lines themselves for
//! pictures of diagnostics. It never opens files.

/// A text with its name and its line table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    text: Box<str>,
    file_name: Box<str>,
    line_starts: Vec<u32>,
}

/// A place for people: both numbers count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Position {
    /// The line, from 1.
    pub line_number: u32,
    /// The character in the line, from 1.
    pub column_number: u32,
}

impl Source {
    /// Remembers a text; `file_name` is only shown.
    ///
    /// ```
    /// use expressway::definition::Source;
    /// let source = Source::new("{\n  \"a\": 1}", "m.asl.json");
    /// let place = source.position(4);
    /// assert_eq!((place.line_number, place.column_number), (2, 3));
    /// assert_eq!(source.line(2), Some("  \"a\": 1}"));
    /// ```
    #[must_use]
    pub fn new(text: &str, file_name: &str) -> Self {
        let mut line_starts = vec![0];
        line_starts.extend(
            memchr::memchr_iter(b'\n', text.as_bytes()).map(|newline| u32::try_from(newline + 1).unwrap_or(u32::MAX)),
        );
        Source { text: text.into(), file_name: file_name.into(), line_starts }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name it goes by.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Line and column of a byte offset; an offset behind the end is the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line_index = self.line_starts.partition_point(|&start| start <= offset).saturating_sub(1);
        let start = self.line_starts[line_index] as usize;
        let end = (offset as usize).min(self.text.len()).max(start);
        let bytes = self.text.as_bytes().get(start..end).unwrap_or_default();
        // Every byte that is not a UTF-8 continuation begins a character.
        let characters = bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        Position {
            line_number: u32::try_from(line_index + 1).unwrap_or(u32::MAX),
            column_number: u32::try_from(characters + 1).unwrap_or(u32::MAX),
        }
    }

    /// The text of a line (its number counts from 1) without its line end.
    #[must_use]
    pub fn line(&self, line_number: u32) -> Option<&str> {
        let line_index = (line_number as usize).checked_sub(1)?;
        let start = *self.line_starts.get(line_index)? as usize;
        let end = self.line_starts.get(line_index + 1).map_or(self.text.len(), |&next| next as usize - 1);
        let line = self.text.get(start..end)?;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}
