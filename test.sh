#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed, builds hapx and runs all of its tests: one command on a fresh machine.
set -eu
cd "$(dirname "$0")"

soaks=5
short='dev'
long='fuzz asan clang-tidy coverage explore swarm lab quiet versions images'

usage() {
  cat <<END
usage: ./test.sh [--long] [--from STEP]

  Installs missing Debian packages (deps.sh), then configures, builds and tests the preset dev.
  Root sees everything tested; without root, what needs network namespaces is skipped and says so.

  --long       besides: a few seconds of new inputs for every parser of bytes from outside (fuzz),
               everything but the lab once more under the sanitizers (asan), clang-tidy
               over all sources (clang-tidy), the lines that the tests run (coverage), the lease
               explored at a wider scope (explore), fresh seeds of the swarm (swarm), the lab
               $soaks times over (lab), streams that say nothing for eleven minutes (quiet), an
               earlier hapx beside this one and a rolling upgrade there and back (versions), and the
               Debian package on booted machines (images): about three hours on two cores
  --from STEP  begin with this one of the steps $short $long;
               what stopped in the middle goes on
END
}

steps=$short
from=
while [ $# -gt 0 ]; do
  case $1 in
    --long) steps="$short $long" ;;
    --from) [ $# -gt 1 ] || { usage >&2; exit 2; }; shift; from=$1 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
case " $steps " in
  *" ${from:-dev} "*) ;;
  *) echo "hapx: there is no step \"$from\" in: $steps" >&2; exit 2 ;;
esac

began=$(date +%s)
say() { printf '\n== %s\n' "$*"; }
failed() {
  status=$?
  [ "$status" -eq 0 ] ||
    echo "hapx: FAILED after $(($(date +%s) - began)) s (step ${now:-packages})"
}
trap failed EXIT

run() {
  case $1 in
    dev | fuzz | asan)
      say "configure, build and test: $1"
      cmake --workflow --preset "$1"
      ;;
    clang-tidy)
      say "clang-tidy"
      tests/tidy/clang-tidy.sh build/dev
      ;;
    coverage)
      say "configure, build, test and count: coverage"
      cmake --workflow --preset coverage
      ;;
    explore)
      say "the lease, at a wider scope (about eight minutes)"
      HAPX_EXPLORE=deeper build/dev/bin/sim_explore_test --gtest_filter='*Explore*'
      ;;
    swarm)
      say "the swarm, over fresh seeds (about ten minutes)"
      HAPX_SWARM_FIRST=$(date +%s)0000 HAPX_SWARM_SEEDS=2000 \
        build/dev/bin/sim_swarm_test --gtest_filter='*.NoSeedFindsAnythingWrong'
      ;;
    lab)
      say "lab, $soaks times over"
      ctest --test-dir build/dev -L '^(lab|more)$' --repeat "until-fail:$soaks" --output-on-failure
      ;;
    quiet)
      say "watches that say nothing for eleven minutes"
      ctest --test-dir build/dev -L long -R '^QuietStreams' --verbose
      ;;
    versions)
      say "two versions in one cluster (building the earlier one takes minutes, once)"
      ctest --test-dir build/dev -L long -R '^(Versions|RollingUpgrade)' --verbose
      ;;
    images)
      say "the package, on machines that boot (about ten minutes)"
      ctest --test-dir build/dev -L images --verbose
      ;;
  esac
}

say "packages"
case $steps in
  "$short") ./deps.sh ;;
  *) ./deps.sh --long ;;
esac

skipping=$from
for now in $steps; do
  [ "$now" != "$skipping" ] || skipping=
  [ -n "$skipping" ] || run "$now"
done

echo
echo "hapx: all tests passed in $(($(date +%s) - began)) s${from:+ (from $from on)}"
