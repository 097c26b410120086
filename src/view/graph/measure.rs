//! How wide a text will be, guessed without its font.
//!
//! A drawing has to fit whichever sans-serif font the reader's system has, so the widths here are those of a wide one;
//! with a narrower font boxes only have more air. Texts that are too long are broken at blanks or cut with an ellipsis.
//! It must never give less than a common font takes.

/// A style of text: how large, and of which shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Font {
    /// The size in pixels.
    pub size: f64,
    /// Whether all characters are equally wide.
    pub fixed: bool,
    /// Whether it is bold.
    pub bold: bool,
}

/// Names of states.
pub const NAME: Font = Font { size: 13.0, fixed: false, bold: true };
/// What stands below a name.
pub const NOTE: Font = Font { size: 11.0, fixed: false, bold: false };
/// Conditions and error names on edges.
pub const CODE: Font = Font { size: 11.0, fixed: true, bold: false };

/// Widths of the printable ASCII characters from the blank on, in thousandths of the size.
const WIDTHS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
];

/// The width of a text in pixels.
///
/// ```
/// use expressway::view::graph::measure::{NAME, width};
/// assert!(width("Ship", NAME) < width("Ship the order", NAME));
/// ```
pub fn width(text: &str, font: Font) -> f64 {
    text.chars().map(|c| character(c, font)).sum::<f64>() * font.size / 1_000.0
}

fn character(c: char, font: Font) -> f64 {
    let plain = match c {
        ' '..='~' => f64::from(WIDTHS[c as usize - 32]),
        // Ideographs, kana, hangul and pictures fill a square.
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{d7af}' | '\u{f900}'..='\u{ffef}' => 1_050.0,
        c if c >= '\u{1f000}' => 1_350.0,
        _ => 800.0,
    };
    match (font.fixed, font.bold) {
        (true, _) if plain > 1_000.0 && c != '@' => plain * 1.1,
        (true, _) => 605.0,
        // Narrow letters grow most when they are bold.
        (false, true) if plain < 420.0 => plain * 1.24,
        (false, true) => plain * 1.13,
        (false, false) => plain,
    }
}

/// The text, or as much of it as fits with an ellipsis behind it.
pub fn shortened(text: &str, font: Font, width_max: f64) -> String {
    if width(text, font) <= width_max {
        return text.to_owned();
    }
    let room = width_max - width("…", font);
    let (mut taken, mut end) = (0.0, 0);
    for (at, c) in text.char_indices() {
        taken += character(c, font) * font.size / 1_000.0;
        if taken > room {
            break;
        }
        end = at + c.len_utf8();
    }
    format!("{}…", text[..end].trim_end())
}

/// The text in at most so many lines of at most so many pixels, broken at blanks where there are any; what does not fit
/// is cut with an ellipsis.
pub fn wrapped(text: &str, font: Font, width_max: f64, lines_max: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if lines.len() + 1 >= lines_max {
            lines.push(shortened(rest, font, width_max));
            break;
        }
        let end = line_end(rest, font, width_max);
        lines.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    if lines.is_empty() { vec![String::new()] } else { lines }
}

/// Where the first line of a text ends: at the last blank that fits, before an "and" or "or" if that is not far.
fn line_end(text: &str, font: Font, width_max: f64) -> usize {
    let (mut taken, mut end) = (0.0, 0);
    let (mut blank, mut joint, mut word) = (None, None, None);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        if c == ' ' && at > 0 {
            blank = Some(at);
            if rest.starts_with(" and ") || rest.starts_with(" or ") {
                joint = Some(at);
            }
        } else if matches!(before, '-' | '_' | ':') || (before.is_lowercase() && c.is_uppercase()) {
            // A name without blanks is broken where a word of it begins.
            word = Some(at);
        }
        taken += character(c, font) * font.size / 1_000.0;
        if taken > width_max && at > 0 {
            let near = joint.filter(|joint| *joint * 2 > at);
            return near.or(blank).or(word).unwrap_or(end);
        }
        end = at + c.len_utf8();
        before = c;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_nothing_is_lost_while_there_is_room() {
        let name = "Check whether TheCustomerHasPaid for everything";
        let lines = wrapped(name, NAME, 160.0, 9);
        assert!(lines.len() > 1 && lines.iter().all(|line| width(line, NAME) <= 160.0), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), name.replace(' ', ""));
        let cut = wrapped(name, NAME, 100.0, 2);
        assert!(cut.len() == 2 && cut[1].ends_with('…') && width(&cut[1], NAME) <= 100.0, "{cut:?}");
        assert_eq!(wrapped("", NAME, 100.0, 2), [""]);
    }

    #[test]
    fn one_wide_character_still_makes_a_line() {
        assert_eq!(wrapped("🛒🛒🛒", NAME, 5.0, 3).len(), 3);
    }
}
