/* SPDX-License-Identifier: GPL-2.0-only */
/* Notify: tells the service manager how the service fares, as sd_notify(3) describes. */
#ifndef DWELL_BASE_NOTIFY_H
#define DWELL_BASE_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* negative: nobody wants to know */
	struct sockaddr_un address;
	socklen_t length;
	uint64_t watchdog_ns; /* notify_alive() has to come more often than that; 0: need not */
};

/*
 * Reads from the environment who wants to know (NOTIFY_SOCKET) and how often
 * (WATCHDOG_USEC, unless WATCHDOG_PID is another process). 0, also if nobody
 * does; -EINVAL or -EAFNOSUPPORT (the environment makes no sense); another
 * negative errno. @notify can be used, and has to be closed, in any case.
 */
int notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/*
 * Each sends one message, and waits a second at most for room. 0, also if
 * nobody wants to know; or a negative errno, after which the next one may do.
 */
int notify_ready(const struct notify *notify);
int notify_alive(const struct notify *notify);
int notify_reloading(const struct notify *notify); /* notify_ready() tells its end */
int notify_stopping(const struct notify *notify);

/* Shows people one line, which is cut off if it is long. 0 or a negative errno. */
int notify_status(const struct notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
