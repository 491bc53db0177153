#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Has mandoc check the manual.
set -eu

command -v mandoc >/dev/null 2>&1 || {
	echo "mandoc is not installed"
	exit 77
}
mandoc -Tlint -W warning "${BUILD:-build}/dwell.8"
