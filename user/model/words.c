/* SPDX-License-Identifier: GPL-2.0-only */
/* Words: what values of the contract with the kernel side are called in every output. */
#include "model/words.h"

#include <linux/types.h>

#include "bpf/dwell.h"

const char *word_block(uint32_t block)
{
	static const char *const words[] = {
		[DWELL_BLOCK_S] = "S", [DWELL_BLOCK_D] = "D",	      [DWELL_BLOCK_I] = "I",
		[DWELL_BLOCK_T] = "T", [DWELL_BLOCK_OTHER] = "other",
	};

	return words[block < DWELL_BLOCKS ? block : DWELL_BLOCK_OTHER];
}
