#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the root file system in which the package is tried: a small Debian 12 with systemd and
# cloud-init, from this machine's own package sources. Made once (about a minute), then kept.
#
#   root.sh              prints the folder
#
# The folder's name has a sum of this script and the sources, so a change of either makes another.
set -eu

cache=${HAPX_IMAGES_CACHE:-/var/cache/hapx-images}
packages='systemd systemd-sysv dbus cloud-init netplan.io network-manager iproute2 procps haproxy
          libprometheus-cpp-core1.0 libboost-json1.81.0 libyaml-cpp0.7 libmnl0 libcurl4
          libprotobuf-lite32 libpugixml1v5 libssl3'
# NetworkManager is there for the test that starts it.
masked='systemd-networkd-wait-online NetworkManager NetworkManager-wait-online'

sources=/etc/apt/sources.list.d/debian.sources
[ -e "$sources" ] || sources=/etc/apt/sources.list
key=$(cat "$0" "$sources" | sha256sum | cut -c 1-12)
root=$cache/root-$key
if [ -e "$root/.complete" ]; then
  echo "$root"
  exit 0
fi

say() { echo "root: $*" >&2; }
[ "$(id -u)" -eq 0 ] || { say "run me as root"; exit 1; }
mkdir -p "$cache"
# One makes it, others wait for that.
exec 9>"$cache/lock"
flock 9
if [ -e "$root/.complete" ]; then
  echo "$root"
  exit 0
fi

began=$(date +%s)
say "making $root (about a minute)"
rm -rf "$root"
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# No documents, no languages; the hook takes away what delays a boot in a container.
TMPDIR=$cache mmdebstrap --mode=root --variant=minbase --include="$(echo $packages)" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='rm -f "$1/etc/resolv.conf" "$1/etc/hostname"; : > "$1/etc/machine-id"' \
  --customize-hook='chroot "$1" systemctl mask '"$masked" \
  --customize-hook='chroot "$1" systemctl enable systemd-networkd.service' \
  bookworm "$root" "$sources" >&2
touch "$root/.complete"
trap - EXIT
say "made in $(($(date +%s) - began)) s"
echo "$root"
