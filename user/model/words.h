/* SPDX-License-Identifier: GPL-2.0-only */
/* Words: what values of the contract with the kernel side are called in every output. */
#ifndef DWELL_MODEL_WORDS_H
#define DWELL_MODEL_WORDS_H

#include <stdint.h>

/* What an enum dwell_block is called: "S", "D", …; anything else: "other". Static. */
const char *word_block(uint32_t block);

#endif
