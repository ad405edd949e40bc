#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One command from a clean clone to build/deb/hapx_VERSION_ARCH.deb.
#
# The packaging lies in images/deb; debhelper wants it as debian/ beside the sources, so both are
# laid out in build/deb/source and built there. VERSION may be given (tests build an "upgrade").
set -eu
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
usage: images/build-deb.sh [--no-deps] [VERSION]

  Installs what building needs (deps.sh --package), builds the Debian package into build/deb/, and
  looks it over with lintian. VERSION is the changelog's if it is not given.

  --no-deps   install nothing, rely on what is here
END
}

deps=yes
version=
for argument in "$@"; do
  case $argument in
    --no-deps) deps=no ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) version=$argument ;;
  esac
done
step() { printf '\n== %s\n' "$*"; }

if [ "$deps" = yes ]; then
  step "packages"
  ./deps.sh --package
fi

step "sources"
out=$PWD/build/deb
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

step "build (some minutes the first time)"
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
