#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plays many seeds of the swarm, on all cores, with the fastest `hapx sim` that can be built here.
set -eu
cd "$(dirname "$0")/../.."

first=1
count=100
minutes=10
edition=

usage() {
  cat <<END
usage: tests/sim/hunt.sh [--first SEED] [--count N] [--minutes M] [--edition N]

  Builds hapx in build/hunt, optimized by what it does in a few seeds (minutes, once), then plays
  the seeds SEED to SEED+N-1 (default 1 to 100), M simulated minutes each (default 10), drawn from
  the deeds of edition N (default: the newest). Whoever was interrupted goes on with --first.
  A seed that fails is cut short and printed, and ends the share of its core.

Exit status: 0 nothing wrong, 1 something was.
END
}

while [ $# -gt 0 ]; do
  case $1 in
    --first | --count | --minutes | --edition)
      case ${2-} in '' | *[!0-9]*) echo "hunt.sh: $1 takes a number" >&2; exit 2 ;; esac
      case $1 in
        --first) first=$2 ;;
        --count) count=$2 ;;
        --minutes) minutes=$2 ;;
        --edition) edition="--edition $2" ;;
      esac
      shift 2
      ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

build=build/hunt
hapx=$build/bin/hapx

# build FLAGS: the profile lies beside the objects, so both times it is the same folder.
build() {
  cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER_LAUNCHER= \
    -DHAPX_PRECOMPILED=OFF \
    -DCMAKE_AR="$(command -v gcc-ar)" -DCMAKE_RANLIB="$(command -v gcc-ranlib)" \
    -DCMAKE_CXX_FLAGS_RELEASE="-O2 -g1 -march=native -flto=auto $1" >$build.log
  cmake --build $build --target hapx
}

mkdir -p $build
sources=$(git rev-parse HEAD; git diff HEAD)
if [ ! -x $hapx ] || [ "$sources" != "$(cat $build/sources 2>/dev/null)" ]; then
  rm -f $build/sources
  find $build -name '*.gcda' -delete
  echo "== building hapx to watch what it does"
  build "-fprofile-generate -fprofile-update=single"
  $hapx sim --seed 7000 --count 4
  echo "== building hapx once more, for that" # -w: what was never called has no profile
  build "-fprofile-use -w"
  echo "$sources" >$build/sources
fi

cores=$(nproc)
began=$(date +%s)
echo "== seeds $first to $((first + count - 1)), $minutes simulated minutes each, on $cores cores"
pids=
core=0
while [ $core -lt "$cores" ]; do
  from=$((first + count * core / cores))
  share=$((first + count * (core + 1) / cores - from))
  if [ $share -gt 0 ]; then
    # shellcheck disable=SC2086
    $hapx sim --seed $from --count $share --minutes "$minutes" $edition &
    pids="$pids $!"
  fi
  core=$((core + 1))
done
status=0
for pid in $pids; do wait "$pid" || status=1; done
echo "== $(($(date +%s) - began)) s"
exit $status
