#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs what building (build) or testing (check) dwell needs, from the machine's own package sources.
# shellcheck disable=SC2086 # lists of words are split on purpose, throughout
set -eu

usage() {
	cat <<-END
	usage: scripts/setup.sh [-n] build|unit|check|fuzz|kernels|distros
	Names what is missing and installs it with the package manager of this machine (needs root).
	  build  what make needs
	  unit   that, and what the unit tests need
	  check  that, and what the rest of make check and make bench need
	  fuzz   what make fuzz needs
	  kernels  what make and make check-kernels need: QEMU, what builds for arm64, and what
	           makes a Debian with dwell's package
	  distros  what make and make check-distros need: what makes other releases of Debian
	  -n     only name what is missing; exit 1 if anything needed is
	END
}

PATH=$PATH:/usr/sbin:/sbin
ARM64=aarch64-linux-gnu
# Folder of what is installed for the tests alone, and not into the machine.
HERE=$(cd "$(dirname "$0")/.." && pwd)
OWN=$HERE/build
PATH=$PATH:$OWN/unpacked/usr/bin
PKG_CONFIG=${PKG_CONFIG:-pkg-config}

have() {
	command -v "$1" >/dev/null 2>&1
}

# Each probe tests whether the thing itself is there and usable. The package that it came from does
# not matter.
probe() {
	case $1 in
	compiler) echo '#include <stdio.h>' | $CC -E - >/dev/null 2>&1 ;;
	make) have make ;;
	clang) have "${CLANG:-clang}" ;;
	bpftool) probe_bpftool ;;
	pkg-config) have "$PKG_CONFIG" ;;
	libbpf) $PKG_CONFIG --exists 'libbpf >= 1.1' 2>/dev/null ;;
	libelf | libseccomp | zlib | jansson | libcap | inih | cmocka) $PKG_CONFIG --exists "$1" 2>/dev/null ;;
	uthash) echo '#include <uthash.h>' | $CC -E - >/dev/null 2>&1 ;;
	sanitizers) probe_sanitizers $CC -fsanitize=address,undefined ;;
	fuzzer) probe_sanitizers "${CLANG:-clang}" -fsanitize=fuzzer,address,undefined ;;
	cyclictest | shellcheck | mandoc | systemd-analyze | python3 | lintian | mmdebstrap) have "$1" ;;
	prometheus) have prometheus && have promtool ;;
	etcd) have etcd ;;
	go-toolchains) probe_go ;;
	node-exporter) have prometheus-node-exporter || have node_exporter ;;
	debhelper) have dh && have dpkg-buildpackage ;;
	kubernetes-models) [ -d "$OWN/npm/node_modules/kubernetes-models" ] ;;
	clang-format) have clang-format || have clang-format-14 ;;
	perf) perf version >/dev/null 2>&1 ;;
	peers) have runqlat || have runqlat-libbpf ;;
	qemu) have qemu-system-x86_64 ;;
	qemu-arm64) have qemu-system-aarch64 ;;
	cpio) have cpio ;;
	arm64-compiler) have $ARM64-gcc || [ "$(uname -m)" = aarch64 ] ;;
	arm64-libraries) probe_arm64_libraries ;;
	esac
}

# Some distributions install a bpftool that only names a package, and keep the real one beside a
# kernel's own tools.
probe_bpftool() {
	for tool in bpftool /usr/lib/linux-tools*/*/bpftool; do
		"$tool" version >/dev/null 2>&1 && return 0
	done
	return 1
}

# Whether all that the tests usually want are there.
probe_go() {
	[ "$(GO_CACHE=${GO_CACHE:-$OWN/go} "$HERE/tests/go/toolchains.sh" -n 2>/dev/null | wc -l)" = \
		"$(grep -c '^[^#].*usual$' "$HERE/tests/go/toolchains.list")" ]
}

probe_arm64_libraries() {
	[ "$(uname -m)" = aarch64 ] ||
		$ARM64-pkg-config --exists 'libbpf >= 1.1' libelf libseccomp zlib jansson libcap inih 2>/dev/null
}

# probe_sanitizers COMPILER FLAG: links with what the flag asks for, which has a main() or takes this one.
probe_sanitizers() {
	program=$(mktemp) || return 1
	status=0
	echo 'int LLVMFuzzerTestOneInput(void) { return 0; }
		int __attribute__((weak)) main(void) { return 0; }' |
		"$@" -x c - -o "$program" 2>/dev/null || status=1
	rm -f "$program"
	return $status
}

# thing: apt packages, tried from left to right; dnf; zypper; pacman ("-" = none)
# only-unpack: Debian's package would start a service, and the tests want the program alone.
TABLE='
compiler    @compiler      gcc+glibc-devel  gcc+glibc-devel  gcc
make        make           make             make             make
clang       clang          clang            clang            clang
bpftool     bpftool,linux-tools-common+linux-tools-generic  bpftool  bpftool  bpf
pkg-config  pkgconf,pkg-config  pkgconf-pkg-config  pkgconf-pkg-config  pkgconf
libbpf      libbpf-dev     libbpf-devel     libbpf-devel     libbpf
libelf      libelf-dev     elfutils-libelf-devel  libelf-devel  libelf
libseccomp  libseccomp-dev libseccomp-devel libseccomp-devel libseccomp
zlib        zlib1g-dev     zlib-devel       zlib-devel       zlib
jansson     libjansson-dev jansson-devel    libjansson-devel jansson
libcap      libcap-dev     libcap-devel     libcap-devel     libcap
inih        libinih-dev    inih-devel       libinih-devel    libinih
uthash      uthash-dev     uthash-devel     uthash-devel     uthash
cmocka      libcmocka-dev  libcmocka-devel  libcmocka-devel  cmocka
sanitizers  @sanitizers    libasan+libubsan libasan8+libubsan1  gcc-libs
fuzzer      @fuzzer        compiler-rt      clang            compiler-rt
cyclictest  rt-tests       realtime-tests   rt-tests         rt-tests
shellcheck  shellcheck     ShellCheck       ShellCheck       shellcheck
mandoc      mandoc         mandoc           mandoc           mandoc
systemd-analyze  systemd   systemd          systemd          systemd
clang-format clang-format-14,clang-format  clang-tools-extra  clang-tools  clang
perf        linux-perf,linux-tools-generic  perf  perf       perf
peers       libbpf-tools   libbpf-tools     -                -
python3     python3        python3          python3          python
prometheus  only-unpack:prometheus+only-unpack:promtool,only-unpack:prometheus golang-github-prometheus golang-github-prometheus-prometheus prometheus
node-exporter only-unpack:prometheus-node-exporter golang-github-prometheus-node-exporter golang-github-prometheus-node_exporter prometheus-node-exporter
etcd        only-unpack:etcd-server etcd         etcd             etcd
go-toolchains @go          -                -                -
debhelper   debhelper+build-essential - -            -
lintian     lintian        -                -                -
kubernetes-models @npm     @npm             @npm             @npm
qemu        qemu-system-x86 qemu-system-x86 qemu-x86         qemu-system-x86
qemu-arm64  qemu-system-arm qemu-system-aarch64 qemu-arm     qemu-system-aarch64
cpio        cpio           cpio             cpio             cpio
mmdebstrap  mmdebstrap     -                -                -
arm64-compiler  gcc-aarch64-linux-gnu  -    -                -
arm64-libraries @arm64     -                -                -
'
BUILD_NEEDS='compiler make clang bpftool pkg-config libbpf libelf libseccomp zlib jansson libcap inih uthash'
CHECK_NEEDS='cmocka sanitizers'
KERNELS_NEEDS='qemu cpio'
# Debian's libraries for another architecture install beside this one's.
KERNELS_WANTS='qemu-arm64 arm64-compiler arm64-libraries mmdebstrap debhelper'
ARM64_PACKAGES=pkgconf:arm64+libc6-dev:arm64+libbpf-dev:arm64+libelf-dev:arm64
ARM64_PACKAGES=$ARM64_PACKAGES+zlib1g-dev:arm64+libjansson-dev:arm64+libcap-dev:arm64+libinih-dev:arm64
ARM64_PACKAGES=$ARM64_PACKAGES+libseccomp-dev:arm64
# Things without which some tests are skipped, or a line is missing from the bench.
CHECK_WANTS='cyclictest shellcheck mandoc systemd-analyze clang-format perf peers
python3 prometheus node-exporter debhelper lintian kubernetes-models
etcd go-toolchains'

manager() {
	for program in apt-get dnf zypper pacman; do
		if have "$program"; then
			echo "$program"
			return
		fi
	done
	echo none
}

# Prints the packages that may hold a thing, the likeliest first; "+" joins those needed together.
packages_of() {
	case $MANAGER in
	dnf) column=3 ;;
	zypper) column=4 ;;
	pacman) column=5 ;;
	*) column=2 ;;
	esac
	answer=$(echo "$TABLE" | awk -v thing="$1" -v column=$column '$1 == thing { print $column }')
	case $answer in
	@compiler) compiler_package ;;
	@sanitizers) sanitizer_package ;;
	@arm64) echo "$ARM64_PACKAGES" ;;
	@go) echo go:toolchains ;;
	@fuzzer) clang_package ;;
	@npm) echo npm:kubernetes-models+npm:yaml ;;
	*) echo "$answer" ;;
	esac
}

compiler_package() {
	case $CC in
	*clang*) echo clang+libc6-dev ;;
	*) echo gcc+libc6-dev ;;
	esac
}

# gcc brings its sanitizers along; clang's are a package of their own.
sanitizer_package() {
	if $CC --version 2>/dev/null | grep -qi clang; then
		clang_package $CC
	else
		echo gcc
	fi
}

# clang_package [COMPILER]: the package of clang's own libraries, libFuzzer among them.
clang_package() {
	major=$(echo __clang_major__ | "${1:-${CLANG:-clang}}" -E -P - 2>/dev/null)
	echo "libclang-rt-${major:-14}-dev,libclang-rt-dev"
}

missing() {
	for thing in "$@"; do
		probe "$thing" || echo "$thing"
	done
}

# "bpftool (package bpftool)", one line each
explain() {
	for thing in "$@"; do
		package=$(packages_of "$thing" | sed -e 's/,.*//' -e 's/+/ and /g')
		version=
		if [ "$thing" = libbpf ]; then
			version=' >= 1.1'
			if $PKG_CONFIG --exists libbpf 2>/dev/null; then
				version="$version, found $($PKG_CONFIG --modversion libbpf)"
			fi
		fi
		echo "  $thing$version (package ${package:-unknown})"
	done
}

known() {
	case $MANAGER/$1 in
	*/npm:*) have npm ;;
	*/go:*) have dpkg-deb ;;
	apt-get/*) apt-cache show --no-all-versions "${1#only-unpack:}" 2>/dev/null | grep -q '^Package:' ;;
	*) true ;;
	esac
}

# Chooses, for each thing, the first alternative of which all packages exist.
choose() {
	for thing in "$@"; do
		chosen=
		for alternative in $(packages_of "$thing" | tr ',' ' '); do
			[ "$alternative" != - ] || continue
			chosen=$alternative
			for package in $(echo "$alternative" | tr '+' ' '); do
				known "$package" || chosen=
			done
			[ -z "$chosen" ] || break
		done
		[ -z "$chosen" ] || echo "$chosen" | tr '+' '\n'
	done | sort -u
}

# ---- how much, and how far ----------------------------------------------------

# amount PACKAGE…: "41 packages, 112 MB to fetch, 398 MB on the disk: roughly 1 to 4 minutes". The
# minutes are for two measured speeds: 100 MB on the disk in a minute, and ten times as much.
amount() {
	[ "$MANAGER" = apt-get ] || return 0
	LC_ALL=C apt-get install --assume-no --no-install-recommends "$@" 2>/dev/null | awk '
		/ newly installed, / { packages = $1 + $3 }
		/^Need to get / { sub("/.*", "", $5); fetch = $4 " " $5 }
		/^After this operation, .* will be used/ { room = $4 " " $5; megabytes = $4 * ($5 == "GB" ? 1000 : $5 == "MB") }
		END {
			if (!fetch || !room)
				exit
			if (megabytes < 100)
				time = "a minute or less"
			else
				time = sprintf("roughly 1 to %d minutes", 1 + megabytes / 100)
			printf "setup: %d packages, %s to fetch, %s on the disk: %s\n", packages, fetch, room, time
		}'
}

# Reads apt's reports ("pmstatus:gcc:41.3:Unpacking gcc") up to a line "end:STATUS", and returns
# that status. A terminal gets one line that changes; other outputs get a line for each quarter.
progress() {
	quarter=-1
	last=
	while IFS=: read -r kind what percent text; do
		case $kind in
		dlstatus) doing=fetching ;;
		pmstatus) doing=installing ;;
		end) break ;;
		*) continue ;;
		esac
		percent=${percent%%.*}
		if [ -t 1 ]; then
			printf '\r%-78.78s' "  $doing $percent %  $text"
		elif [ "$doing" != "$last" ] || [ $((percent / 25)) -gt $quarter ]; then
			quarter=$((percent / 25))
			echo "  $doing $percent %"
		fi
		last=$doing
	done
	[ -z "$last" ] || ! [ -t 1 ] || printf '\r%-78s\r' ''
	[ "$kind" = end ] && return "$what"
}

# apt's own messages are only shown if it fails.
apt_get() {
	log=$(mktemp) || return 1
	status=0
	{
		DEBIAN_FRONTEND=noninteractive apt-get -qq -o APT::Status-Fd=3 "$@" 3>&1 >"$log" 2>&1 </dev/null &&
			echo end:0 || echo "end:$?"
	} | progress || status=$?
	[ $status = 0 ] || tail -n 20 "$log" >&2
	rm -f "$log"
	return $status
}

# ---- installing -----------------------------------------------------------------

UPDATED=
# Packages of another architecture are known after that was added and the lists were fetched anew.
know_arm64() {
	if [ "$MANAGER" = apt-get ] && ! dpkg --print-foreign-architectures | grep -qx arm64; then
		dpkg --add-architecture arm64
		UPDATED=
		update_lists
	fi
}

update_lists() {
	if [ "$MANAGER" = apt-get ] && [ -z "$UPDATED" ]; then
		echo "setup: apt-get update"
		apt_get update || echo "setup: some package lists could not be fetched" >&2
		UPDATED=yes
	fi
}

# Unpacks the programs of a Debian package below build/.
unpack() {
	folder=$(mktemp -d) || return 1
	status=0
	(
		cd "$folder" && apt-get -qq -o APT::Sandbox::User=root download "$1" &&
			mkdir -p "$OWN/unpacked" && dpkg-deb -x ./*.deb "$OWN/unpacked"
	) || status=$?
	rm -rf "$folder"
	return $status
}

install_packages() {
	machine=
	modules=
	for package in "$@"; do
		case $package in
		only-unpack:*) unpack "${package#*:}" || return 1 ;;
		go:*) GO_CACHE=${GO_CACHE:-$OWN/go} "$HERE/tests/go/toolchains.sh" >/dev/null || return 1 ;;
		npm:*) modules="$modules ${package#*:}" ;;
		*) machine="$machine $package" ;;
		esac
	done
	if [ -n "$modules" ]; then
		mkdir -p "$OWN/npm" &&
			npm install --prefix "$OWN/npm" --no-save --no-audit --no-fund --ignore-scripts \
				--loglevel=error $modules >/dev/null || return 1
	fi
	[ -n "$machine" ] || return 0
	case $MANAGER in
	apt-get) apt_get install -y --no-install-recommends $machine ;;
	dnf) dnf install -y -q $machine >/dev/null ;;
	zypper) zypper --non-interactive install --no-recommends $machine >/dev/null ;;
	pacman) pacman -S --noconfirm --needed $machine >/dev/null ;;
	esac
}

# Installs packages for the things named. Package lists may be absent or out of date, so they are
# fetched if a package is unknown or cannot be had, and the packages tried again.
obtain() {
	for thing in "$@"; do
		[ "$thing" != arm64-libraries ] || know_arm64
	done
	packages=$(choose "$@")
	for thing in "$@"; do
		[ -n "$(choose "$thing")" ] || update_lists
	done
	packages=$(choose "$@")
	[ -n "$packages" ] || return 1
	echo "setup: installing" $packages
	# shellcheck disable=SC2046 # split on purpose
	amount $(echo "$packages" | grep -v '^npm:\|^only-unpack:\|^go:')
	if ! install_packages $packages; then
		[ "$MANAGER" = apt-get ] && [ -z "$UPDATED" ] || return 1
		update_lists
		install_packages $packages
	fi
}

# A failure is said, and does not end the script.
obtain_wanted() {
	echo "setup: for all tests:" "$@"
	if ! obtain "$@"; then
		for thing in "$@"; do
			obtain "$thing" || true
		done
	fi
	rest=$(missing "$@")
	[ -z "$rest" ] || echo "setup: not to be had here, so some tests will be skipped:" $rest
}

obtain_needed() {
	echo "setup: missing:"
	explain "$@"
	if [ "$(id -u)" != 0 ]; then
		echo "setup: needs root to install them: sudo scripts/setup.sh $task" >&2
		exit 1
	fi
	if [ "$MANAGER" = none ]; then
		echo "setup: no apt-get, dnf, zypper or pacman here; install them by hand" >&2
		exit 1
	fi
	obtain "$@" || echo "setup: the package manager failed" >&2
	rest=$(missing $needs)
	if [ -n "$rest" ]; then
		echo "setup: still missing:" >&2
		explain $rest >&2
		exit 1
	fi
}

dry=
if [ "${1-}" = -n ]; then
	dry=yes
	shift
fi
task=${1-}
needs=$BUILD_NEEDS
wants=
case $task in
build) ;;
unit) needs="$BUILD_NEEDS $CHECK_NEEDS" ;;
check)
	needs="$BUILD_NEEDS $CHECK_NEEDS"
	wants=$CHECK_WANTS
	;;
kernels)
	needs="$BUILD_NEEDS $KERNELS_NEEDS"
	wants=$KERNELS_WANTS
	;;
fuzz) needs="$BUILD_NEEDS $CHECK_NEEDS fuzzer" ;;
distros)
	wants=mmdebstrap
	;;
-h | --help)
	usage
	exit 0
	;;
*)
	usage >&2
	exit 2
	;;
esac

MANAGER=$(manager)
# Without another compiler clang builds all, since the kernel side needs it anyway. The tests want
# the usual compiler.
if [ -z "${CC-}" ]; then
	CC=cc
	[ "$MANAGER/$task" != apt-get/build ] || have cc || CC=${CLANG:-clang}
fi
lacking=$(missing $needs)
if [ -n "$dry" ]; then
	[ -n "$lacking" ] || exit 0
	{
		echo "dwell needs:"
		explain $lacking
		echo "To install: sudo scripts/setup.sh $task"
	} >&2
	exit 1
fi
[ -z "$lacking" ] || obtain_needed $lacking
if [ "$(id -u)" = 0 ] && [ "$MANAGER" != none ]; then
	lacking=$(missing $wants)
	[ -z "$lacking" ] || obtain_wanted $lacking
fi
