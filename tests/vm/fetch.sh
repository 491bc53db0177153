#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Fetches a Debian kernel: `fetch.sh CACHE SUITE PATTERN` prints the path of its image.
#
# The mirror is the one that this machine's own apt is configured with; its other
# suites are read through a private configuration below CACHE, and nothing is
# installed. Kernels are kept by version: a cached one needs no network.
set -eu

cache=$1 suite=$2 pattern=$3
apt=$cache/apt
mkdir -p "$cache/kernels"

mirror() {
	{
		sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
		sed -n 's/^deb[[:space:]]\(\[[^]]*\][[:space:]]*\)\?\([^[:space:]]*\).*/\2/p' \
			/etc/apt/sources.list /etc/apt/sources.list.d/*.list
	} 2>/dev/null | grep '/debian/*$' | head -n 1
}

configure() {
	local keys=/usr/share/keyrings/debian-archive-keyring.gpg uri

	uri=$(mirror)
	[ -n "$uri" ] || { echo "no Debian mirror in this machine's apt sources" >&2; exit 1; }
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/preferences.d"
	echo "deb [signed-by=$keys] $uri $suite main" >"$apt/$suite.list"
	# A suite under way may have been signed long ago: its age says nothing here.
	cat >"$apt/$suite.conf" <<-END
		Dir::Etc "$apt/"; Dir::Etc::sourcelist "$apt/$suite.list"; Dir::Etc::sourceparts "-";
		Dir::Etc::preferencesparts "$apt/preferences.d"; Dir::State::status "/dev/null";
		Dir::State::lists "$apt/lists"; Dir::Cache "$apt/cache"; APT::Architecture "amd64";
		Acquire::Check-Valid-Until "false"; Acquire::Languages "none"; Acquire::Retries "3";
	END
	export APT_CONFIG=$apt/$suite.conf
	find "$apt/lists" -name "*_dists_${suite}_*Packages*" -mmin -720 | grep -q . ||
		apt-get -qq update
}

newest() {
	# A pattern of the shell, and of a package's name: dots and stars only.
	apt-cache search -n "^$(printf '%s' "$pattern" | sed 's/\./\\./g; s/\*/.*/g')\$" |
		cut -d' ' -f1 | sort -V | tail -n 1
}

# A cached kernel of that pattern serves when the network does not.
cached() {
	local image

	# shellcheck disable=SC2086 # the pattern is one
	for image in $cache/kernels/$pattern; do
		[ -f "$image" ] && echo "$image"
	done | sort -V | tail -n 1
}

(configure) >&2 || { cached | grep . && exit 0; exit 1; }
export APT_CONFIG=$apt/$suite.conf
package=$(newest)
[ -n "$package" ] || { echo "no package $pattern in $suite" >&2; exit 1; }
image=$cache/kernels/$package
if [ ! -f "$image" ]; then
	work=$(mktemp -d "$cache/work.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	(cd "$work" && apt-get -qq download "$package") >&2
	dpkg-deb -x "$work"/*.deb "$work/tree"
	mv "$(find "$work/tree" -name 'vmlinuz*' -type f | head -n 1)" "$image"
fi
echo "$image"
