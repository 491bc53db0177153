// SPDX-License-Identifier: GPL-2.0-only
/* What being probed costs: a call of dwell's own is timed with a probe on it, and without. */
#include <errno.h>
#include <link.h>

#include "base/clock.h"
#include "source/go_probes_private.h"

#ifdef __x86_64__

#define TRIAL_CALLS 2000
#define TRIALS 5 /* the fastest one counts: others were disturbed */

/* Consists of a call instruction, on which the probe is put, and what it leads to. */
void go_probes_trial(void);
asm(".pushsection .text.go_probes_trial, \"ax\", @progbits\n"
    ".type go_probes_trial, @function\n"
    "go_probes_trial:\n"
    "	call 1f\n"
    "	ret\n"
    "1:	ret\n"
    ".size go_probes_trial, . - go_probes_trial\n"
    ".popsection\n");

static double time_call(void)
{
	uint64_t best = UINT64_MAX;

	for (int trial = 0; trial < TRIALS; trial++) {
		uint64_t began = clock_mono(), took;

		for (int i = 0; i < TRIAL_CALLS; i++)
			go_probes_trial();
		took = clock_mono() - began;
		best = took < best ? took : best;
	}
	return (double)best / TRIAL_CALLS;
}

/* Sets *context, an uint64_t, from an address of the executable to its offset in the file. */
static int find_offset(struct dl_phdr_info *info, size_t size, void *context)
{
	uint64_t *place = context, address = *place - info->dlpi_addr;

	(void)size;
	*place = 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
		    address - segment->p_vaddr < segment->p_filesz)
			*place = address - segment->p_vaddr + segment->p_offset;
	}
	return 1; /* the executable comes first, and is all that matters */
}

double go_probes_trap_ns(struct go_probes *probes)
{
	uint64_t offset = (uintptr_t)go_probes_trial;
	double with, without = time_call();
	struct bpf_link *link;

	dl_iterate_phdr(find_offset, &offset);
	if (!offset || go_probes_link(probes, GO_PROBE_STOP, 0, "/proc/self/exe", offset, &link))
		return 0;
	with = time_call();
	bpf_link__destroy(link);
	return with > without ? with - without : 0;
}

#else

double go_probes_trap_ns(struct go_probes *probes)
{
	(void)probes;
	return 0;
}

#endif
