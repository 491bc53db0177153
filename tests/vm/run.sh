#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs dwell and its live tests on the kernels of kernels.list, each in a guest under QEMU.
#
# run.sh DWELL LIVE [NAME…]: static binaries, and the kernels to try (all). Ends with
# a table and `N passed, N failed, N skipped`. VM_CACHE names the folder for kernels,
# VM_JOBS how many guests run at once, VM_SECONDS how long one may take.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dwell=$1 live=$2
shift 2
cache=${VM_CACHE:-build/vm}
jobs=${VM_JOBS:-$(nproc)}
seconds=${VM_SECONDS:-900}
mkdir -p "$cache/results"
cache=$(cd "$cache" && pwd)
passed=0 failed=0 skipped=0

# ---- one guest --------------------------------------------------------------

make_initrd() {
	local root=$cache/root

	rm -rf "$root"
	mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev"
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp "$dwell" "$root/bin/dwell"
	cp "$live" "$root/bin/live"
	cp "$here/hotplug" "$root/bin/hotplug"
	cp "$here/init" "$root/init"
	chmod +x "$root/init" "$root/bin"/*
	(cd "$root" && find . | cpio --quiet -o -H newc) | gzip -1 >"$cache/initrd.gz"
}

# QEMU 7.2's software emulation has two faults that look like the kernel's. With more
# than one thread, a CPU can go on executing a breakpoint that another has just removed
# while patching code, for ever: so one thread emulates all CPUs. And kernels up to 6.12
# have died in cmpxchg16b, which those from 7.2 on need for task storage.
boot() {
	local name=$1 image=$2 append=$3 cpu=max

	case $name in
	5.* | 6.*) cpu=max,-cx16 ;;
	esac
	timeout "$seconds" qemu-system-x86_64 -accel tcg,thread=single -cpu $cpu -M q35 -m 1024 \
		-smp 2 -nographic -no-reboot -kernel "$image" -initrd "$cache/initrd.gz" \
		-append "console=ttyS0 quiet panic=-1 $append" \
		</dev/null 2>&1 | tr -d '\r' >"$cache/results/$name.console" ||
		echo "vm: qemu ended with an error or after $seconds s" >>"$cache/results/$name.console"
}

run_guest() {
	local name=$1 suite=$2 package=$3 append=$6 image

	[ "$append" = - ] && append=
	if image=$("$here/fetch.sh" "$cache" "$suite" "$package" 2>"$cache/results/$name.fetch"); then
		boot "$name" "$image" "$append"
	else
		{
			echo "vm: cannot fetch the kernel"
			cat "$cache/results/$name.fetch"
		} >"$cache/results/$name.console"
	fi
}

# ---- its results ------------------------------------------------------------

result() { # ok|not ok|skip, kernel, test and reason
	case $1 in
	ok) passed=$((passed + 1)) ;;
	skip) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)) ;;
	esac
	echo "$1 $2/$3"
}

check_features() { # name, expected: of those that differ between kernels, exactly these
	local console=$cache/results/$1.console found

	found=$(sed -n 's/^vm: check .*"name":"\([a-z_]*\)".*"state":"found".*/\1/p' "$console" |
		grep -xE 'task_storage|prev_state|was_armed|start_expired|preempt_rt' |
		sort | paste -sd, -)
	if [ "${found:--}" = "$(echo "$2" | tr , '\n' | sort | paste -sd, -)" ]; then
		result ok "$1" features
	else
		result "not ok" "$1" "features: found ${found:-none}, not $2"
	fi
}

check_exit() { # name, wanted status
	local console=$cache/results/$1.console command

	for command in check summary; do
		if grep -qx "vm: $command exit $2" "$console"; then
			result ok "$1" "$command-exit"
		else
			result "not ok" "$1" "$command-exit: $(grep "^vm: $command exit" "$console" ||
				echo none), not $2"
		fi
	done
	# A refusal is one line that says why, and one that says what to do.
	[ "$2" = 3 ] || return 0
	if [ "$(grep -c '^vm: stderr dwell: [^ ]' "$console")" = 1 ]; then
		result ok "$1" "reason"
	else
		result "not ok" "$1" "reason: $(grep '^vm: stderr' "$console")"
	fi
}

report_guest() {
	local name=$1 expected=$4 features=$5 console=$cache/results/$1.console line

	echo "# $name: $(sed -n 's/^vm: kernel //p' "$console")"
	if ! grep -qx 'vm: end' "$console"; then
		result "not ok" "$name" "end: the guest did not come to its end; its last lines:"
		tail -n 30 "$console" | sed 's/^/    /'
	fi
	if [ "$expected" = refuse ]; then
		check_exit "$name" 3
		return
	fi
	check_exit "$name" 0
	check_features "$name" "$features"
	while read -r line; do
		case $line in
		"ok "*) result ok "$name" "${line#ok }" ;;
		"skip "*) result skip "$name" "${line#skip }" ;;
		"not ok "*) result "not ok" "$name" "${line#not ok }" ;;
		esac
	done <"$console"
	# What a failed test said about itself.
	sed -n '/^not ok /,/^\(ok\|skip\|vm:\)/{/^    /p}' "$console"
}

wanted() {
	grep -vE '^(#|$)' "$here/kernels.list" | while read -r name rest; do
		[ $# = 0 ] || [[ " $* " = *" $name "* ]] || continue
		echo "$name $rest"
	done
}

table() {
	echo
	echo "| kernel | tried | features | result |"
	echo "| --- | --- | --- | --- |"
	wanted "$@" | while read -r name _ _ expected _ _; do
		local console=$cache/results/$name.console tests bad

		tests=$(grep -c '^ok ' "$console" || true)
		bad=$(grep -c '^not ok ' "$console" || true)
		printf '| %s | %s | %s | %s |\n' "$name" "$(sed -n 's/^vm: kernel //p' "$console")" \
			"$(sed -n 's/^vm: check .*"name":"\([a-z_]*\)".*"state":"found".*/\1/p' "$console" |
				grep -xE 'prev_state|was_armed|start_expired|preempt_rt' | paste -sd' ' -)" \
			"$(if [ "$expected" = refuse ]; then echo "refused, with the reason"
			else echo "$tests tests pass$([ "$bad" = 0 ] || echo ", $bad fail")"; fi)"
	done
	echo
}

make_initrd
while read -r name rest; do
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
	# shellcheck disable=SC2086 # the fields of a line
	run_guest "$name" $rest &
done < <(wanted "$@")
wait
while read -r name rest; do
	# shellcheck disable=SC2086 # the fields of a line
	report_guest "$name" $rest
done < <(wanted "$@")
table "$@"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
