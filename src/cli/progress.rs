//! Progress on a terminal: how far, how fast, how long still.
//!
//! Flows in: what a run tells of itself. Flows out: a line on stderr that is drawn over and over and gone in the end. It
//! must never be drawn where stderr is no terminal, nor with `--quiet`.

use super::console::Console;
use crate::batch::Progress;
use crate::view::graph::overlay::thousands;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// The line.
#[derive(Clone)]
pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A line for sources of so many bytes as they are stored, 0 if that is not known; none if nobody would look.
    pub fn on_terminal(console: &Console, total_bytes: u64) -> Option<Bar> {
        let seen = !console.quiet && std::io::stderr().is_terminal();
        seen.then(|| Bar::new(total_bytes, ProgressDrawTarget::stderr()))
    }

    fn new(total_bytes: u64, target: ProgressDrawTarget) -> Bar {
        let (bar, template) = match total_bytes {
            0 => (ProgressBar::new_spinner(), "{spinner} {bytes}  {msg}"),
            _ => (ProgressBar::new(total_bytes), "{bar:30} {percent:>3} %  {msg}, {eta} left"),
        };
        bar.set_draw_target(target);
        // The templates are ours; were one ever wrong, the plain bar would do.
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Bar { bar }
    }

    /// Draws it anew, if it is time.
    pub fn show(&self, progress: Progress) {
        self.bar.set_position(progress.stored_bytes);
        let rate = progress.records as f64 / self.bar.elapsed().as_secs_f64().max(1e-3);
        self.bar.set_message(format!("{} events, {} a second", thousands(progress.records), thousands(rate as u64)));
    }

    /// Takes it away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
