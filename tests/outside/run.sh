#!/usr/bin/env bash
# Another crate that depends on this one by its path: that the front is enough for it, and that a machine with functions
# of one's own becomes a criterion benchmark. Each benchmark is run once, not measured; without arguments.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
work="$root/target/outside"
rm -rf "$work" && mkdir -p "$work"
cp -r Cargo.toml src benches "$work/"
# The versions that are known to fit together: nothing is looked up anew.
cp "$root/Cargo.lock" "$work/Cargo.lock"
cd "$work"
sed -i "s|path = \"../..\"|path = \"$root\"|" Cargo.toml
export CARGO_TARGET_DIR="$root/target"
cargo run --quiet --offline
cargo bench --quiet --offline --bench which_coat -- --test
