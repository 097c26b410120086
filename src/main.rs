//! The `expressway` command: [`expressway::Runner`] without any function of one's own.
//!
//! It must never hold logic: what the command does is in `cli`, so that a person's own `main` is the same command.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    expressway::Runner::new().cli()
}
