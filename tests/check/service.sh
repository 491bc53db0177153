#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Asks the service manager for errors in the service's unit, and for the service's exposure.
set -eu

EXPOSURE_LIMIT=25 # tenths of systemd's 0 to 10

systemd-analyze --help 2>/dev/null | grep -q -e --offline || {
	echo "there is no systemd-analyze of systemd 250 or later"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unit=$work/dwell.service
sed "s|@SBINDIR@|$(realpath "${BUILD:-build}")|" scripts/dwell.service.in >"$unit"
# It also prints messages about the units that this one starts after.
systemd-analyze verify --man=no "$unit" 2>&1 | grep -F dwell.service || true
systemd-analyze security --offline=yes --no-pager --threshold=$EXPOSURE_LIMIT "$unit" \
	>"$work/security" 2>&1 || {
	grep -v '^✓' "$work/security"
	echo "more exposed than $EXPOSURE_LIMIT tenths"
}
