#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs clang-tidy (.clang-tidy at the root) over the sources of every room.
#
# usage: tests/tidy/clang-tidy.sh BUILD-DIR [FILE...]     (BUILD-DIR has compile_commands.json)
set -eu
[ $# -ge 1 ] || { echo "usage: $0 BUILD-DIR [FILE...]" >&2; exit 2; }
build=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."

# g++ says by itself that it has coroutines; clang with its library must be told. What it counts
# besides (warnings in others' headers) is of no use here.
check() {
  xargs -P "$(nproc)" -n 1 clang-tidy-16 --quiet -p "$build" \
    --extra-arg=-D__cpp_impl_coroutine=201902L --extra-arg=-Wno-unknown-warning-option \
    --extra-arg=-Wno-builtin-macro-redefined 2>/dev/null
}

# clang 16 trips over the library of g++ 12 in this file (a pair of a type that is not complete).
not_for_clang=config/yaml.cpp

if [ $# -gt 0 ]; then
  printf '%s\n' "$@" | check
else
  find config membership vip lb-supervisor appliance -name '*.cpp' ! -path "$not_for_clang" |
    sort | check
fi
echo "clang-tidy: nothing to say"
