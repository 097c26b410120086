//! The `expressway` command: hands the arguments to [`expressway::Runner`] and turns the answer into an exit code.
//!
//! It must never hold logic: what the command does is in `cli`, so that a person's own `main` is the same command.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {}
