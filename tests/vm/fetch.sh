#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Fetches a Debian kernel: `fetch.sh CACHE ARCH SUITE PATTERN` prints the path of its image.
#
# PATTERN is a package's name with stars; the newest version of those that match counts.
# The mirror is the one that this machine's own apt is configured with; its other suites
# are read through a private configuration below CACHE, and nothing is installed. Kernels
# are kept by version, lists of packages for a week: with both there, no network is used.
set -eu

cache=$1 arch=$2 suite=$3 pattern=$4
kernels=$cache/kernels/$arch
apt=$cache/apt/$arch-$suite
mkdir -p "$kernels" "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/preferences.d"

complain() {
	echo "$*" >&2
	return 1
}

mirror() {
	cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -n -e 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' \
			-e 's/^deb[[:space:]]\+\(\[[^]]*\][[:space:]]*\)\?\([^[:space:]]*\).*/\2/p' |
		sed -n '/\/debian\/*$/{p;q}'
}

# A private set of sources; what this machine says of proxies and the like still holds.
configure() {
	local keys=/usr/share/keyrings/debian-archive-keyring.gpg uri

	uri=$(mirror)
	[ -n "$uri" ] || complain "there is no Debian mirror in this machine's apt sources"
	echo "deb [signed-by=$keys] $uri $suite main" >"$apt/sources.list"
	# A suite under way may have been signed long ago: its age says nothing here.
	cat >"$apt/apt.conf" <<-END
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::Etc::preferences "-";
		Dir::Etc::preferencesparts "$apt/preferences.d";
		Dir::State::status "/dev/null";
		Dir::State::lists "$apt/lists";
		Dir::Cache "$apt/cache";
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Sandbox::User "root";
		Acquire::Check-Valid-Until "false";
		Acquire::Languages "none";
		Acquire::GzipIndexes "true";
		Acquire::Retries "3";
	END
}

# Only a success is marked, so a failed update is tried again.
update() {
	[ -z "$(find "$apt/updated" -mtime -7 2>/dev/null)" ] || return 0
	apt-get -c "$apt/apt.conf" -qq update >&2
	touch "$apt/updated"
}

newest_package() {
	local expression

	expression=$(printf '%s' "$pattern" | sed 's/[.+]/\\&/g; s/\*/.*/g')
	apt-cache -c "$apt/apt.conf" search --names-only "^$expression\$" | cut -d' ' -f1 | sort -V | tail -n 1
}

download() {
	local package=$1

	(cd "$work" && apt-get -c "$apt/apt.conf" -qq download "$package") >&2
	dpkg-deb --fsys-tarfile "$work"/*.deb |
		tar -x -C "$work" --wildcards --no-anchored 'vmlinuz*' ||
		complain "there is no kernel in $package"
	# In one step: a run that is cut short leaves no half a kernel.
	mv "$(find "$work" -name 'vmlinuz*' -type f)" "$kernels/$package"
}

fetch() {
	local package

	configure
	update
	package=$(newest_package)
	[ -n "$package" ] || complain "$suite holds no package $pattern"
	if ! [ -f "$kernels/$package" ]; then
		work=$(mktemp -d "$cache/work.XXXXXX")
		trap 'rm -rf "$work"' EXIT
		download "$package"
	fi
	echo "$kernels/$package"
}

# One that was fetched before serves when the network does not.
cached() {
	local image

	image=$(find "$kernels" -maxdepth 1 -type f -name "$pattern" | sort -V | tail -n 1)
	[ -n "$image" ] && echo "$image"
}

# Not as a condition: errexit would be off in it.
set +e
image=$(set -e; fetch)
set -e
if [ -n "$image" ]; then
	echo "$image"
else
	cached
fi
