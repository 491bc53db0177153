// SPDX-License-Identifier: GPL-2.0-only
/* Names of system calls on the architecture that dwell was built for. */
#include "model/syscalls.h"

#include <stddef.h>
#include <sys/syscall.h>

/* The Makefile makes this list from the compiler's own <sys/syscall.h>. */
static const char *const names[] = {
#include "syscalls.inc"
};

const char *syscall_name(int number)
{
	if (number < 0 || (size_t)number >= sizeof(names) / sizeof(names[0]))
		return NULL;
	return names[number];
}
