/* SPDX-License-Identifier: GPL-2.0-only */
/* Notify: tells the service manager the service's state, as sd_notify(3) describes. */
#ifndef DWELL_BASE_NOTIFY_H
#define DWELL_BASE_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* negative: no manager listens */
	struct sockaddr_un address;
	socklen_t length;
	uint64_t watchdog_ns; /* longest time between two notify_alive(); 0: not needed */
};

/*
 * Reads the manager's socket (NOTIFY_SOCKET) and the watchdog's period (WATCHDOG_USEC,
 * unless WATCHDOG_PID is another process) from the environment. 0, also if no manager
 * listens; -EINVAL or -EAFNOSUPPORT: the environment makes no sense; another negative
 * errno. @notify can be used, and must be closed, even after an error.
 */
int notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/*
 * Each sends one message, and waits at most a second for room. 0, also if no manager
 * listens; or a negative errno, after which the next message may still arrive.
 */
int notify_ready(const struct notify *notify);
int notify_alive(const struct notify *notify);
int notify_reloading(const struct notify *notify); /* ended by notify_ready() */
int notify_stopping(const struct notify *notify);

/* Shows people one line, cut off if it is long. 0 or a negative errno. */
int notify_status(const struct notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
