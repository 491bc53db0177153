/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notify: tells the service manager the service's state, as sd_notify(3) describes.
 *
 * This does without libsystemd: Debian has no static archive of it, and its manual asks
 * programs that need no more than this to do it themselves.
 */
#include "base/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define NS_PER_US 1000ULL
#define US_PER_S 1000000ULL
#define MESSAGE_LEN 1024
#define SEND_LIMIT_S 1 /* a manager that hangs must not hang the service */

/* ---- the environment -------------------------------------------------------- */

/* Sets the address to @name: a path, or "@" and an abstract name. 0 or a negative errno. */
static int read_address(struct notify *notify, const char *name)
{
	size_t length = strlen(name);

	if (*name != '/' && *name != '@')
		return -EAFNOSUPPORT;
	if (length < 2 || length >= sizeof(notify->address.sun_path))
		return -EINVAL;
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, name, length);
	if (*name == '@')
		notify->address.sun_path[0] = '\0';
	/* Every byte of an abstract name counts: there is no NUL at its end. */
	notify->length =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (*name == '/'));
	return 0;
}

static int read_watchdog(struct notify *notify)
{
	const char *period = getenv("WATCHDOG_USEC"), *owner = getenv("WATCHDOG_PID");
	uint64_t us, pid;

	if (!period)
		return 0;
	if (owner && (text_parse_number(owner, INT32_MAX, &pid) || !pid))
		return -EINVAL;
	/* The variables may have been meant for the process that started this one. */
	if (owner && pid != (uint64_t)getpid())
		return 0;
	if (text_parse_number(period, UINT64_MAX / NS_PER_US, &us) || !us)
		return -EINVAL;
	notify->watchdog_ns = us * NS_PER_US;
	return 0;
}

int notify_open(struct notify *notify)
{
	const struct timeval limit = {.tv_sec = SEND_LIMIT_S};
	const char *name = getenv("NOTIFY_SOCKET");
	int err;

	*notify = (struct notify){.fd = -1};
	if (!name || !*name)
		return 0;
	err = read_address(notify, name);
	if (err)
		return err;
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify->fd < 0 ||
	    setsockopt(notify->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)))
		return -errno;
	return read_watchdog(notify);
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

/* ---- messages --------------------------------------------------------------- */

static int send_message(const struct notify *notify, const char *message)
{
	if (notify->fd < 0)
		return 0;
	/* Not connected: the socket may be made anew while the service runs. */
	if (sendto(notify->fd, message, strlen(message), MSG_NOSIGNAL,
		   (const struct sockaddr *)&notify->address, notify->length) < 0)
		return -errno;
	return 0;
}

int notify_ready(const struct notify *notify)
{
	return send_message(notify, "READY=1");
}

int notify_alive(const struct notify *notify)
{
	return send_message(notify, "WATCHDOG=1");
}

int notify_stopping(const struct notify *notify)
{
	return send_message(notify, "STOPPING=1");
}

int notify_reloading(const struct notify *notify)
{
	char message[MESSAGE_LEN];
	struct timespec now;
	uint64_t us;

	/* The manager needs the time to tell this reload's READY=1 from an earlier one. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	us = (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / NS_PER_US;
	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, us);
	return send_message(notify, message);
}

int notify_status(const struct notify *notify, const char *format, ...)
{
	char text[MESSAGE_LEN], message[MESSAGE_LEN] = "STATUS=";
	size_t used = strlen(message);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* A newline in the text would begin another message. */
	text_escape(message + used, sizeof(message) - used, text, strlen(text));
	return send_message(notify, message);
}
