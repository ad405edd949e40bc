#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed, builds hapx and runs all of its tests: one command on a fresh machine.
set -eu
cd "$(dirname "$0")"

soaks=5

usage() {
  cat <<END
usage: ./test.sh [--long]

  Installs missing Debian packages (deps.sh), then configures, builds and tests the preset dev, and
  gives every parser of bytes from outside a few seconds of new inputs (preset fuzz).
  Root sees everything tested; without root, what needs network namespaces is skipped and says so.

  --long   besides: everything once more under the sanitizers (preset asan), clang-tidy over all
           sources, the lines that the tests run (preset coverage), the lease explored at a wider
           scope, the lab's tests $soaks times over, and the Debian package on booted machines
END
}

long=no
for argument in "$@"; do
  case $argument in
    --long) long=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

began=$(date +%s)
step() { printf '\n== %s\n' "$*"; }
failed() {
  status=$?
  [ "$status" -eq 0 ] || echo "hapx: FAILED after $(($(date +%s) - began)) s"
}
trap failed EXIT

step "packages"
if [ "$long" = yes ]; then ./deps.sh --long; else ./deps.sh; fi

step "configure, build and test: dev"
cmake --workflow --preset dev

step "configure, build and test: fuzz"
cmake --workflow --preset fuzz

if [ "$long" = yes ]; then
  step "configure, build and test: asan"
  cmake --workflow --preset asan

  step "clang-tidy"
  tests/tidy/clang-tidy.sh build/dev

  step "configure, build, test and count: coverage"
  cmake --workflow --preset coverage

  step "the lease, at a wider scope (about eight minutes)"
  HAPX_EXPLORE=deeper build/dev/bin/sim_explore_test --gtest_filter='*Explore*'

  step "lab, $soaks times over"
  ctest --test-dir build/dev -L lab --repeat "until-fail:$soaks" --output-on-failure

  step "the package, on machines that boot (about ten minutes)"
  ctest --test-dir build/dev -L images --verbose
fi

echo
echo "hapx: all tests passed in $(($(date +%s) - began)) s"
