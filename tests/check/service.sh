#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Asks the service manager for errors in the service's unit, and for the service's exposure; of
# the unit as it is, and with the drop-in for Go programs.
set -eu

EXPOSURE_LIMIT=25 # tenths of systemd's 0 to 10
EXPOSURE_LIMIT_GO=30

systemd-analyze --help 2>/dev/null | grep -q -e --offline || {
	echo "there is no systemd-analyze of systemd 250 or later"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unit=$work/dwell.service

# check LIMIT: prints what is wrong with the unit, or that it is exposed by more tenths than that.
check() {
	# It also prints messages about the units that this one starts after.
	systemd-analyze verify --man=no "$unit" 2>&1 | grep -F dwell.service || true
	systemd-analyze security --offline=yes --no-pager --threshold="$1" "$unit" \
		>"$work/security" 2>&1 || {
		grep -v '^✓' "$work/security"
		echo "more exposed than $1 tenths"
	}
}

# without WHAT: prints that the unit has WHAT, a line of the list of its exposure.
without() {
	! grep "^✗ $1" "$work/security" || echo "it has $1"
}

sed "s|@SBINDIR@|$(realpath "${BUILD:-build}")|" scripts/dwell.service.in >"$unit"
check $EXPOSURE_LIMIT
without 'CapabilityBoundingSet=~CAP_SYS_PTRACE'

# With the drop-in for Go programs it has that, and little else is worse.
mkdir "$unit.d"
cp scripts/go.conf "$unit.d"
check $EXPOSURE_LIMIT_GO
grep -q '^✗ CapabilityBoundingSet=~CAP_SYS_PTRACE' "$work/security" || echo "go.conf is of no use"
without 'CapabilityBoundingSet=~CAP_SYS_ADMIN'
without PrivateNetwork=
