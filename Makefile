# SPDX-License-Identifier: GPL-2.0-only
# Builds, checks, measures and installs dwell; everything it makes goes below build/.

VERSION := 0.1.0

# ---- what to build with -------------------------------------------------

# The kernel's names for machines, which libbpf's headers use too.
kernel_arch = $(shell echo '$(1)' | sed -e 's/^x86_64$$/x86/' -e 's/^aarch64$$/arm64/' \
	-e 's/^ppc64.*/powerpc/' -e 's/^riscv64$$/riscv/' -e 's/^s390x$$/s390/' \
	-e 's/^armv.*/arm/' -e 's/^loongarch64$$/loongarch/')
HOST_ARCH := $(call kernel_arch,$(shell uname -m))
ARCH ?= $(HOST_ARCH)
TARGET_ARCH_NAME := $(call kernel_arch,$(ARCH))

BUILD := build
ifneq ($(TARGET_ARCH_NAME),$(HOST_ARCH))
BUILD := build/$(TARGET_ARCH_NAME)
CROSS_COMPILE_arm64 := aarch64-linux-gnu-
CROSS_COMPILE_x86 := x86_64-linux-gnu-
CROSS_COMPILE ?= $(CROSS_COMPILE_$(TARGET_ARCH_NAME))
endif

# Without another compiler clang builds all, since the kernel side needs it anyway.
CLANG ?= clang
NATIVE_CC := $(shell command -v cc >/dev/null && echo cc || echo '$(CLANG)')
# The compiler that the caller asked for; empty if none.
given_cc := $(if $(filter default file,$(origin CC)),,CC='$(CC)')
ifeq ($(origin CC),default)
CC := $(if $(CROSS_COMPILE),$(CROSS_COMPILE)gcc,$(NATIVE_CC))
endif
HOSTCC ?= $(NATIVE_CC)
PKG_CONFIG ?= $(CROSS_COMPILE)pkg-config
STRIP ?= $(CROSS_COMPILE)strip
ifeq ($(origin AR),default)
AR := $(CROSS_COMPILE)ar
endif

find_tool = $(shell PATH="$$PATH:/usr/sbin:/sbin"; for tool in $(1); do \
	"$$tool" $(2) >/dev/null 2>&1 && { command -v "$$tool"; break; }; done)
# Some distributions keep bpftool in sbin, or only beside a kernel's own tools.
BPFTOOL ?= $(call find_tool,bpftool /usr/lib/linux-tools*/*/bpftool,version)
CLANG_FORMAT ?= $(call find_tool,clang-format-14 clang-format,--version)

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSCONFDIR ?= /etc
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
DATADIR ?= $(PREFIX)/share/dwell
# The service writes here, and Debian's node_exporter reads here.
TEXTFILEDIR ?= /var/lib/prometheus/node-exporter

# ---- flags ---------------------------------------------------------------

LIBRARIES := 'libbpf >= 1.1' libelf libseccomp zlib jansson libcap inih
library_flags = $(shell $(PKG_CONFIG) $(1) 2>/dev/null)
LIBRARY_CFLAGS := $(call library_flags,--cflags $(LIBRARIES))

HARDENING := -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
WARNINGS := -Wall -Wextra -Werror
CFLAGS ?= -O2 -g $(HARDENING)
LDFLAGS ?= -Wl,-z,relro,-z,now
BASE_CFLAGS := -std=gnu11 $(WARNINGS) -D_GNU_SOURCE -DDWELL_VERSION=\"$(VERSION)\" \
	-iquote . -iquote user -I$(BUILD) $(LIBRARY_CFLAGS)
USER_CFLAGS = $(BASE_CFLAGS) -ffunction-sections -fdata-sections $(CPPFLAGS) $(CFLAGS)
LINK_FLAGS = $(CFLAGS) -Wl,--gc-sections -Wl,--as-needed $(LDFLAGS)
SANITIZE := -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
TEST_CFLAGS := -iquote tests
UNIT_CFLAGS = $(BASE_CFLAGS) $(TEST_CFLAGS) -Itests/harness/compat -O1 -g $(SANITIZE)
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -fno-stack-protector -D__TARGET_ARCH_$(TARGET_ARCH_NAME) \
	-Ivmlinux -Ibpf -Wall -Werror $(call library_flags,--cflags-only-I libbpf)
# Writes a .d file for each object, which tells what to rebuild when a header changes or goes away.
DEPENDENCIES = -MMD -MP -MF $(@:.o=.d) -MT $@

# ---- what there is -------------------------------------------------------

# Each folder of user/ is a room (user/README.md). docs/ is a program of its own.
USER_SOURCES := $(filter-out user/docs/% user/static/%,$(wildcard user/*/*.c))
USER_OBJECTS := $(USER_SOURCES:user/%.c=$(BUILD)/obj/%.o)
GENDOCS_OBJECTS := $(patsubst user/%.c,$(BUILD)/obj/%.o,$(wildcard user/docs/*.c))
# The kernel side: each object gets a skeleton.
BPF_OBJECTS := $(patsubst bpf/%.c,$(BUILD)/%.o,$(wildcard bpf/*.bpf.c))
SKELETONS := $(BPF_OBJECTS:.bpf.o=.skel.h)
# Sources that include a skeleton wait for all. If a header includes one, all sources do.
with_skeleton = $(shell grep -ls '\.skel\.h' $(1) /dev/null)
SKELETON_SOURCES := $(if $(call with_skeleton,$(wildcard user/*/*.h)),$(USER_SOURCES),\
	$(call with_skeleton,$(USER_SOURCES)))

# Each unit test is a program, linked with an archive of all rooms.
UNIT_OBJECTS := $(USER_SOURCES:user/%.c=$(BUILD)/unit/obj/%.o)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*/*.c))
UNIT_TEST_OBJECTS := $(UNIT_TESTS:$(BUILD)/unit/%=$(BUILD)/unit/obj/tests/unit/%.o)
UNIT_HARNESS := $(patsubst %.c,$(BUILD)/unit/obj/%.o,$(wildcard tests/harness/*.c tests/harness/unit/*.c))

# Each fuzz target is two programs: one that replays its corpus, of the unit tests' objects, and
# one that clang's libFuzzer drives, of objects of its own. Those of Go read a made-up process.
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_HARNESS := $(BUILD)/fuzz/obj/tests/harness/fuzz/fuzz.o
FUZZ_GO_HARNESS := $(BUILD)/fuzz/obj/tests/harness/fuzz/go_memory.o
FUZZ_GO_MUTATOR := $(BUILD)/fuzz/obj/tests/harness/fuzz/go_mutate.o
FUZZ_ROOMS := base go host model options
FUZZ_USER_OBJECTS := $(patsubst user/%.c,$(BUILD)/fuzz/obj/%.o,\
	$(foreach room,$(FUZZ_ROOMS),$(wildcard user/$(room)/*.c)))
FUZZERS := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)
FUZZ_OBJECTS := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/obj/tests/fuzz/%.o) $(FUZZ_HARNESS) \
	$(FUZZ_GO_HARNESS) $(FUZZ_GO_MUTATOR) $(FUZZ_USER_OBJECTS)
REPLAYS := $(FUZZ_TARGETS:%=$(BUILD)/replay/%)
REPLAY_HARNESS := $(FUZZ_HARNESS:$(BUILD)/fuzz/%=$(BUILD)/unit/%) \
	$(BUILD)/unit/obj/tests/harness/fuzz/replay.o
REPLAY_GO_HARNESS := $(FUZZ_GO_HARNESS:$(BUILD)/fuzz/%=$(BUILD)/unit/%)
REPLAY_OBJECTS := $(FUZZ_TARGETS:%=$(BUILD)/unit/obj/tests/fuzz/%.o) $(REPLAY_HARNESS) \
	$(REPLAY_GO_HARNESS)
FUZZ_SEEDERS := $(patsubst %,$(BUILD)/seed/%,$(filter go_%,$(FUZZ_TARGETS)))

SKELETON_OBJECTS := $(SKELETON_SOURCES:user/%.c=$(BUILD)/obj/%.o) \
	$(SKELETON_SOURCES:user/%.c=$(BUILD)/unit/obj/%.o)

LIVE_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,\
	$(wildcard tests/live/*.c tests/harness/*.c tests/harness/live/*.c))
LIVE := $(BUILD)/live

BENCH := $(BUILD)/bench/empty $(BUILD)/bench/sleepers $(BUILD)/bench/arming $(BUILD)/bench/cost

DOCUMENTS := $(BUILD)/dwell.bash $(BUILD)/dwell.conf $(BUILD)/dwell.8

FORMATTED := $(wildcard bpf/*.[ch] user/*/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch])
STATIC_LIMIT := 5242880

# Files for Prometheus and Grafana, which watch many hosts.
FLEET_FILES := scripts/prometheus/dwell-rules.yml scripts/prometheus/dwell-alerts.yml \
	scripts/grafana/dwell.json

# What an administrator may add to the service.
DROP_IN := scripts/go.conf

# ---- how to say it -------------------------------------------------------

ifeq ($(V),1)
Q :=
msg =
else
Q := @
msg = @printf '  %-8s %s\n' '$(1)' '$(2)'
MAKEFLAGS += --no-print-directory
endif

# Gives files that root made in a user's tree to the user, or the next build would fail.
give_back = if [ -n "$$SUDO_UID" ] && [ -d build ]; then chown -hR "$$SUDO_UID:$$SUDO_GID" build; fi

# Builds on all CPUs, unless the caller says how many jobs.
JOBS := $(shell nproc 2>/dev/null || echo 1)
parallel = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all static check check-build check-kernels check-distros check-go go-fixtures fuzz guest-binaries static-live bench run install dist deb clean format check-format FORCE

all: $(BUILD)/dwell $(DOCUMENTS)
	@$(give_back)

# ---- the kernel side -----------------------------------------------------

# Names what is missing before a compiler fails over it.
$(BUILD)/tools: scripts/setup.sh
	@mkdir -p $(@D)
	$(Q)CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' scripts/setup.sh -n build
	@touch $@

# Linking the one object anew leaves out DWARF, which only a debugger would read.
define compile_bpf
$(Q)$(CLANG) $(BPF_CFLAGS) $(DEPENDENCIES) -c $< -o $(@:.o=.debug.o)
$(Q)$(BPFTOOL) gen object $@ $(@:.o=.debug.o)
$(Q)rm $(@:.o=.debug.o)
endef

$(BPF_OBJECTS): $(BUILD)/%.bpf.o: bpf/%.bpf.c $(BUILD)/flags | $(BUILD)/tools
	$(call msg,BPF,$@)
	$(compile_bpf)

$(SKELETONS): $(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(call msg,SKELETON,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

# ---- the user side -------------------------------------------------------

# Has lines like '[SYS_read] = "read",'. The compiler knows the numbers.
$(BUILD)/syscalls.inc: $(BUILD)/flags | $(BUILD)/tools
	$(call msg,SYSCALLS,$@)
	$(Q)echo '#include <sys/syscall.h>' | $(CC) $(BASE_CFLAGS) -E -dM - | \
		sed -n 's/^#define SYS_\([a-z0-9_]*\) __NR_\1$$/[SYS_\1] = "\1",/p' | sort >$@
	$(Q)[ -s $@ ]

$(BUILD)/obj/model/syscalls.o $(BUILD)/unit/obj/model/syscalls.o $(BUILD)/fuzz/obj/model/syscalls.o: $(BUILD)/syscalls.inc

# Has all built again with another compiler, another release of it, other flags, or other files.
COMPILERS := $(shell for program in $(CC) $(CLANG); do $$program --version 2>/dev/null | head -n 1; done)
define FLAGS
$(COMPILERS)
$(CC) $(LIVE_CFLAGS) $(UNIT_CFLAGS) $(LINK_FLAGS) $(CLANG) $(BPF_CFLAGS)
$(USER_SOURCES) $(GENDOCS_OBJECTS) $(UNIT_HARNESS) $(LIVE_OBJECTS)
endef
export FLAGS
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$FLAGS" | cmp -s - $@ || printf '%s\n' "$$FLAGS" >$@

$(SKELETON_OBJECTS): | $(SKELETONS)

$(BUILD)/obj/%.o: user/%.c $(BUILD)/flags | $(BUILD)/tools
	$(call msg,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) $(DEPENDENCIES) -c $< -o $@

$(BUILD)/dwell: $(USER_OBJECTS)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LINK_FLAGS) $^ $(call library_flags,--libs $(LIBRARIES)) -o $@

# Adds an object that elfutils 0.192 forgot in its libelf.a. It is in an archive of its own, from
# which the linker takes nothing if nothing is missing.
$(BUILD)/static/eu_search.a: user/static/eu_search.c $(BUILD)/flags | $(BUILD)/tools
	$(call msg,AR,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -MMD -MP -MF $(@:.a=.d) -MT $@ -c $< -o $(@:.a=.o)
	$(Q)rm -f $@ && $(AR) rcs $@ $(@:.a=.o)

static: $(BUILD)/static/dwell
	@$(give_back)

static-live: $(BUILD)/static/live
	@$(give_back)

$(BUILD)/static/dwell: $(USER_OBJECTS) | $(BUILD)/static/eu_search.a
	$(call msg,STATIC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK_FLAGS) -static $^ $(call library_flags,--static --libs $(LIBRARIES)) $| -o $@
	$(Q)$(STRIP) $@
	@size=$$(wc -c <$@); [ "$$size" -le $(STATIC_LIMIT) ] || \
		{ echo "$@ has $$size bytes, more than $(STATIC_LIMIT)" >&2; exit 1; }

# ---- the man page, the completion, the configuration file -----------------

$(BUILD)/user.a: $(USER_OBJECTS)
	$(call msg,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

ifeq ($(TARGET_ARCH_NAME),$(HOST_ARCH))
GENDOCS := $(BUILD)/gendocs
$(GENDOCS): $(GENDOCS_OBJECTS) $(BUILD)/user.a
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LINK_FLAGS) $^ $(call library_flags,--libs $(LIBRARIES)) -o $@
else
# The program runs here, so it is built for this machine.
GENDOCS := build/gendocs
$(GENDOCS): FORCE
	$(Q)$(MAKE) ARCH=$(HOST_ARCH) CROSS_COMPILE= $@
endif

$(BUILD)/dwell.8: scripts/dwell.8.in $(GENDOCS)
	$(call msg,MAN,$@)
	@mkdir -p $(@D)
	$(Q)$(GENDOCS) man <$< >$@

$(BUILD)/dwell.bash: $(GENDOCS)
	$(call msg,BASH,$@)
	@mkdir -p $(@D)
	$(Q)$(GENDOCS) bash >$@

$(BUILD)/dwell.conf: $(GENDOCS)
	$(call msg,CONF,$@)
	@mkdir -p $(@D)
	$(Q)$(GENDOCS) conf >$@

# ---- tests ---------------------------------------------------------------

$(BUILD)/check-tools: scripts/setup.sh
	@mkdir -p $(@D)
	$(Q)CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' scripts/setup.sh -n check
	@touch $@

compile_unit = $(Q)mkdir -p $(@D) && $(CC) $(UNIT_CFLAGS) $(DEPENDENCIES) -c $< -o $@
$(BUILD)/unit/obj/%.o: user/%.c $(BUILD)/flags | $(BUILD)/check-tools
	$(call msg,CC,$@)
	$(compile_unit)

$(BUILD)/unit/obj/tests/%.o: tests/%.c $(BUILD)/flags | $(BUILD)/check-tools
	$(call msg,CC,$@)
	$(compile_unit)

$(BUILD)/unit/user.a: $(UNIT_OBJECTS)
	$(call msg,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# A test that makes up functions of a room takes the place of that room's own, so only what it
# needs of the harness is linked.
$(BUILD)/unit/harness.a: $(UNIT_HARNESS)
	$(call msg,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(UNIT_TESTS): $(BUILD)/unit/%: $(BUILD)/unit/obj/tests/unit/%.o $(BUILD)/unit/harness.a $(BUILD)/unit/user.a
	$(call msg,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) $^ -Wl,--as-needed \
		$(call library_flags,--libs cmocka $(LIBRARIES)) -o $@
.SECONDARY: $(UNIT_TEST_OBJECTS) $(REPLAY_OBJECTS) $(FUZZ_OBJECTS)

# A made-up process has a folder of its own in /proc.
fuzz_wrap = $(if $(filter go_%,$(@F)),-Wl$(comma)--wrap=open)
comma := ,
# What the harness has goes before what the archive has.
harness_first = $(filter %.o,$^) $(filter %.a,$^)
$(filter $(BUILD)/replay/go_%,$(REPLAYS)): $(REPLAY_GO_HARNESS)
$(REPLAYS): $(BUILD)/replay/%: $(BUILD)/unit/obj/tests/fuzz/%.o $(REPLAY_HARNESS) $(BUILD)/unit/user.a
	$(call msg,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) $(fuzz_wrap) $(harness_first) -Wl,--as-needed \
		$(call library_flags,--libs $(LIBRARIES)) -o $@

# The kernel walks stacks by their frame pointers.
LIVE_CFLAGS = $(USER_CFLAGS) $(TEST_CFLAGS) -pthread -fno-omit-frame-pointer
$(BUILD)/obj/tests/%.o: tests/%.c $(BUILD)/flags | $(BUILD)/tools
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LIVE_CFLAGS) $(DEPENDENCIES) -c $< -o $@

$(BUILD)/live: $(LIVE_OBJECTS)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LINK_FLAGS) -pthread $^ $(call library_flags,--libs jansson libbpf) -lm -o $@

$(BUILD)/static/live: $(LIVE_OBJECTS)
	$(call msg,STATIC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK_FLAGS) -static -pthread $^ $(call library_flags,--static --libs jansson libbpf) -lm -o $@
	$(Q)$(STRIP) $@

# Builds the Go program that tests read, with those toolchains that scripts/setup.sh has fetched.
go-fixtures:
	$(Q)tests/go/build.sh -n >/dev/null

check-build: all $(UNIT_TESTS) $(REPLAYS) $(LIVE) go-fixtures

check:
	@if [ "$$(id -u)" = 0 ]; then $(given_cc) scripts/setup.sh check; fi
	@if [ "$$(id -u)" = 0 ] && [ -n '$(DISTROS)' ]; then $(given_cc) scripts/setup.sh distros; fi
	$(if $(KERNELS),$(Q)$(MAKE) guest-binaries)
	$(Q)status=0; $(MAKE) $(parallel) check-build && \
		$(given_cc) BUILD='$(BUILD)' DISTROS='$(DISTROS)' KERNELS='$(if $(KERNELS),$(GUEST_BINARIES) $(filter-out all,$(KERNELS)))' \
		tests/run.sh || status=$$?; $(give_back); exit $$status

# Tests the kernels of tests/vm/kernels.list, or those named: make check-kernels KERNELS='6.1 7.2'
GUEST_BINARIES := amd64=$(if $(filter x86,$(HOST_ARCH)),build,build/x86)/static \
	arm64=$(if $(filter arm64,$(HOST_ARCH)),build,build/arm64)/static
check-kernels: guest-binaries
	$(Q)! command -v dh >/dev/null || $(MAKE) deb
	$(Q)tests/vm/run.sh $(GUEST_BINARIES) $(filter-out all,$(KERNELS))

guest-binaries:
	@if [ "$$(id -u)" = 0 ]; then $(given_cc) scripts/setup.sh kernels; fi
	$(Q)for arch in x86 arm64; do $(MAKE) $(parallel) ARCH=$$arch static static-live || exit 1; done

# Tests other releases of Debian: make check-distros DISTROS='trixie sid'
check-distros:
	@if [ "$$(id -u)" = 0 ]; then $(given_cc) scripts/setup.sh distros; fi
	$(Q)tests/distro/run.sh $(or $(DISTROS),all)
	@$(give_back)

# Tests dwell go with every toolchain of tests/go/toolchains.list.
check-go: all $(LIVE)
	$(Q)tests/go/build.sh all >/dev/null
	$(Q)status=0; $(LIVE) --list | grep '^go-' | xargs -r $(LIVE) --dwell $(BUILD)/dwell || status=$$?; \
		$(give_back); exit $$status

# Makes an input for a target of a Go process that runs. The harness goes first here too.
$(FUZZ_SEEDERS): $(BUILD)/seed/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/harness/fuzz/go_seed.o \
		$(BUILD)/obj/tests/harness/fuzz/go_memory.o $(BUILD)/user.a
	$(call msg,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK_FLAGS) $(fuzz_wrap) $^ $(call library_flags,--libs $(LIBRARIES)) -o $@

# ---- fuzzing -------------------------------------------------------------

$(BUILD)/fuzz-tools: scripts/setup.sh
	@mkdir -p $(@D)
	$(Q)CC='$(CC)' CLANG='$(CLANG)' PKG_CONFIG='$(PKG_CONFIG)' scripts/setup.sh -n fuzz
	@touch $@

# What the harness does is of no interest for the fuzzer.
compile_fuzzer = $(Q)mkdir -p $(@D) && $(CLANG) $(UNIT_CFLAGS) $(DEPENDENCIES) \
	$(if $(findstring /harness/,$@),,-fsanitize=fuzzer-no-link) -c $< -o $@
$(BUILD)/fuzz/obj/%.o: user/%.c $(BUILD)/flags | $(BUILD)/fuzz-tools
	$(call msg,FUZZ,$@)
	$(compile_fuzzer)

$(BUILD)/fuzz/obj/tests/%.o: tests/%.c $(BUILD)/flags | $(BUILD)/fuzz-tools
	$(call msg,FUZZ,$@)
	$(compile_fuzzer)

$(BUILD)/fuzz/user.a: $(FUZZ_USER_OBJECTS)
	$(call msg,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(filter $(BUILD)/fuzz/go_%,$(FUZZERS)): $(FUZZ_GO_HARNESS) $(FUZZ_GO_MUTATOR)
$(FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/tests/fuzz/%.o $(FUZZ_HARNESS) $(BUILD)/fuzz/user.a
	$(call msg,LINK,$@)
	$(Q)$(CLANG) $(SANITIZE) -fsanitize=fuzzer $(fuzz_wrap) $(harness_first) -Wl,--as-needed \
		$(call library_flags,--libs $(LIBRARIES)) -o $@

# Fuzzes all targets, or those named, each for a minute: make fuzz FUZZ='text config' FUZZ_SECONDS=600
FUZZ ?= $(FUZZ_TARGETS)
fuzz:
	@if [ "$$(id -u)" = 0 ]; then $(given_cc) scripts/setup.sh fuzz; fi
	$(Q)$(MAKE) $(parallel) $(FUZZ:%=$(BUILD)/fuzz/%)
	$(Q)BUILD='$(BUILD)' tests/harness/fuzz/run.sh $(FUZZ); status=$$?; $(give_back); exit $$status

# ---- the bench -----------------------------------------------------------

$(BUILD)/bench/empty.bpf.o: tests/bench/empty.bpf.c $(BUILD)/flags | $(BUILD)/tools
	$(call msg,BPF,$@)
	@mkdir -p $(@D)
	$(compile_bpf)

$(BUILD)/bench/empty.skel.h: $(BUILD)/bench/empty.bpf.o
	$(call msg,SKELETON,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name empty_bpf >$@

$(BUILD)/bench/%.o: tests/bench/%.c $(BUILD)/flags | $(BUILD)/bench/empty.skel.h
	$(call msg,CC,$@)
	$(Q)$(CC) $(USER_CFLAGS) -pthread $(DEPENDENCIES) -c $< -o $@

$(BENCH): %: %.o
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LINK_FLAGS) -pthread $^ $(call library_flags,--libs 'libbpf >= 1.1') -o $@

bench: all $(BENCH)
	@$(give_back)
	@BUILD='$(BUILD)' BPFTOOL='$(BPFTOOL)' FORMAT='$(FORMAT)' tests/bench/run.sh
	@[ -z "$$(find build/go -name fixture 2>/dev/null)" ] || \
		BUILD='$(BUILD)' FORMAT='$(FORMAT)' tests/bench/go.sh

# ---- packages ------------------------------------------------------------

unit = sed 's|@SBINDIR@|$(SBINDIR)|' scripts/dwell.service.in
DIST := dwell-$(VERSION)-linux-$(patsubst x86,x86_64,$(TARGET_ARCH_NAME))

# Makes a tarball for hosts without a package: a static binary and all that belongs to it.
dist: $(BUILD)/$(DIST).tar.gz
	@$(give_back)

# The same files make the same tarball, no matter who packs them, and when.
$(BUILD)/$(DIST).tar.gz: $(BUILD)/static/dwell $(DOCUMENTS) README.md LICENSE \
		scripts/dwell.service.in $(DROP_IN) $(FLEET_FILES) scripts/kubernetes/dwell-daemonset.yaml
	$(call msg,DIST,$@)
	$(Q)rm -rf $(BUILD)/$(DIST) && mkdir -p $(BUILD)/$(DIST)
	$(Q)cp $(filter-out %.in,$^) $(BUILD)/$(DIST)
	$(Q)$(unit) >$(BUILD)/$(DIST)/dwell.service
	$(Q)tar -C $(BUILD) --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		--mtime="@$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 0)}" \
		-c $(DIST) | gzip -9n >$@

# debhelper gets a tree of its own, since it wants its folder at the top, and writes there.
DEB := $(BUILD)/deb/dwell-$(VERSION)
deb:
	@command -v dh >/dev/null && command -v dpkg-buildpackage >/dev/null || \
		{ echo "make deb needs the packages debhelper and dpkg-dev" >&2; exit 1; }
	@[ "$$(dpkg-parsechangelog -l scripts/debian/changelog -S Version)" = '$(VERSION)' ] || \
		{ echo "scripts/debian/changelog is not of version $(VERSION)" >&2; exit 1; }
	$(call msg,DEB,$(BUILD)/dwell_$(VERSION)_*.deb)
	$(Q)rm -rf $(BUILD)/deb $(BUILD)/dwell_$(VERSION)_*.deb && mkdir -p $(DEB)
	$(Q)tar -c --exclude=./build --exclude=./.git . | tar -x -C $(DEB)
	$(Q)cp -r scripts/debian $(DEB)/debian
	$(Q)cd $(DEB) && env -u MAKEFLAGS -u MAKELEVEL -u CC dpkg-buildpackage -us -uc -b -nc >../log 2>&1 || \
		{ tail -n 30 ../log >&2; exit 1; }
	$(Q)mv $(BUILD)/deb/dwell_$(VERSION)_*.deb $(BUILD) && rm -rf $(DEB)
	@$(give_back)

# ---- the rest ------------------------------------------------------------

# For newcomers: sets up, builds, and watches this machine for ten seconds.
AS_ROOT := $(if $(filter-out 0,$(shell id -u)),sudo)
run:
	@echo "1 of 3: what the build needs, from this machine's own package sources"
	@env $(given_cc) scripts/setup.sh -n build >/dev/null 2>&1 || \
		$(AS_ROOT) env $(given_cc) scripts/setup.sh build
	@echo "2 of 3: the build, with $(JOBS) jobs; less than a minute on most machines"
	$(Q)$(MAKE) $(parallel) all
	@echo "3 of 3: $(BUILD)/dwell summary -d 10s"
	@$(AS_ROOT) $(BUILD)/dwell summary -d 10s
	@echo "The manual: man $(BUILD)/dwell.8 (and after make install: man dwell)"

install: all
	$(call msg,INSTALL,$(DESTDIR)$(SBINDIR)/dwell)
	$(Q)install -D -m 755 $(BUILD)/dwell '$(DESTDIR)$(SBINDIR)/dwell'
	$(Q)[ ! -e $(BUILD)/dwell.8 ] || \
		install -D -m 644 $(BUILD)/dwell.8 '$(DESTDIR)$(MANDIR)/man8/dwell.8'
	$(Q)[ ! -e $(BUILD)/dwell.bash ] || \
		install -D -m 644 $(BUILD)/dwell.bash '$(DESTDIR)$(COMPLETIONDIR)/dwell'
	$(Q)install -d '$(DESTDIR)$(UNITDIR)'
	$(Q)$(unit) >'$(DESTDIR)$(UNITDIR)/dwell.service'
	$(Q)chmod 644 '$(DESTDIR)$(UNITDIR)/dwell.service'
	@# Made later, it would not be writable for a service that runs by then.
	$(Q)install -d '$(DESTDIR)$(TEXTFILEDIR)'
	@# What an administrator wrote stays.
	$(Q)[ -e '$(DESTDIR)$(SYSCONFDIR)/dwell/dwell.conf' ] || \
		install -D -m 644 $(BUILD)/dwell.conf '$(DESTDIR)$(SYSCONFDIR)/dwell/dwell.conf'
	$(Q)for file in $(DROP_IN:scripts/%=%) $(FLEET_FILES:scripts/%=%); do \
		install -D -m 644 "scripts/$$file" "$(DESTDIR)$(DATADIR)/$$file" || exit 1; done

clean:
	$(call msg,CLEAN,build)
	$(Q)rm -rf build

format:
	$(Q)$(CLANG_FORMAT) -i $(FORMATTED)

check-format:
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

-include $(patsubst %.o,%.d,$(USER_OBJECTS) $(GENDOCS_OBJECTS) $(LIVE_OBJECTS) \
	$(UNIT_OBJECTS) $(UNIT_TEST_OBJECTS) $(UNIT_HARNESS) $(REPLAY_OBJECTS) $(FUZZ_OBJECTS)) \
	$(wildcard $(BUILD)/*.d $(BUILD)/static/*.d $(BUILD)/bench/*.d)
