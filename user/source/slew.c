// SPDX-License-Identifier: GPL-2.0-only
/* Slew: how much faster CLOCK_MONOTONIC, steered by NTP, runs than its raw counter. */
#include "source/slew.h"

#include "base/clock.h"

struct clock_pair clock_pair_read(void)
{
	struct clock_pair best = {0};
	uint64_t best_gap = UINT64_MAX;

	/* The narrowest of a few readings counts, since an interrupt may spoil one. */
	for (int i = 0; i < 8; i++) {
		uint64_t before = clock_now(CLOCK_MONOTONIC_RAW);
		uint64_t mono = clock_mono();
		uint64_t after = clock_now(CLOCK_MONOTONIC_RAW);

		if (after - before < best_gap) {
			best_gap = after - before;
			best = (struct clock_pair){mono, before + best_gap / 2};
		}
	}
	return best;
}

int64_t clock_slew(const struct clock_pair *from, const struct clock_pair *to)
{
	int64_t mono = to->mono - from->mono;
	int64_t raw = to->raw - from->raw;

	if (raw < 1000000)
		return 0;
	return (__int128)(mono - raw) * (1 << 30) / raw;
}
