#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Is every source formatted as .clang-format says?
#
# usage: tests/tidy/clang-format.sh CLANG-FORMAT ROOT
set -eu
[ $# -eq 2 ] || { echo "usage: $0 CLANG-FORMAT ROOT" >&2; exit 2; }
cd "$2"
find config membership vip lb-supervisor appliance tests -name '*.cpp' -o -name '*.hpp' |
  sort | xargs -n 20 -P "$(nproc)" "$1" --style=file --dry-run --Werror
