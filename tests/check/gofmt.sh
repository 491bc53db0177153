#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Prints the Go sources that gofmt would write otherwise.
set -eu

root=$(tests/go/toolchains.sh -n | tail -n 1 | cut -d ' ' -f 2)
[ -n "$root" ] || {
	echo "no toolchain of Go was fetched"
	exit 77
}
"$root/bin/gofmt" -l tests/go/fixture
