#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# screenshot.sh PAGE PNG [WIDTH [HEIGHT]]: how a browser shows a page. HAPX_DARK=1: to a reader who
# likes it dark. docs/drill-report.png is made so.
set -eu

page=$(realpath "$1")
png=$(realpath "$2")
width=${3:-1100}
height=${4:-1500}
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
dark=
[ -z "${HAPX_DARK:-}" ] || dark=--blink-settings=preferredColorScheme=0
# Without its sandbox, since root can't have that; the page is our own and runs no script.
HOME=$home chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
  --disable-background-networking --no-first-run --user-data-dir="$home/profile" $dark \
  --hide-scrollbars --force-device-scale-factor="${HAPX_SCALE:-1}" \
  --window-size="$width,$height" --screenshot="$png" "file://$page" >&2
test -s "$png"
