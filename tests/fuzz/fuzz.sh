#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gives one fuzz target its seeds, and then new inputs for as long as you like.
#
# The seeds are the texts in tests/fuzz/corpus/TARGET, real files elsewhere in the tree, and those
# that fuzz_seeds has made (BUILD/seeds). New inputs that reach new code are kept in BUILD/corpus,
# so that the next run goes on where this one ended; the smoke forgets them, so that it is the same
# on every machine. What fails is kept in BUILD/found.
set -eu

usage() {
  echo "usage: $0 [--smoke | --seconds N] BUILD-DIR TARGET" >&2
  exit 2
}

seconds=120
smoke=no
while [ $# -gt 0 ]; do
  case $1 in
    --smoke) smoke=yes; seconds=3; shift ;;
    --seconds) [ $# -ge 2 ] || usage; seconds=$2; shift 2 ;;
    -*) usage ;;
    *) break ;;
  esac
done
[ $# -eq 2 ] || usage
build=$(realpath "$1")
target=$2
cd "$(dirname "$0")/../.."

set --
for folder in "tests/fuzz/corpus/$target" "$build/seeds/$target"; do
  [ ! -d "$folder" ] || set -- "$@" "$folder"
done
[ $# -gt 0 ] || { echo "$0: there are no seeds for $target" >&2; exit 2; }
words=
case $target in
  config | yaml) set -- "$@" cloud-init; words=tests/fuzz/words/config.dict ;;
  import_source) set -- "$@" tests/unit/appliance/imports ;;
  scenario) set -- "$@" tests/transcripts/scheduler; words=tests/fuzz/words/scenario.dict ;;
esac

mkdir -p "$build/found" "$build/corpus"
if [ "$smoke" = yes ]; then
  new=$(mktemp -d "$build/corpus/smoke.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT TERM HUP
else
  new=$build/corpus/$target
  mkdir -p "$new"
fi

status=0
ASAN_OPTIONS=quarantine_size_mb=64 UBSAN_OPTIONS=print_stacktrace=1 \
  "$build/bin/fuzz_$target" -seed=1 -max_total_time="$seconds" \
  -timeout=10 -rss_limit_mb=2048 ${words:+-dict="$words"} -print_final_stats=1 \
  -artifact_prefix="$build/found/$target-" "$new" "$@" >"$new.log" 2>&1 || status=$?
if [ "$status" -ne 0 ]; then
  cat "$new.log"
  echo "fuzz: $target FAILED; the input is kept in $build/found"
else
  grep -E '^(Done|stat::number_of_executed_units)' "$new.log"
fi
[ "$smoke" = no ] || rm -f "$new.log"
exit "$status"
