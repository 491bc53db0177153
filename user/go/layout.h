/* SPDX-License-Identifier: GPL-2.0-only */
/* Layout: where the runtime keeps the fields that are read, by version of Go. */
#ifndef DWELL_GO_LAYOUT_H
#define DWELL_GO_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/* Offsets in bytes within the runtime's structures. */
struct go_layout {
	bool known; /* from the table; false: found by what the structures hold */
	unsigned int major, minor;
	bool heaps; /* 1.23 and later: struct timers, {timer, when} entries, zombies */
	uint16_t g_id, g_status, g_waitsince, g_gopc, g_startpc, g_pc, g_bp;
	uint16_t g_syscallpc;	  /* of the one who entered the system call */
	uint16_t g_syscallbp;	  /* 0: up to 1.22, which keeps none */
	uint16_t p_timers;	  /* slice up to 1.22; struct timers later, its heap at +8 */
	uint16_t p_runqhead;	  /* tail +4, queue +8, next one to run behind it; 0: not known */
	uint16_t timer_when;	  /* period +8, function +16, argument +24 (type) and +32 */
	uint16_t timer_back;	  /* up to 1.22: its P; later: its struct timers */
	uint16_t timer_state;	  /* status (32 bits) up to 1.22; state (8 bits) later */
	uint16_t hchan_timer;	  /* of the channel of a timer; 0: up to 1.22 */
	uint16_t hchan_recvq;	  /* first sudog */
	uint16_t poll_readers;	  /* who waits to read; who waits to write: +8 */
	uint16_t timetimer_timer; /* runtime's timer within time.Timer; 0: up to 1.22 */
};

/* What is the same in all versions. */
#define GO_G_STACK 0	   /* its lowest address, then the first one behind it */
#define GO_G_SELF 72	   /* sched.g: the address of the g itself */
#define GO_P_ID 0	   /* 32 bits, then 32 bits of status */
#define GO_RUNQ_LENGTH 256 /* of each P's own queue */
#define GO_TIMER_PERIOD 8  /* these are behind timer_when */
#define GO_TIMER_FUNC 16
#define GO_TIMER_ARG 32
#define GO_TIMER_NEXT 48 /* up to 1.22: when it is modified */

/*
 * Fills *layout for the version that the build info tells, such as "go1.24.4" or "devel
 * go1.28-abc". A version beyond the table gets the newest row and known is false. 0; -ENOTSUP:
 * Go 1.17 or older; -EINVAL: no version can be read from it.
 */
int go_layout_of(const char *version, struct go_layout *layout);

#endif
