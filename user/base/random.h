/* SPDX-License-Identifier: GPL-2.0-only */
/* Random numbers, which those who choose what is hashed cannot foresee. */
#ifndef DWELL_BASE_RANDOM_H
#define DWELL_BASE_RANDOM_H

#include <stdint.h>

/* Any number of 64 bits; the time where there is no randomness yet. */
uint64_t random_number(void);

#endif
