#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Prints "(revision 0123456789ab)" for FUNDAMENT_REVISION: revision.sh SOURCE [REVISION]
# The revision is the one that is given, or else what git says about the clone in SOURCE; with
# "-dirty" behind it when files differ from the commit. Without either it prints nothing.
set -eu
revision=${2:-}
if [ -z "$revision" ] && [ -e "$1/.git" ]; then
    revision=$(git -C "$1" describe --always --dirty --exclude='*' --abbrev=12 2>/dev/null) || revision=
fi
[ -z "$revision" ] || printf '(revision %s)' "$revision"
echo
