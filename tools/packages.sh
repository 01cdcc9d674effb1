#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Installs the Debian packages of packages.txt that are missing: packages.sh build|package|test
set -eu
cd "$(dirname "$0")/.."
group=${1:-build}

# A package whose command is on the path already (a node that did not come from Debian, say) counts
# as installed.
is_there() {
    dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed' && return 0
    case $1 in
    nodejs) command -v node >/dev/null ;;
    npm) command -v npm >/dev/null ;;
    python3) command -v python3 >/dev/null ;;
    *) return 1 ;;
    esac
}

case $group in
build) wanted=$(sed -n '/^# package/q; /^[^#]/p' packages.txt) ;;
package) wanted=$(sed -n '/^# test/q; /^[^#]/p' packages.txt) ;;
*) wanted=$(sed -n '/^[^#]/p' packages.txt) ;;
esac
missing=
for package in $wanted; do
    is_there "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "Installing:$missing"
if [ "$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086  # one word a package
$as_root apt-get install -q -y --no-install-recommends $missing
