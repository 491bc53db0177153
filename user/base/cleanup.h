/* SPDX-License-Identifier: GPL-2.0-only */
/* Cleanup: memory that is freed when the variable that holds it goes out of scope. */
#ifndef DWELL_BASE_CLEANUP_H
#define DWELL_BASE_CLEANUP_H

#include <stdlib.h>

/* @pointer: the address of the variable. */
static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

/* Frees a variable at the end of its scope. Initialize it: "auto_free char *text = NULL;". */
#define auto_free __attribute__((cleanup(cleanup_free)))

#endif
