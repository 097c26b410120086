#!/usr/bin/env bash
# Instructions per event of four workflows of corpora/, counted by valgrind: ours, which-coat written by hand, and
# simd-json parsing the same events and nothing more. Two sizes are run and subtracted, so that starting up does not count.
#
#   perf/instructions.sh            prints the table
#   perf/instructions.sh --check    and fails if a ratio is above its bound
#
# Counts do not depend on what else the machine does. Valgrind knows no AVX-512, so that this is the AVX2 path.
set -euo pipefail
cd "$(dirname "$0")/.."

check=${1:-}

# Per workload: the two sizes, and the most that ours may take as a part of simd-json's DOM parsing alone. A bound stands a
# little above what was last measured: it is there to catch what makes an event dearer, not to state an aim.
# The last bound is for the same functions in Rust.
workloads=(
  "which-coat 2000 12000 0.43 0.55"
  "orders      250  1250 1.59 1.78"
  "checkout    250  1250 1.02 0.99"
  "etl         500  2500 1.22 1.65"
)

cargo build --locked --release --quiet --bin expressway --example make_events --example native --example embedded
(cd perf/hand && CARGO_TARGET_DIR=../../target/hand cargo build --locked --release --quiet)
bin=target/release
hand=target/hand/release/by-hand
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# instructions PROGRAM ARGUMENT…: how many one run takes.
instructions() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" >/dev/null 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  awk '/Collected/ { found = $NF } END { if (found == "") exit 1; print found }' "$work/log"
}

# per_event PROGRAM ARGUMENT…: instructions per event of the workload at hand; EVENTS among the arguments is the file.
per_event() {
  local low high
  low=$(instructions "${@//EVENTS/$work/$workload-$small}")
  high=$(instructions "${@//EVENTS/$work/$workload-$large}")
  echo $(((high - low) / (large - small)))
}

failed=0
# row NAME COUNT BASE BOUND: a line of the table; a bound of - is none.
row() {
  awk -v name="$1" -v count="$2" -v base="$3" -v bound="$4" 'BEGIN {
    ratio = count / base
    above = bound != "-" && ratio > bound
    printf "  %-44s %8d %7.2f%s%s\n", name, count, ratio, bound == "-" ? "" : "   at most " bound, above ? "   ABOVE" : ""
    exit above
  }' || failed=1
}

for line in "${workloads[@]}"; do
  read -r workload small large bound rust <<<"$line"
  for events in "$small" "$large"; do
    "$bin/examples/make_events" "$workload" --events "$events" >"$work/$workload-$events"
  done
  bytes=$(($(wc -c <"$work/$workload-$large") / large))
  echo "$workload, $bytes bytes per event: instructions per event, and as a part of simd-json's DOM parsing alone"
  dom=$(per_event "$hand" parse EVENTS)
  row "simd-json DOM, parsing alone" "$dom" "$dom" -
  row "by hand on serde_json" "$(per_event "$hand" "$workload" serde EVENTS /dev/null)" "$dom" -
  ours=$(per_event "$bin/expressway" run "corpora/$workload" EVENTS --threads 1 --emit output --latency off -q -o /dev/null)
  row "expressway run, one thread" "$ours" "$dom" "$bound"
  command=$(per_event "$bin/examples/native" run "corpora/$workload" EVENTS --threads 1 --emit output --latency off -q -o /dev/null)
  row "functions in Rust" "$command" "$dom" "$rust"
  if [ "$workload" = which-coat ]; then
    twin=$(per_event "$bin/expressway" run corpora/which-coat-jsonata EVENTS --threads 1 --emit output --latency off -q -o /dev/null)
    row "the same machine in JSONata, beside JSONPath" "$twin" "$ours" 1.15
    # A program of one's own around the library, with functions in Rust, beside the command with the same ones.
    for way in batch session; do
      own=$(per_event "$bin/examples/embedded" "$way" native corpora/which-coat/machine.asl.json EVENTS /dev/null)
      row "the same in a program of one's own, $way" "$own" "$command" "$([ "$way" = batch ] && echo 1.05 || echo 2.2)"
    done
  fi
done

if [ "$failed" = 1 ] && [ "$check" = --check ]; then
  echo "a ratio is above its bound" >&2
  exit 1
fi
