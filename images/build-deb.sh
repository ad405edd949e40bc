#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One command from a clean clone to build/deb/hapx_VERSION_ARCH.deb, and the two packages beside it.
#
# The packaging lies in images/deb; debhelper wants it as debian/ beside the sources, so both are
# laid out in build/deb/source and built there. VERSION may be given (tests build an "upgrade").
set -eu
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
usage: images/build-deb.sh [--no-deps] [--programs FOLDER] [--into FOLDER] [VERSION]

  Installs what building needs (deps.sh --package), builds the Debian packages hapx, hapx-witness
  and hapx-cloud-init into build/deb/, and looks them over with lintian. VERSION is the changelog's
  if it is not given.

  --no-deps          install nothing, rely on what is here
  --programs FOLDER  take hapxd and hapx as they are there, and compile nothing (for tests)
  --into FOLDER      instead of build/deb
END
}

deps=yes
version=
out=$PWD/build/deb
unset HAPX_PROGRAMS
while [ $# -gt 0 ]; do
  case $1 in
    --no-deps) deps=no ;;
    --programs | --into)
      [ $# -gt 1 ] || { usage >&2; exit 2; }
      mkdir -p "$2"
      folder=$(cd "$2" && pwd)
      if [ "$1" = --into ]; then out=$folder; else export HAPX_PROGRAMS="$folder"; fi
      shift
      ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) version=$1 ;;
  esac
  shift
done
step() { printf '\n== %s\n' "$*"; }

if [ "$deps" = yes ]; then
  step "packages"
  ./deps.sh --package
fi

step "sources"
source=$out/source
mkdir -p "$source"
# What is built before is built again only where it changed: the same folder, the same times.
wanted='CMakeLists.txt CMakePresets.json LICENSE README.md CHANGELOG.md cmake config membership vip
        lb-supervisor appliance docs cloud-init images'
for old in "$source"/*; do
  name=${old##*/}
  case " $(echo $wanted) obj-$(dpkg-architecture -qDEB_HOST_GNU_TYPE) " in
    *" $name "*) ;;
    *) rm -rf "$old" ;;
  esac
done
for name in $wanted; do
  rm -rf "${source:?}/$name"
  cp -a "$name" "$source/"
done
cp -a images/deb "$source/debian"
rm -f "$out"/*.deb "$out"/*.buildinfo "$out"/*.changes
if [ -n "$version" ]; then
  sed -i "1s/([^)]*)/($version)/" "$source/debian/changelog"
fi

if [ -n "${HAPX_PROGRAMS:-}" ]; then
  step "packages of the programs in $HAPX_PROGRAMS"
  export DEB_BUILD_OPTIONS="noautodbgsym ${DEB_BUILD_OPTIONS:-}"
else
  step "build (some minutes the first time)"
fi
# debhelper gives the build a home of its own; a compiler cache keeps its old one.
if command -v ccache >/dev/null; then
  CCACHE_DIR=${CCACHE_DIR:-$(ccache --get-config cache_dir)}
  export CCACHE_DIR
fi
(cd "$source" && dpkg-buildpackage --build=binary --no-sign --no-pre-clean)

step "lintian"
if command -v lintian >/dev/null; then
  lintian --allow-root --fail-on error --suppress-tags bad-distribution-in-changes-file "$out"/*.deb
else
  echo "no lintian here: not looked over"
fi

step "done"
ls -l "$out"/*.deb
