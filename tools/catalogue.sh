#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Merges the folders' catalogues of one language into one compiled catalogue:
#   catalogue.sh OUTPUT.mo FILE.po...
set -eu
output=$1
shift
msgcat --use-first --force-po --output-file="$output.po" "$@"
msgfmt --check-format --output-file="$output" "$output.po"
rm -f "$output.po"
