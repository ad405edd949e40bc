#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One command on a fresh machine: builds hapx, starts three nodes in network namespaces of this
# machine (real HAProxy, real ARP, three kube-apiserver stand-ins, one virtual address), cuts the
# holder's power while a client starts a request every 5 ms, and prints what the client saw.
# Everything is removed again, also after Ctrl-C. Needs root for the namespaces.
set -eu
cd "$(dirname "$0")"

lab=demo
bin=$PWD/build/release/bin
step() { printf '\n== %s\n' "$*"; }

if [ "$(id -u)" -ne 0 ]; then
  echo "demo: run me as root; network namespaces need it" >&2
  exit 1
fi

step "packages"
./deps.sh --run

step "build (preset release; a few minutes the first time)"
cmake --preset release -DBUILD_TESTING=OFF
cmake --build --preset release --target hapx hapxd

trap '"$bin/hapx" lab down --name "$lab" >/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

status() { "$bin/hapx" lab exec --name "$lab" "$1" -- "$bin/hapx" status || true; }

step "three nodes"
"$bin/hapx" lab up --name "$lab"

step "before"
status node1

step "the holder loses its power"
report=$("$bin/hapx" drill run --lab --name "$lab" --fault power-loss)
printf '%s\n' "$report"

step "after (the node has power again, the address stays where it is)"
status node3

step "what the client saw"
printf '%s\n' "$report" | grep -E '^(fault|power-loss)  '
printf '%s\n' "$report" | tail -n 1
