#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs clang-tidy (.clang-tidy at the root) over the sources of every room.
#
# usage: tests/tidy/clang-tidy.sh BUILD-DIR [FILE...]     (BUILD-DIR has compile_commands.json)
#
# hapx is built by g++, so g++ judges what compiles. A file that clang can't read together with the
# library of g++ 12 is skipped, and named.
set -eu
[ $# -ge 1 ] || { echo "usage: $0 BUILD-DIR [FILE...]" >&2; exit 2; }

# One file: this script calls itself, so that several run at a time.
if [ "$1" = --one ]; then
  # g++ says by itself that it has coroutines; clang with its library must be told. It doesn't know
  # the warnings that are g++'s alone. What it counts on stderr are warnings in others' headers.
  if found=$(clang-tidy-16 --quiet -p "$2" --extra-arg=-D__cpp_impl_coroutine=201902L \
    --extra-arg=-Wno-builtin-macro-redefined --extra-arg=-Wno-unknown-warning-option "$3" \
    2>/dev/null); then
    exit 0
  fi
  if printf '%s\n' "$found" | grep -q 'clang-diagnostic-error'; then
    echo "skipped, clang can't read it: $3"
    exit 0
  fi
  printf '%s\n' "$found"
  exit 1
fi

if ! command -v clang-tidy-16 >/dev/null; then
  echo "no clang-tidy-16 here: ./deps.sh --long" >&2
  exit 1
fi
# What g++ has parsed beforehand is nothing that clang could read.
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
trap 'exit 130' INT TERM HUP
sed 's/ -include [^ ]*cmake_pch.hxx//' "$1/compile_commands.json" >"$build/compile_commands.json"
shift
self=$(realpath "$0")
cd "$(dirname "$self")/../.."

if [ $# -gt 0 ]; then
  printf '%s\n' "$@"
else
  find config membership vip lb-supervisor appliance -name '*.cpp' | sort
fi | xargs -P "$(nproc)" -n 1 "$self" --one "$build"
echo "clang-tidy: nothing to say"
