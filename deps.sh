#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that building, running and testing hapx need.
#
# Installs what is missing and nothing else; with nothing missing it asks no package mirror and
# needs no rights. No service is started: the packages' own HAProxy would take the ports that
# hapx's is to have.
set -eu

build='g++ cmake ninja-build libboost1.81-dev libboost-json1.81-dev libyaml-cpp-dev libmnl-dev
       libprotobuf-dev protobuf-compiler libssl-dev libcli11-dev prometheus-cpp-dev
       libcurl4-openssl-dev libpugixml-dev'
run='haproxy iproute2'
package='debhelper dpkg-dev fakeroot lintian'
test="$package libgtest-dev libgmock-dev nftables clang-format-14 prometheus systemd python3
      python3-yaml python3-jsonschema man-db zsh lld kubernetes-client bird2 dnsmasq-base
      udhcpc etcd-server python3-prometheus-client nodejs xorriso mmdebstrap systemd-container"
bench='keepalived pacemaker corosync crmsh psmisc'
images='mmdebstrap qemu-utils grub-pc-bin grub-efi-amd64-bin mtools dosfstools fdisk e2fsprogs'
long="clang-14 libclang-rt-14-dev clang-tidy-16 gcovr chromium chromium-driver python3-selenium
      $images qemu-system-x86 ovmf"

usage() {
  cat <<'END'
usage: ./deps.sh [--run | --package | --images | --bench | --long] [--list]

  --run      only what building and running hapx needs (the demo), nothing for its tests
  --package  what building hapx and its Debian package needs
  --images   what building its packages and a disk image of them needs (images/build)
  --bench    what measuring hapx beside others needs, too (tests/bench/run.sh)
  --long     what test.sh --long needs, too
  --list     print the packages that would be wanted, install nothing
END
}

wanted="$build $run $test"
only_list=no
for argument in "$@"; do
  case $argument in
    --run) wanted="$build $run" ;;
    --package) wanted="$build $package" ;;
    --images) wanted="$build $package $images" ;;
    --bench) wanted="$wanted $bench" ;;
    --long) wanted="$wanted $long" ;;
    --list) only_list=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

if [ "$only_list" = yes ]; then
  printf '%s\n' $wanted
  exit 0
fi

missing=
for package in $wanted; do
  # A kubectl or a node of another origin does as well, and Debian's can't be installed beside it.
  if [ "$package" = kubernetes-client ] && command -v kubectl >/dev/null; then continue; fi
  if [ "$package" = nodejs ] && command -v node >/dev/null; then continue; fi
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo "deps: everything is installed"
  exit 0
fi
echo "deps: installing$missing"

as_root=
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "deps: run me as root, or install sudo" >&2; exit 1; }
  as_root=sudo
fi

# A policy that somebody else has set is theirs: it stays, and it decides.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '$as_root rm -f "$policy"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
fi

apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# A stale list may still name what the mirror has; only the installation decides.
apt update || echo "deps: could not refresh the package lists, trying with those that are here" >&2
apt install --no-install-recommends $missing
echo "deps: done"
