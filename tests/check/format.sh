#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Has clang-format check all C files. Its releases differ, and the rules of .clang-format are
# written for release 14.
set -eu

for program in clang-format-14 clang-format; do
	if "$program" --version 2>/dev/null | grep -q 'version 14\.'; then
		find bpf user tests -name '*.[ch]' -exec "$program" --dry-run -Werror {} +
		exit
	fi
done
echo "clang-format 14 is not installed"
exit 77
