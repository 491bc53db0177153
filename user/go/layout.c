// SPDX-License-Identifier: GPL-2.0-only
/* Layout: where the runtime keeps the fields that are read, by version of Go. */
#include "go/layout.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * From DWARF of each version, but for 1.18 and 1.20, whose structures were added up from their
 * sources. What did not change from one version to the next stands here once.
 */
#define G_18                                                                               \
	.g_status = 144, .g_id = 152, .g_waitsince = 168, .g_gopc = 296, .g_startpc = 312, \
	.g_pc = 64, .g_bp = 104, .g_syscallpc = 120
#define G_21                                                                               \
	.g_status = 144, .g_id = 152, .g_waitsince = 168, .g_gopc = 280, .g_startpc = 296, \
	.g_pc = 64, .g_bp = 104, .g_syscallpc = 120
#define G_23                                                                               \
	.g_status = 152, .g_id = 160, .g_waitsince = 176, .g_gopc = 288, .g_startpc = 304, \
	.g_pc = 64, .g_bp = 104, .g_syscallpc = 120, .g_syscallbp = 128
#define G_25                                                                               \
	.g_status = 144, .g_id = 152, .g_waitsince = 168, .g_gopc = 280, .g_startpc = 296, \
	.g_pc = 64, .g_bp = 96, .g_syscallpc = 112, .g_syscallbp = 120
#define G_26                                                                               \
	.g_status = 144, .g_id = 152, .g_waitsince = 168, .g_gopc = 288, .g_startpc = 304, \
	.g_pc = 64, .g_bp = 96, .g_syscallpc = 112, .g_syscallbp = 120
#define TIMER_18 .timer_when = 8, .timer_state = 64, .hchan_recvq = 56
#define TIMER_23                                                                                \
	.heaps = true, .timer_when = 16, .timer_back = 64, .timer_state = 9, .hchan_timer = 32, \
	.hchan_recvq = 64, .timetimer_timer = 16
#define TIMER_25                                                                                \
	.heaps = true, .timer_when = 24, .timer_back = 72, .timer_state = 9, .hchan_timer = 32, \
	.hchan_recvq = 64, .timetimer_timer = 16

static const struct go_layout table[] = {
	{.minor = 18, G_18, TIMER_18, .p_timers = 8832, .p_runqhead = 400, .poll_readers = 24},
	{.minor = 19, G_18, TIMER_18, .p_timers = 8840, .p_runqhead = 400, .poll_readers = 24},
	{.minor = 20, G_18, TIMER_18, .p_timers = 8832, .p_runqhead = 400, .poll_readers = 24},
	{.minor = 21, G_21, TIMER_18, .p_timers = 8840, .p_runqhead = 400, .poll_readers = 32},
	{.minor = 22, G_21, TIMER_18, .p_timers = 8872, .p_runqhead = 400, .poll_readers = 32},
	{.minor = 23, G_23, TIMER_23, .p_timers = 8840, .p_runqhead = 392, .poll_readers = 32},
	{.minor = 25, G_25, TIMER_25, .p_timers = 9392, .p_runqhead = 392, .poll_readers = 32},
	{.minor = 26, G_26, TIMER_25, .p_timers = 13672, .p_runqhead = 400, .poll_readers = 32},
};

#define ROWS (sizeof(table) / sizeof(table[0]))
#define OLDEST 18
#define NEWEST 27 /* the last one that the table was held to */
#define NUMBER_LIMIT 100000

/* Reads "1.24" at *text into both numbers. */
static int read_numbers(const char *text, unsigned int *major, unsigned int *minor)
{
	unsigned long first, second;
	char *end;

	first = strtoul(text, &end, 10);
	if (*end != '.' || end[1] < '0' || end[1] > '9')
		return -EINVAL;
	second = strtoul(end + 1, &end, 10);
	if (first >= NUMBER_LIMIT || second >= NUMBER_LIMIT)
		return -EINVAL;
	*major = first;
	*minor = second;
	return 0;
}

/* Words may stand before the version, such as "devel", and anything behind it. */
static int read_version(const char *version, unsigned int *major, unsigned int *minor)
{
	const char *at = version;

	while ((at = strstr(at, "go"))) {
		at += 2;
		if (*at >= '0' && *at <= '9' && !read_numbers(at, major, minor))
			return 0;
	}
	return -EINVAL;
}

int go_layout_of(const char *version, struct go_layout *layout)
{
	unsigned int major, minor;
	size_t row = ROWS - 1;
	int err = read_version(version, &major, &minor);

	if (err)
		return err;
	if (major < 1 || (major == 1 && minor < OLDEST))
		return -ENOTSUP;
	while (major == 1 && table[row].minor > minor)
		row--;
	*layout = table[row];
	layout->major = major;
	layout->minor = minor;
	layout->known = major == 1 && minor <= NEWEST;
	return 0;
}
