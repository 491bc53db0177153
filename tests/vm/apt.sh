#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# To be sourced: Debian's packages from the mirror that this machine's own apt is configured
# with, read through a private configuration, so that nothing of the machine is changed.

# The mirror of Debian that this machine uses.
debian_mirror() {
	cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -n -e 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' \
			-e 's/^deb[[:space:]]\+\(\[[^]]*\][[:space:]]*\)\?\([^[:space:]]*\).*/\2/p' |
		sed -n '/\/debian\/*$/{p;q}'
}

# private_sources FILE SUITE: writes a list of sources.
private_sources() {
	local keys=/usr/share/keyrings/debian-archive-keyring.gpg uri

	uri=$(debian_mirror)
	if [ -z "$uri" ]; then
		echo "there is no Debian mirror in this machine's apt sources" >&2
		return 1
	fi
	echo "deb [signed-by=$keys] $uri $2 main" >"$1"
}

# private_apt FOLDER ARCH SUITE: FOLDER/apt.conf is for apt-get -c, and keeps all below FOLDER,
# which is absolute. What this machine says of proxies and the like still holds.
private_apt() {
	local apt=$1

	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/preferences.d"
	private_sources "$apt/sources.list" "$3" || return
	# A suite under way may have been signed long ago: its age says nothing here.
	cat >"$apt/apt.conf" <<-END
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::Etc::preferences "-";
		Dir::Etc::preferencesparts "$apt/preferences.d";
		Dir::State::status "/dev/null";
		Dir::State::lists "$apt/lists";
		Dir::Cache "$apt/cache";
		APT::Architecture "$2";
		APT::Architectures { "$2"; };
		APT::Sandbox::User "root";
		Acquire::Check-Valid-Until "false";
		Acquire::Languages "none";
		Acquire::GzipIndexes "true";
		Acquire::Retries "3";
	END
}
