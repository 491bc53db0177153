#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Whether this machine can run dwell for real: succeeds if it can. Judged first without dwell, lest
# a broken dwell pass for a machine that cannot: only its "this kernel lacks a feature" counts.
set -eu

PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] && [ -r /sys/kernel/btf/vmlinux ] || exit 1
bpftool prog list >/dev/null 2>&1 || exit 1
status=0
timeout 60 "${BUILD:-build}/dwell" check >/dev/null 2>&1 </dev/null || status=$?
[ $status -ne 3 ]
