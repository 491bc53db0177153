// SPDX-License-Identifier: GPL-2.0-only
/* Random numbers, which those who choose what is hashed cannot foresee. */
#include "base/random.h"

#include <sys/random.h>

#include "base/clock.h"

uint64_t random_number(void)
{
	uint64_t number;

	return getrandom(&number, sizeof(number), GRND_NONBLOCK) == sizeof(number) ? number :
										     clock_mono();
}
