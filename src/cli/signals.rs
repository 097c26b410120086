//! Ctrl-C, SIGTERM and what else the system sends: heeded, so that a run can come to its end.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Ctrl-C and SIGTERM: the first one lets what is under way come to its end, the second ends the process.
pub(super) struct Signals {
    /// Set once one has come.
    pub stop: Arc<AtomicBool>,
    number: Arc<AtomicUsize>,
}

impl Signals {
    /// Watches from now on.
    pub fn watch() -> Signals {
        use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
        use signal_hook::flag;
        let signals = Signals { stop: Arc::default(), number: Arc::default() };
        for signal in [SIGINT, SIGTERM] {
            // Where a signal cannot be watched, it ends the process, as it would without us.
            let _ = flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&signals.stop));
            let _ = flag::register_usize(signal, Arc::clone(&signals.number), signal as usize);
            let _ = flag::register(signal, Arc::clone(&signals.stop));
        }
        // Unheeded, a file that reaches its largest size ends the process; heeded, the write fails and can be told.
        let _ = flag::register(SIGXFSZ, Arc::default());
        signals
    }

    /// The exit code, if a signal has come.
    pub fn exit_code(&self) -> Option<ExitCode> {
        match self.number.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(ExitCode::from(u8::try_from(128 + signal).unwrap_or(130))),
        }
    }
}
