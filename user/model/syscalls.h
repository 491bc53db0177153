/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of system calls on the architecture that dwell was built for. */
#ifndef DWELL_MODEL_SYSCALLS_H
#define DWELL_MODEL_SYSCALLS_H

/* The name of the system call @number, static; NULL: none was known at build time. */
const char *syscall_name(int number);

#endif
