#!/bin/sh
# Runs one fuzz target for some seconds: tests/fuzz/run.sh TARGET [SECONDS] [libFuzzer's options].
# Needs a nightly compiler (any: the flags below are what cargo-fuzz would pass). Finds stay in tests/fuzz/corpus/TARGET,
# crashes in tests/fuzz/artifacts/TARGET; both are left out of the repository.
set -eu
target=${1:?usage: run.sh TARGET [SECONDS]}
seconds=${2:-60}
shift
[ $# -eq 0 ] || shift
cd "$(dirname "$0")"
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
# With --target, build scripts and procedural macros stay free of all this.
RUSTFLAGS="$coverage -Zsanitizer=address --cfg fuzzing" \
    cargo +nightly build --quiet --release --target "$host" --bin "$target"
mkdir -p "corpus/$target" "artifacts/$target"
exec "${CARGO_TARGET_DIR:-target}/$host/release/$target" "corpus/$target" \
    -dict="$target.dict" -artifact_prefix="artifacts/$target/" -max_total_time="$seconds" "$@"
