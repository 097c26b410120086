#!/bin/sh
# Runs fuzz targets: tests/fuzz/run.sh TARGET|all [SECONDS each] [libFuzzer's options].
# Needs a nightly compiler (any: the flags below are what cargo-fuzz would pass). Each begins with cases/TARGET, the kept
# texts. What is new stays in tests/fuzz/corpus/TARGET, crashes in tests/fuzz/artifacts/TARGET; both are left out of the
# repository. A crash that has been understood goes to cases/TARGET, where tests/finds.rs feeds it to the same code.
set -eu
wanted=${1:?usage: run.sh TARGET|all [SECONDS] [libFuzzer\'s options]}
seconds=${2:-60}
shift
[ $# -eq 0 ] || shift
cd "$(dirname "$0")"
if [ "$wanted" = all ]; then
    targets=$(sed -n 's/^name = "\(.*\)"$/\1/p' Cargo.toml | grep -v '^expressway-fuzz$')
else
    targets=$wanted
fi
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
bins=
for target in $targets; do bins="$bins --bin $target"; done
# With --target, build scripts and procedural macros stay free of all this.
# shellcheck disable=SC2086
RUSTFLAGS="$coverage -Zsanitizer=address --cfg fuzzing" \
    cargo +nightly build --quiet --locked --release --target "$host" $bins
for target in $targets; do
    mkdir -p "corpus/$target" "artifacts/$target"
    dictionary= cases=
    [ ! -f "$target.dict" ] || dictionary="-dict=$target.dict"
    [ ! -d "cases/$target" ] || cases="cases/$target"
    echo "$target: $seconds s"
    # Depth is bounded by the code, so that a stack overflow is a find; so is whatever takes 2 GiB or half a minute.
    # shellcheck disable=SC2086
    "${CARGO_TARGET_DIR:-target}/$host/release/$target" "corpus/$target" $cases $dictionary \
        -artifact_prefix="artifacts/$target/" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=30 \
        -print_final_stats=1 "$@" 2>&1 | grep -E '^(stat::number_of_executed_units|==|SUMMARY|artifact_prefix|Test unit|.*panicked)' || true
    if [ -n "$(ls -A "artifacts/$target")" ]; then
        echo "$target: finds in tests/fuzz/artifacts/$target" >&2
        exit 1
    fi
done
