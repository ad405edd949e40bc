#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One command: the same faults against hapx, keepalived and Pacemaker, and one table.
#
#   tests/bench/run.sh [--quick] [bench.py's other words]
#
# Installs the Debian packages (no service is started), builds hapx, and measures: about forty
# minutes, with --quick five. Everything happens in namespaces that end with it, those
# for mounts included: labs and machines are in memory that only the bench sees.
set -eu
cd "$(dirname "$0")/../.."

case " $* " in
  *" -h "* | *" --help "*) exec python3 -B tests/bench/bench.py --help ;;
esac
if [ "$(id -u)" -ne 0 ]; then
  echo "bench: run me as root; namespaces need it" >&2
  exit 1
fi
preset=${HAPX_BENCH_PRESET:-dev}

./deps.sh --bench
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --target hapx hapxd bench_probe

mkdir -p /run/netns /var/lib/hapx-bench /var/lib/hapx-lab
exec unshare --mount --propagation slave sh -eu -c '
  for memory in /run/netns /var/lib/hapx-bench /var/lib/hapx-lab; do
    mount -t tmpfs bench "$memory"
  done
  exec "$@"' bench \
  python3 -B tests/bench/bench.py --programs "$PWD/build/$preset/bin" "$@"
