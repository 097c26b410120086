//! The tokens of a text, found without knowing the grammar: what the first pass hands to the second.
//!
//! Flows in: the bytes of a chunk or a document. Flows out: an [`Index`]. A token is a bracket, comma or colon outside
//! strings, the *opening* quote of a string, the first byte of a number or literal (or of any other run that does not
//! belong there), and, in JSON Lines, the end of a line. Which engine made an index must never show: tests compare them.
//!
//! A string's end is no token: between an opening quote and the next token there are only the string, its closing quote
//! and blanks, so the end follows from the next token. This saves a fifth of all tokens.

#[cfg(target_arch = "x86_64")]
use super::x86;
use super::{TEXT_BYTES_MAX, scalar};

/// The class byte behind the last token: a blank, since any other byte of a text may start a token, even NUL.
pub(super) const END: u8 = b' ';

/// The tokens of one text, in three parallel or sorted lists whose memory is used again for the next text.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Byte offset of each token.
    pub(super) positions: Vec<u32>,
    /// The byte at each of these offsets.
    pub(super) classes: Vec<u8>,
    /// Byte offset of each backslash that starts an escape.
    pub(super) escapes: Vec<u32>,
    /// A blank (JSON's four, less line ends in JSON Lines) stands outside strings.
    pub(super) blanks: bool,
    /// Byte offset of the first control character in a string, backslash outside strings, or end of a text in a string: the
    /// text is bad. What stands before the line of that byte is listed as it should be; the rest of the lists is unspecified.
    pub(super) bad: Option<usize>,
}

impl Index {
    /// Byte offsets of the tokens, in order.
    pub fn positions(&self) -> &[u32] {
        &self.positions[..self.len()]
    }

    /// The byte at each token's offset; `\n` also for a last line that has no end.
    pub fn classes(&self) -> &[u8] {
        &self.classes[..self.len()]
    }

    /// Byte offsets of the backslashes that start escapes, in order.
    pub fn escapes(&self) -> &[u32] {
        &self.escapes[..self.escapes.len().saturating_sub(1)]
    }

    /// Whether a blank stands outside strings; line ends do not count in JSON Lines. Of a bad text nobody looked at all.
    pub fn has_blanks(&self) -> bool {
        self.blanks
    }

    /// The first byte, if any, that makes the text bad whatever the grammar says: a control character in a string (the end
    /// of a line among them), a backslash outside strings, or the end of the text in a string. Only lines before that of this
    /// byte are listed as they should be.
    pub fn bad_at(&self) -> Option<usize> {
        self.bad
    }

    fn len(&self) -> usize {
        self.classes.len().saturating_sub(MARGIN)
    }

    pub(super) fn clear(&mut self) {
        self.positions.clear();
        self.classes.clear();
        self.escapes.clear();
        (self.blanks, self.bad) = (false, None);
    }

    /// Ends the lists with marks, so that looking a few tokens ahead needs no further checks.
    fn finish(&mut self, text: &[u8], lines: bool) {
        if lines && !text.is_empty() && text.last() != Some(&b'\n') {
            self.positions.push(text.len() as u32);
            self.classes.push(b'\n');
        }
        self.positions.extend([text.len() as u32; MARGIN]);
        self.classes.extend([END; MARGIN]);
        self.escapes.push(u32::MAX);
    }
}

/// How many marks stand behind the last token: a member of an object is read four tokens at a time, and the classes of a
/// line that may be known sixteen at a time.
pub(super) const MARGIN: usize = 16;

/// Which implementation of the first pass to use; all give the same index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Plain Rust, one byte at a time; everywhere.
    Scalar,
    /// 64 bytes at a time in two registers; x86-64 since 2013.
    Avx2,
    /// 64 bytes at a time in one register; x86-64 with VBMI2 (Ice Lake, Zen 4).
    Avx512,
}

impl Engine {
    /// The engines that this machine can run, slowest first.
    pub fn available() -> Vec<Engine> {
        [Engine::Scalar, Engine::Avx2, Engine::Avx512].into_iter().filter(|engine| engine.is_available()).collect()
    }

    /// The fastest engine that this machine can run.
    pub fn best() -> Engine {
        [Engine::Avx512, Engine::Avx2].into_iter().find(|engine| engine.is_available()).unwrap_or(Engine::Scalar)
    }

    #[cfg(target_arch = "x86_64")]
    fn is_available(self) -> bool {
        match self {
            Engine::Scalar => true,
            Engine::Avx2 => x86::has_avx2(),
            Engine::Avx512 => x86::has_avx512(),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn is_available(self) -> bool {
        self == Engine::Scalar
    }

    /// Finds the tokens of `text`, which has at most [`TEXT_BYTES_MAX`] bytes; with `lines`, line ends are tokens. An
    /// engine that the machine cannot run is replaced by the scalar one.
    pub(super) fn run(self, text: &[u8], lines: bool, index: &mut Index) {
        debug_assert!(text.len() <= TEXT_BYTES_MAX);
        index.clear();
        #[cfg(target_arch = "x86_64")]
        let done = match self {
            Engine::Scalar => false,
            Engine::Avx2 => x86::index_avx2(text, lines, index),
            Engine::Avx512 => x86::index_avx512(text, lines, index),
        };
        #[cfg(not(target_arch = "x86_64"))]
        let done = false;
        if !done {
            scalar::index(text, lines, index);
        }
        index.finish(text, lines);
    }
}

impl Default for Engine {
    fn default() -> Self {
        Engine::best()
    }
}

/// Finds the tokens of a chunk of JSON Lines with the given engine; `false`, and an index of nothing, if the chunk has
/// more than [`TEXT_BYTES_MAX`] bytes.
///
/// ```
/// use expressway::value::scan::{Engine, Index, index};
/// let mut tokens = Index::default();
/// assert!(index(b"{\"a\": 12}\n[]", Engine::best(), &mut tokens));
/// assert_eq!(tokens.classes(), b"{\":1}\n[]\n");
/// assert_eq!(tokens.positions(), [0, 1, 4, 6, 8, 9, 10, 11, 12]);
/// ```
pub fn index(chunk: &[u8], engine: Engine, index: &mut Index) -> bool {
    let fits = chunk.len() <= TEXT_BYTES_MAX;
    engine.run(if fits { chunk } else { &[] }, true, index);
    fits
}
