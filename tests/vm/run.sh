#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs dwell and its live tests on the kernels of kernels.list, each in a guest under QEMU.
#
# run.sh ARCH=DIRECTORY… [NAME…]: where the static dwell and live for each architecture
# are, and the kernels to try (all). Prints each result, a table, and as its last line
# `N passed, N failed, N skipped`. VM_CACHE names the folder for kernels and results
# (build/vm), VM_JOBS how many guests run at once, VM_SECONDS how long one may take.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
declare -A binaries=() initrd=() kvm=()
while [[ ${1-} = *=* ]]; do
	binaries[${1%%=*}]=${1#*=}
	shift
done
mkdir -p "${VM_CACHE:-build/vm}/results"
cache=$(cd "${VM_CACHE:-build/vm}" && pwd)
results=$cache/results
seconds=${VM_SECONDS:-1800}
memory=1024 # MiB for a guest
passed=0 failed=0 skipped=0
table=$cache/table # of all results

# As many as there are CPUs, if memory allows.
guests_at_once() {
	local room cpus

	room=$(awk -v guest=$((memory + 512)) \
		'$1 == "MemAvailable:" { print int($2 / 1024 / guest) }' /proc/meminfo)
	cpus=$(nproc)
	[ "$room" -ge 1 ] || room=1
	echo $((cpus < room ? cpus : room))
}
jobs=${VM_JOBS:-$(guests_at_once)}

# The lines of kernels.list that are asked for.
kernels() {
	local name rest

	grep -vE '^(#|$)' "$here/kernels.list" | while read -r name rest; do
		if [ $# = 0 ] || [[ " $* " = *" $name "* ]]; then
			echo "$name $rest"
		fi
	done
}

# ---- one guest --------------------------------------------------------------

# The folder of the newest Go program that runs there, below that of all: VERSION/VARIANT.
go_fixture() {
	local arch=$1 folder=${GO_CACHE:-build/go} variant=plain

	[ "$arch" != arm64 ] || variant=arm64
	(cd "$folder" 2>/dev/null && ls -d ./*/$variant/fixture 2>/dev/null) | sort -V | tail -n 1 |
		sed 's,^\./,,; s,/fixture$,,'
}

# Continuous integration has built it.
need_go_fixture() {
	[ "${CI-}" = true ] && [ -z "$(go_fixture "$1")" ] || return 0
	echo "not ok $1/go-fixture: tests/go/build.sh has built none"
	failed=$((failed + 1))
}

# The guests' first file system: a shell, dwell, its tests. One for each architecture.
make_initrd() {
	local arch=$1 root=$cache/root-$1 busybox fixture

	busybox=$("$here/fetch.sh" "$cache" "$arch" bookworm busybox-static bin/busybox)
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev"
	cp "$busybox" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	cp "${binaries[$arch]}/dwell" "${binaries[$arch]}/live" "$root/bin"
	fixture=$(go_fixture "$arch")
	if [ -n "$fixture" ]; then
		mkdir -p "$root/go/$fixture"
		cp "${GO_CACHE:-build/go}/$fixture/fixture" "$root/go/$fixture"
	fi
	cp "$here/guest" "$root/bin/tests"
	cp "$here/init" "$root/init"
	chmod 755 "$root/init" "$root"/bin/*
	(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >"$root.gz"
	echo "$root.gz"
}

# Boots an image and writes its console and results. The rest are QEMU's arguments.
qemu() {
	local limit=$1 name=$2 arch=$3 root=$4 image=$5 words=$6
	local console=$results/$name.console out=$results/$name.out
	local -a machine
	shift 6

	case $arch in
	amd64)
		machine=(qemu-system-x86_64 -M q35 -serial "file:$console" -serial "file:$out")
		words="console=ttyS0 tsc=reliable dwell.results=ttyS1 $words"
		;;
	arm64)
		machine=(qemu-system-aarch64 -M virt -nic none -serial "file:$console"
			-chardev "file,id=results,path=$out" -device "pci-serial,chardev=results")
		words="console=ttyAMA0 dwell.results=ttyS0 $words"
		;;
	esac
	timeout -k 5 "$limit" "${machine[@]}" "$@" -m $memory -smp 2 -display none -no-reboot \
		-kernel "$image" -initrd "$root" -append "quiet panic=-1 $words" \
		</dev/null >"$results/$name.qemu" 2>&1
}

# Having the device is not enough: some machines refuse to start a guest, or hang.
kvm_works() {
	local arch=$1 image=$2

	case $arch-$(uname -m) in
	amd64-x86_64 | arm64-aarch64) ;;
	*) return 1 ;;
	esac
	[ -w /dev/kvm ] && qemu 20 kvm "$arch" "${initrd[$arch]}" "$image" "dwell.expect=nothing" \
		-accel kvm -cpu host &&
		grep -qx end "$results/kvm.out"
}

# QEMU 7.2's software emulation has two faults that look like the kernel's. With more
# than one thread, a CPU can go on executing a breakpoint that another has just removed
# while patching code, for ever: so one thread emulates all CPUs. And kernels up to 6.17
# have died in cmpxchg16b, which those from 6.19 on need for task storage.
emulated_cpu() { # name, arch
	case $2/$1 in
	arm64/*) echo cortex-a76 ;;
	*/5.* | */6.1 | */6.1-* | */6.12* | */6.17*) echo max,-cx16 ;;
	*) echo max ;;
	esac
}

boot() {
	local name=$1 arch=$2 status=0

	if [ -n "${kvm[$arch]-}" ]; then
		qemu "$seconds" "$@" -accel kvm -cpu host || status=$?
	else
		qemu "$seconds" "$@" -accel tcg,thread=single \
			-cpu "$(emulated_cpu "$name" "$arch")" || status=$?
	fi
	case $status in
	0) ;;
	124 | 137) echo "still running after $seconds s" >"$results/$name.end" ;;
	*) echo "QEMU ended with $status: $(head -n 1 "$results/$name.qemu")" >"$results/$name.end" ;;
	esac
}

run_guest() {
	local name=$1 arch=$2 expect=$5 tests=$6 append=$7 root=${initrd[$2]}

	[ "$append" != - ] || append=
	[ "$expect" != serve ] || root=$(cat "$results/$name.root")
	boot "$name" "$arch" "$root" "$(cat "$results/$name.image")" \
		"dwell.expect=$expect dwell.tests=$tests $append"
}

# One after the other: they share the lists of packages.
fetch_guest() {
	local name=$1 arch=$2 suite=$3 package=$4 expect=$5

	rm -f "$results/$name".*
	touch "$results/$name".{out,console}
	[ -n "${binaries[$arch]-}" ] || return 0
	if ! "$here/fetch.sh" "$cache" "$arch" "$suite" "$package" 'vmlinuz*' \
		>"$results/$name.image" 2>"$results/$name.console" </dev/null; then
		rm -f "$results/$name.image"
		echo "its kernel could not be fetched" >"$results/$name.end"
	elif [ "$expect" = serve ] && ! "$here/systemd/root.sh" "$cache" \
		>"$results/$name.root" 2>"$results/$name.console" </dev/null; then
		rm -f "$results/$name.image"
		echo "its files could not be made" >"$results/$name.end"
	fi
}

# ---- its results ------------------------------------------------------------

# Prints a result, counts it, and keeps it for the table.
result() { # ok|not ok|skip, kernel, test, and why
	case $1 in
	ok) passed=$((passed + 1)) ;;
	skip) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)) ;;
	esac
	echo "$1 $2/$3${4:+: $4}"
	echo "$2 $3 ${1/not ok/FAIL}" >>"$table"
}

# A guest's last words: what it was doing when it came to a bad end.
last_words() {
	local name=$1

	tail -n 3 "$results/$name.out" | sed 's/^/    /'
	tr -d '\r' <"$results/$name.console" | tail -n 30 | sed 's/^/    /'
}

report_line() { # kernel, line
	local line=$2 word rest

	case $line in
	"ok "* | "skip "*) word=${line%% *} ;;
	"not ok "*) word="not ok" ;;
	*) return 1 ;;
	esac
	rest=${line#"$word" }
	case $rest in
	*:*) result "$word" "$1" "${rest%%:*}" "${rest#*: }" ;;
	*) result "$word" "$1" "$rest" ;;
	esac
}

# What the service exported, which it sent twice.
report_textfiles() {
	local name=$1 when

	for when in first later; do
		sed -n "s/^textfile $when //p" "$results/$name.out" | tr -d '\r' | base64 -d | gunzip \
			>"$results/$name.$when" 2>/dev/null || true
	done
	if ! [ -s "$results/$name.first" ] || ! [ -s "$results/$name.later" ]; then
		result "not ok" "$name" metrics "it did not send them"
	elif ! command -v python3 >/dev/null; then
		result skip "$name" metrics "python3 is not installed"
	elif python3 "$here/../fleet/validate.py" --families \
		"$results/$name.first" "$results/$name.later" >"$results/$name.metrics" 2>&1; then
		result ok "$name" metrics
	else
		result "not ok" "$name" metrics "$(head -n 1 "$results/$name.metrics")"
	fi
}

# Every test that was planned must have said how it went.
report_guest() {
	local name=$1 arch=$2 expect=$5 line shown=no table=$table

	# Its tests are of the service, not of the kernel.
	[ "$expect" != serve ] || table=/dev/null
	if [ -z "${binaries[$arch]-}" ]; then
		result skip "$name" boot "dwell was not built for $arch"
		return
	fi
	if grep -q '^gone: ' "$results/$name.console"; then
		result skip "$name" boot "$(sed -n 's/^gone: //p' "$results/$name.console")"
		return
	fi
	echo "# $name: $(sed -n 's/^kernel //p' "$results/$name.out")"
	while IFS= read -r line; do
		if report_line "$name" "$line"; then
			[[ $line = "not ok "* ]] && shown=yes || shown=no
		elif [[ $line = "    "* && $shown = yes ]]; then
			echo "$line"
		fi
	done < <(tr -d '\r' <"$results/$name.out")
	while read -r line; do
		grep -qE "^(ok|not ok|skip) $line(:|$)" "$results/$name.out" ||
			result "not ok" "$name" "$line" "it did not come to its end"
	done < <(sed -n 's/^plan //p' "$results/$name.out")
	[ "$expect" != serve ] || report_textfiles "$name"
	if grep -qx end "$results/$name.out"; then
		result ok "$name" boot
	else
		result "not ok" "$name" boot \
			"$(cat "$results/$name.end" 2>/dev/null || echo "the guest died")"
		last_words "$name"
	fi
}

# Rows are tests, columns kernels, in the order in which they came.
print_table() {
	[ -s "$table" ] || return 0
	awk '
		!($1 in kernel) { kernel[$1] = ++kernels; kernel_name[kernels] = $1 }
		!($2 in test) { test[$2] = ++tests; test_name[tests] = $2 }
		{ cell[$1, $2] = $3 }
		END {
			printf "\n| test |"
			for (k = 1; k <= kernels; k++)
				printf " %s |", kernel_name[k]
			printf "\n| --- |"
			for (k = 1; k <= kernels; k++)
				printf " --- |"
			for (t = 1; t <= tests; t++) {
				printf "\n| %s |", test_name[t]
				for (k = 1; k <= kernels; k++)
					printf " %s |", cell[kernel_name[k], test_name[t]]
			}
			print ""
		}' "$table"
}

kernels "$@" >"$cache/wanted"
[ -s "$cache/wanted" ] || { echo "kernels.list has no kernel named $*" >&2; exit 2; }
: >"$table"
for arch in "${!binaries[@]}"; do
	need_go_fixture "$arch"
	initrd[$arch]=$(make_initrd "$arch")
done
while read -r -a fields; do
	fetch_guest "${fields[@]}"
	name=${fields[0]} arch=${fields[1]}
	if [ -z "${kvm[$arch]+tried}" ] && [ -e "$results/$name.image" ]; then
		kvm[$arch]=
		! kvm_works "$arch" "$(cat "$results/$name.image")" || kvm[$arch]=yes
	fi
done <"$cache/wanted"

while read -r -a fields; do
	[ -e "$results/${fields[0]}.image" ] || continue
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
	run_guest "${fields[@]}" &
done <"$cache/wanted"
wait
while read -r -a fields; do
	report_guest "${fields[@]}"
done < <(sort -V "$cache/wanted")
print_table
[ ! -s "$table" ] || "$here/support-table.sh" "$cache"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
