#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests what dwell is handed out as: the Debian package, the tarball, the manifest for Kubernetes.
#
# The package is installed and purged on a copy of this machine's files that is thrown away.
# Prints each result; its last line is `N passed, N failed, N skipped`.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
BUILD=${BUILD:-build}
. tests/results.sh
PATH=$PATH:/usr/sbin:/sbin
manifest=scripts/kubernetes/dwell-daemonset.yaml
limit=300 # seconds, for any one step

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# same WHAT: what came in must be what is expected (the rest of the arguments, a line each).
same() {
	local what=$1
	shift

	if ! diff <(printf '%s\n' "$@" | sort) <(sort) >"$work/diff"; then
		echo "$what: < is missing, > is too much"
		cat "$work/diff"
		return 1
	fi
}

make_quietly() {
	env -u MAKEFLAGS -u MAKELEVEL timeout -k 5 $limit make "$@"
}

# ---- the Debian package -----------------------------------------------------

deb_contents() {
	local part bad=0

	dpkg-deb -x "$deb" "$work/deb"
	dpkg-deb -e "$deb" "$work/control"
	# Later releases keep the unit below /usr.
	(cd "$work/deb" && find . -type f) | sed 's,^./usr/lib/systemd/,./lib/systemd/,' | same files \
		./usr/sbin/dwell ./etc/dwell/dwell.conf \
		./lib/systemd/system/dwell.service ./usr/share/man/man8/dwell.8.gz \
		./usr/share/bash-completion/completions/dwell ./usr/share/dwell/go.conf \
		./usr/share/dwell/grafana/dwell.json \
		./usr/share/dwell/prometheus/dwell-rules.yml \
		./usr/share/dwell/prometheus/dwell-alerts.yml \
		./usr/share/doc/dwell/{README.md.gz,changelog.gz,copyright,examples/{dwell-daemonset.yaml,go.conf}} ||
		bad=1
	same conffiles /etc/dwell/dwell.conf <"$work/control/conffiles" || bad=1
	for part in go.conf prometheus/dwell-rules.yml prometheus/dwell-alerts.yml grafana/dwell.json; do
		cmp "scripts/$part" "$work/deb/usr/share/dwell/$part" || bad=1
	done
	"$work/deb/usr/sbin/dwell" --version || bad=1
	return $bad
}

# Being installed, it restarts a service that runs, and starts none.
deb_sleeps() {
	grep -n 'deb-systemd-invoke\|_dh_action=' "$work/control/postinst" >"$work/actions"
	cat "$work/actions"
	! grep -v 'try-restart' "$work/actions"
}

lint_deb() {
	lintian --allow-root --info --fail-on error,warning "$deb"
}

# The files of this machine, with all changes in memory: here the package is new.
make_scratch() {
	mount --make-rprivate / &&
		mount -t tmpfs tmpfs "$work/scratch" &&
		mkdir "$work"/scratch/{upper,inner,root} &&
		mount -t overlay -o "lowerdir=/,upperdir=$work/scratch/upper,workdir=$work/scratch/inner" \
			overlay "$work/scratch/root" &&
		mount -t proc proc "$work/scratch/root/proc" &&
		mount --bind /dev "$work/scratch/root/dev"
}

# With the package's own configuration changed, as an administrator would.
install_and_purge() {
	local root=$work/scratch/root bad=0

	make_scratch
	cp "$deb" "$root/dwell.deb"
	chroot "$root" dpkg --purge dwell >/dev/null 2>&1 || true
	chroot "$root" dpkg -i /dwell.deb
	chroot "$root" dwell --version || { echo "it does not run"; bad=1; }
	[ -z "$(find "$root/etc/systemd" -name 'dwell*')" ] || { echo "it is enabled"; bad=1; }
	echo '# mine' >>"$root/etc/dwell/dwell.conf"
	chroot "$root" dpkg -i /dwell.deb
	grep -qx '# mine' "$root/etc/dwell/dwell.conf" || { echo "dwell.conf is overwritten"; bad=1; }
	chroot "$root" dpkg --remove dwell
	[ -e "$root/etc/dwell/dwell.conf" ] || { echo "removing took dwell.conf along"; bad=1; }
	chroot "$root" dpkg --purge dwell
	[ -z "$(find "$root"/etc "$root"/usr/share/{dwell,doc/dwell} "$root/var/lib/systemd" \
		-name 'dwell*' 2>/dev/null)" ] || { echo "something stays behind"; bad=1; }
	return $bad
}

can_scratch() {
	# shellcheck disable=SC2016 # it expands in there
	[ "$(id -u)" = 0 ] && work=$work unshare -m bash -c "$(declare -f make_scratch); make_scratch" 2>/dev/null
}

test_deb() {
	local lack name

	lack=$(lacking dh dpkg-buildpackage)
	if [ -n "$lack" ]; then
		for name in deb contents asleep lintian install; do
			skip "package.$name" "$lack"
		done
		return
	fi
	check package.deb make_quietly deb
	[ $status = 0 ] || return 0
	deb=$(echo "$BUILD"/dwell_*.deb)
	check package.contents deb_contents
	check package.asleep deb_sleeps
	lack=$(lacking lintian)
	if [ -n "$lack" ]; then
		skip package.lintian "$lack"
	else
		check package.lintian lint_deb
	fi
	mkdir "$work/scratch"
	if can_scratch; then
		export work deb
		check package.install unshare -m bash -euc \
			"$(declare -f make_scratch install_and_purge); install_and_purge"
	else
		skip package.install "this machine's files cannot be laid below an overlay"
	fi
}

# ---- the tarball ------------------------------------------------------------

test_dist() {
	local sum

	rm -f "$BUILD"/dwell-*-linux-*.tar.gz
	check dist.make make_quietly dist
	[ $status = 0 ] || return 0
	sum=$(sha256sum "$BUILD"/dwell-*-linux-*.tar.gz)
	rm "$BUILD"/dwell-*-linux-*.tar.gz
	check dist.contents dist_contents
	if [ "$sum" = "$(sha256sum "$BUILD"/dwell-*-linux-*.tar.gz)" ]; then
		pass dist.repeatable
	else
		fail dist.repeatable "packed again, it differs"
	fi
}

dist_contents() {
	make_quietly dist
	mkdir "$work/dist"
	tar -xzf "$BUILD"/dwell-*-linux-*.tar.gz -C "$work/dist" --strip-components=1
	(cd "$work/dist" && find . -type f) | same files ./dwell ./README.md ./LICENSE ./dwell.8 \
		./dwell.bash ./dwell.conf ./dwell.service ./dwell-rules.yml ./dwell-alerts.yml \
		./dwell.json ./dwell-daemonset.yaml ./go.conf
	"$work/dist/dwell" --version
	! ldd "$work/dist/dwell" 2>/dev/null || { echo "it is not static"; return 1; }
}

# ---- Kubernetes -------------------------------------------------------------

test_manifest() {
	local modules=$PWD/build/npm/node_modules lack

	lack=$(lacking node)
	[ -n "$lack" ] || [ -d "$modules/kubernetes-models" ] || lack="kubernetes-models is not installed"
	if [ -n "$lack" ]; then
		skip kubernetes.manifest "$lack"
		skip kubernetes.settings "$lack"
	else
		check kubernetes.manifest env NODE_PATH="$modules" node "$here/manifest.js" "$manifest"
		check kubernetes.settings settings_accepted
	fi
}

# dwell reads its settings first, and refuses bad ones with 2; then it lacks a privilege: 4, or
# whatever this machine lacks.
settings_accepted() {
	local ended=0

	NODE_PATH=$modules node -e "$(cat <<-END
		const yaml = require('yaml');
		for (const one of yaml.parseAllDocuments(require('fs').readFileSync(0, 'utf8')))
			if (one.get('kind') === 'ConfigMap')
				process.stdout.write(one.getIn(['data', 'dwell.conf']));
	END
	)" <"$manifest" >"$work/settings"
	[ -s "$work/settings" ]
	timeout $limit setpriv --inh-caps=-all --bounding-set=-all "$BUILD/dwell" \
		daemon --config /dev/stdin <"$work/settings" || ended=$?
	[ $ended = 3 ] || [ $ended = 4 ]
}

test_deb
test_dist
test_manifest
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
