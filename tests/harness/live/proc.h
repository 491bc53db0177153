/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel itself says of a task: the independent truth for the live tests. */
#ifndef DWELL_LIVE_PROC_H
#define DWELL_LIVE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* CLOCK_MONOTONIC in ns. */
uint64_t proc_now(void);

/* Sleeps for @ns. Arms timers: never to be called where timers are being counted. */
void proc_sleep(uint64_t ns);

/* Uses the CPU until the mono time @until. */
void proc_spin(uint64_t until);

/* The calling thread's id. */
pid_t proc_tid(void);

/*
 * Reads a small file into @buffer, which ends with a NUL. Returns its length
 * or a negative errno.
 */
ssize_t proc_read(const char *path, char *buffer, size_t size);

/* Writes @text to an existing file. 0 or a negative errno. */
int proc_write(const char *path, const char *text);

/* The state letter of a task (R, S, D, T, Z, …); 0 if there is no such task. */
char proc_state(pid_t pid, pid_t tid);

/* Waits until the task is in @state. False after @seconds. */
bool proc_wait_state(pid_t pid, pid_t tid, char state, unsigned int seconds);

/* A task's account, kept by the scheduler: exact while the task is asleep. */
struct proc_account {
	uint64_t run_ns;      /* time on the CPU */
	uint64_t delay_ns;    /* time waited for a CPU */
	uint64_t slices;      /* times it got on a CPU */
	uint64_t voluntary;   /* times it left one to block */
	uint64_t involuntary; /* times it left one otherwise */
};

/* Reads a task's account. False: there is no such task, or the kernel keeps none. */
bool proc_account(pid_t pid, pid_t tid, struct proc_account *account);

/* Whether the kernel is a PREEMPT_RT one. */
bool proc_preempt_rt(void);

enum proc_cpu {
	PROC_LAST_CPU, /* interrupts tend to go to the others */
	PROC_FIRST_CPU,
};

/* Whether this kernel's version is MAJOR.MINOR or later. */
bool proc_kernel_at_least(unsigned int major, unsigned int minor);

/* Pins a task (0: the caller) to one CPU, the same one in every process of a test. That CPU. */
int proc_pin(pid_t tid, enum proc_cpu which);

#endif
