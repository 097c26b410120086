#!/usr/bin/env bash
# Instructions of fifteen JSONata expressions, counted by valgrind: ours over values at hand, beside the same written by
# hand in Rust over serde_json's. What `cargo bench --bench jsonata` times, counted: it does not matter what else the
# machine does. Two numbers of times are run and subtracted, so that starting up does not count.
#
#   perf/expressions.sh             prints the table and the geometric mean
#   perf/expressions.sh --check     and fails if the mean is above its bound
#   perf/expressions.sh NAME...     of some only
set -euo pipefail
cd "$(dirname "$0")/.."

# A little above what was last measured: it is there to catch what makes expressions dearer, not to state an aim.
bound=1.05
check=
[ "${1:-}" = --check ] && { check=yes; shift; }

program=$(cargo bench --locked --bench jsonata --no-run --message-format=json 2>/dev/null |
  python3 -c 'import json, sys
for line in sys.stdin:
    told = json.loads(line)
    if told.get("executable") and told["target"]["name"] == "jsonata":
        print(told["executable"])')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# instructions NAME SIDE TIMES: how many one run takes.
instructions() {
  COUNT="$1,$2,$3" valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" >/dev/null 2>"$work/log" ||
    { cat "$work/log" >&2; exit 1; }
  awk '/Collected/ { found = $NF } END { if (found == "") exit 1; print found }' "$work/log"
}

each() {
  local few many
  few=$(instructions "$1" "$2" 100)
  many=$(instructions "$1" "$2" 600)
  echo $(((many - few) / 500))
}

if [ $# -eq 0 ]; then
  set -- path arithmetic "condition of three" predicate sum concatenation conditional object '$map' '$filter' '$reduce' \
    '$exists' '$merge' sort '$toMillis'
fi
for name; do
  echo "$name|$(each "$name" ours)|$(each "$name" hand)"
done | awk -F '|' -v bound="$bound" -v check="$check" '
  BEGIN { printf "%-20s %8s %8s %7s\n", "instructions", "ours", "by hand", "ratio" }
  { printf "%-20s %8d %8d %7.2f\n", $1, $2, $3, $2 / $3; sum += log($2 / $3) }
  END {
    mean = exp(sum / NR)
    above = mean > bound
    printf "geometric mean %.2f%s\n", mean, check == "" ? "" : above ? " ABOVE " bound : ", at most " bound
    exit check != "" && above
  }'
