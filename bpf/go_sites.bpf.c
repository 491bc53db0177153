// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sites: who creates the timers of a Go process, from probes on calls within its runtime.
 *
 * An object of its own: it needs neither a tracepoint nor a type of the kernel, measures one
 * process for a moment, and is loaded for `dwell go --sites` alone.
 *
 * Each probe lies on a call instruction, which the kernel emulates. There the arguments are in
 * registers, by Go's convention for amd64, and the caller's frame is complete.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "go_sites.h"

char LICENSE[] SEC("license") = "GPL";

#define inline_always static inline __attribute__((always_inline))

/* What a probe gets on x86-64: the kernel's pt_regs, which user space knows from ptrace(2). */
struct registers {
	__u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	__u64 orig_ax, ip, cs, flags, sp, ss;
};

const volatile struct go_sites_config config;

struct go_sites_totals totals;
struct go_site sites[GO_SITES_MAX];

/* Indices in @sites. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GO_SITES_MAX);
	__type(key, struct go_site_key);
	__type(value, __u32);
} indices SEC(".maps");

/* Room is made in advance: some kernels warn of programs like these if they allocate. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GO_SITES_ARMED_MAX);
	__type(key, __u64);
	__type(value, struct go_site_timer);
} armed SEC(".maps");

/* Timers that were stopped or have fired: a reset arms them again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GO_SITES_IDLE_MAX);
	__type(key, __u64);
	__type(value, struct go_site_timer);
} idle SEC(".maps");

/* ---- what all programs do ------------------------------------------------------- */

inline_always void add(__u64 *count, __u64 value)
{
	__sync_fetch_and_add(count, value);
}

inline_always void lose(enum go_sites_loss loss)
{
	add(&totals.lost[loss], 1);
}

/* Begins a hit. False: it does not count. Sets *since to 0 unless this hit is timed. */
inline_always bool begin(__u64 *since)
{
	__u64 hit;

	*since = 0;
	if (!totals.counting || (config.tgid && bpf_get_current_pid_tgid() >> 32 != config.tgid))
		return false;
	hit = __sync_fetch_and_add(&totals.hits, 1);
	if (hit % GO_SITES_COST_PERIOD == 0)
		*since = bpf_ktime_get_ns();
	return true;
}

inline_always void end(__u64 since)
{
	if (!since)
		return;
	add(&totals.run_ns, bpf_ktime_get_ns() - since);
	add(&totals.timed, 1);
}

/* Returns the counts that @timer belongs to. */
inline_always struct go_site_counts *counts_of(const struct go_site_timer *timer)
{
	__u32 site = timer->site;

	if (site >= GO_SITES_MAX)
		return &totals.others;
	barrier_var(site); /* or clang computes the address before the test */
	return &sites[site].counts;
}

/*
 * Takes @address, which *timer is a copy of, from the armed timers to the idle ones. False:
 * somebody else did.
 */
inline_always bool rest(__u64 address, const struct go_site_timer *timer)
{
	if (bpf_map_delete_elem(&armed, &address))
		return false;
	bpf_map_update_elem(&idle, &address, timer, BPF_ANY);
	return true;
}

/* ---- creation ------------------------------------------------------------------- */

/* Follows the frame pointers from @frame outwards. */
inline_always void walk(struct go_site_key *key, __u64 frame)
{
	for (int i = 0; i < GO_SITES_DEPTH; i++) {
		__u64 caller[2]; /* its frame, and where it goes on */

		if (bpf_probe_read_user(caller, sizeof(caller), (const void *)frame))
			break;
		key->pc[i] = caller[1];
		if (caller[0] <= frame)
			break;
		frame = caller[0];
	}
}

/* Makes a place for @key. GO_SITES_MAX: there is none left. */
inline_always __u32 new_site(struct go_site_key *key)
{
	__u32 index, *other;

	if (totals.sites >= GO_SITES_MAX)
		return GO_SITES_MAX;
	index = __sync_fetch_and_add(&totals.sites, 1);
	if (index >= GO_SITES_MAX)
		return GO_SITES_MAX;
	barrier_var(index);
	sites[index].key.period_ns = key->period_ns;
	for (int i = 0; i < GO_SITES_DEPTH; i++)
		sites[index].key.pc[i] = key->pc[i];
	if (!bpf_map_update_elem(&indices, key, &index, BPF_NOEXIST))
		return index;
	/* Another thread was here first, and this place stays empty. */
	other = bpf_map_lookup_elem(&indices, key);
	return other ? *other : GO_SITES_MAX;
}

inline_always __u32 find_site(struct go_site_key *key)
{
	__u32 *index = bpf_map_lookup_elem(&indices, key);

	return index ? *index : new_site(key);
}

/* Another timer was at @address: the runtime has freed it without a word. */
inline_always void replace(__u64 address, struct go_site_timer *timer)
{
	struct go_site_timer *old = bpf_map_lookup_elem(&armed, &address);

	if (old)
		add(&counts_of(old)->replaced, 1);
	if (bpf_map_update_elem(&armed, &address, timer, BPF_ANY))
		lose(GO_SITES_LOSS_TIMERS_FULL);
}

inline_always void create(const struct registers *registers)
{
	struct go_site_timer timer = {.armed = bpf_ktime_get_ns()};
	struct go_site_key key = {.period_ns = registers->cx};
	__u64 address = registers->ax;

	if (!config.heaps &&
	    bpf_probe_read_user(&key.period_ns, sizeof(key.period_ns),
				(const void *)(address + config.when + sizeof(__u64)))) {
		lose(GO_SITES_LOSS_TIMERS_UNREAD);
		return;
	}
	walk(&key, registers->bp);
	timer.site = find_site(&key);
	if (timer.site >= GO_SITES_MAX)
		lose(GO_SITES_LOSS_SITES_FULL);
	add(&counts_of(&timer)->created, 1);
	switch (bpf_map_update_elem(&armed, &address, &timer, BPF_NOEXIST)) {
	case 0:
		break;
	case -17: /* EEXIST */
		replace(address, &timer);
		break;
	default:
		lose(GO_SITES_LOSS_TIMERS_FULL);
	}
}

SEC("uprobe")
int on_create(struct registers *registers)
{
	__u64 since;

	if (!begin(&since))
		return 0;
	create(registers);
	end(since);
	return 0;
}

/* ---- what becomes of it ------------------------------------------------------------ */

inline_always void stop(__u64 address)
{
	struct go_site_timer *found = bpf_map_lookup_elem(&armed, &address), timer;

	if (!found) { /* not armed, so nothing stops; or not known */
		if (!bpf_map_lookup_elem(&idle, &address))
			add(&totals.others.stopped, 1);
		return;
	}
	timer = *found;
	if (rest(address, &timer))
		add(&counts_of(&timer)->stopped, 1);
}

SEC("uprobe")
int on_stop(struct registers *registers)
{
	__u64 since;

	if (!begin(&since))
		return 0;
	stop(registers->ax);
	end(since);
	return 0;
}

inline_always void reset(__u64 address)
{
	struct go_site_timer *found = bpf_map_lookup_elem(&armed, &address), timer;

	if (found) {
		found->armed = bpf_ktime_get_ns();
		add(&counts_of(found)->reset, 1);
		return;
	}
	found = bpf_map_lookup_elem(&idle, &address);
	if (!found) {
		add(&totals.others.reset, 1);
		return;
	}
	timer = *found;
	timer.armed = bpf_ktime_get_ns();
	add(&counts_of(&timer)->reset, 1);
	bpf_map_delete_elem(&idle, &address);
	if (bpf_map_update_elem(&armed, &address, &timer, BPF_ANY))
		lose(GO_SITES_LOSS_TIMERS_FULL);
}

SEC("uprobe")
int on_reset(struct registers *registers)
{
	__u64 since;

	if (!begin(&since))
		return 0;
	reset(registers->ax);
	end(since);
	return 0;
}

inline_always void book_lateness(__s64 late)
{
	__u64 ns = late > 0 ? late : 0;
	__u32 at = dwell_bucket(ns);

	if (at >= DWELL_BUCKETS) /* never; the verifier cannot tell */
		at = DWELL_BUCKETS - 1;
	add(&totals.late.bucket[at], 1);
	add(&totals.late.sum_ns, ns);
	for (int i = 0; i < 8; i++) {
		__u64 max = totals.late.max_ns;

		if (ns <= max || __sync_val_compare_and_swap(&totals.late.max_ns, max, ns) == max)
			break;
	}
}

/* Books that the timer at @address fires at @now; @waited: somebody waits for it. */
inline_always void fire(__u64 address, __u64 now, bool waited)
{
	struct go_site_timer *found, timer;
	__s64 due[2]; /* and its period */

	if (bpf_probe_read_user(due, sizeof(due), (const void *)(address + config.when))) {
		lose(GO_SITES_LOSS_TIMERS_UNREAD);
		return;
	}
	if (waited)
		book_lateness((__s64)now - due[0]);
	found = bpf_map_lookup_elem(&armed, &address);
	if (!found) {
		add(&totals.others.fired, 1);
		return;
	}
	timer = *found;
	if (due[1] || rest(address, &timer))
		add(&counts_of(&timer)->fired, 1);
}

SEC("uprobe")
int on_fire(struct registers *registers)
{
	/* All are read first: the verifier takes no pointer that a branch has chosen. */
	__u64 since, ax = registers->ax, bx = registers->bx, cx = registers->cx;

	if (!begin(&since))
		return 0;
	fire(config.heaps ? ax : bx, config.heaps ? bx : cx, true);
	end(since);
	return 0;
}

/*
 * A timer that is in no heap fires when somebody asks for it. Nobody was waiting, so that it
 * is late by nothing.
 */
SEC("uprobe")
int on_fire_unawaited(struct registers *registers)
{
	__u64 since;

	if (!begin(&since))
		return 0;
	fire(registers->ax, registers->bx, false);
	end(since);
	return 0;
}
