/* SPDX-License-Identifier: GPL-2.0-only */
/* The program that the tests of names run in many places: this one, told to nap. */
#ifndef DWELL_LIVE_TESTS_FILES_H
#define DWELL_LIVE_TESTS_FILES_H

/* The argument that tells it so. */
#define FILES_NAP "--nap"

/* Naps until whoever started it is gone, or for a minute. The exit status. */
int files_nap(void);

#endif
