//! Colours of texts for people.
//!
//! Flows in: words, and whether they may be coloured. Flows out: the same words, between ANSI's codes if so. A reader who
//! sees no colours must miss nothing: a colour only repeats what a word says.

/// Whether words are coloured, and how.
///
/// ```
/// use expressway::view::paint::Paint;
/// assert_eq!(Paint::PLAIN.bad("FAILED"), "FAILED");
/// assert_eq!(Paint::when(true).bad("FAILED"), "\x1b[1;31mFAILED\x1b[0m");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Paint(bool);

impl Paint {
    /// No colours.
    pub const PLAIN: Paint = Paint(false);

    /// Colours, or none.
    pub fn when(on: bool) -> Paint {
        Paint(on)
    }

    /// Whether there are colours.
    pub fn is_on(self) -> bool {
        self.0
    }

    /// What holds, or is new: green.
    pub fn good(self, text: &str) -> String {
        self.code("32", text)
    }

    /// What went wrong: red and bold.
    pub fn bad(self, text: &str) -> String {
        self.code("1;31", text)
    }

    /// What is gone or was never reached: red.
    pub fn gone(self, text: &str) -> String {
        self.code("31", text)
    }

    /// What is not as it was: yellow.
    pub fn changed(self, text: &str) -> String {
        self.code("33", text)
    }

    /// A heading: bold.
    pub fn strong(self, text: &str) -> String {
        self.code("1", text)
    }

    /// What one may skip: dim.
    pub fn faint(self, text: &str) -> String {
        self.code("2", text)
    }

    fn code(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
