#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which earlier hapx is tried beside today's, and how is it built?
#
# The commit is the last one before nodes compared their configurations (decision 0019) and before
# claims named their plan: its beats, prepares and proposals are other ones than today's. It is laid
# out and built in a folder of its own, with the preset of its own; what is built stays.
set -eu

commit=760e89ad6fab7333eb18446f82fc6e5881f8dd7d

usage() {
  cat <<'END'
usage: tests/lab/versions/build_pinned.sh FOLDER

  Builds hapx and hapxd of the pinned commit into FOLDER/bin, unless they are there. Exits with 77,
  and says why, where this clone doesn't have the commit.
END
}

[ $# -eq 1 ] || { usage >&2; exit 2; }
case $1 in
  -h | --help) usage; exit 0 ;;
esac
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/../../.."

is_built() {
  [ -x "$folder/bin/hapx" ] && [ -x "$folder/bin/hapxd" ] &&
    [ "$(cat "$folder/bin/commit" 2>/dev/null)" = "$commit" ]
}
if is_built; then
  echo "the earlier hapx is built: $commit"
  exit 0
fi

if ! why=$(git rev-parse --quiet --verify "$commit^{commit}" 2>&1 >/dev/null); then
  echo "NOT TRIED: two versions in one cluster. This is no clone that has the commit $commit" \
       "(git fetch --unshallow brings it).${why:+ git says: $why}"
  exit 77
fi

# Moved into place as a whole, so that what was interrupted isn't taken for done.
source=$folder/source
rm -rf "$source" "$folder/bin" "$folder/bin.new"
mkdir -p "$source"
git archive "$commit" | tar -x -C "$source"
cd "$source"
cmake --preset dev -DBUILD_TESTING=OFF
nice -n 5 cmake --build --preset dev --target hapx hapxd
mkdir "$folder/bin.new"
cp build/dev/bin/hapx build/dev/bin/hapxd "$folder/bin.new/"
echo "$commit" >"$folder/bin.new/commit"
mv "$folder/bin.new" "$folder/bin"
