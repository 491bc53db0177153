// SPDX-License-Identifier: GPL-2.0-only
/* File messages: requests and answers between dwell and the file helper's processes. */
#include "host/file_message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

/* Room for one descriptor. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int file_message_send(int socket, const void *message, size_t size, int fd)
{
	struct iovec part = {.iov_base = (void *)message, .iov_len = size};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	union control control = {0};

	if (fd >= 0) {
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
		control.header = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(int)),
		};
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	return sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Returns the one descriptor that came along, or -1. Several, which fit the padding, are closed. */
static int descriptor_of(struct msghdr *header)
{
	const struct cmsghdr *control = CMSG_FIRSTHDR(header);
	size_t count;
	int fd = -1;

	if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS ||
	    control->cmsg_len < CMSG_LEN(sizeof(int)))
		return -1;
	count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < count; i++) {
		memcpy(&fd, CMSG_DATA(control) + i * sizeof(fd), sizeof(fd));
		if (count > 1)
			close(fd);
	}
	return count > 1 ? -1 : fd;
}

int file_message_receive(int socket, void *message, size_t size, int *fd)
{
	struct iovec part = {.iov_base = message, .iov_len = size};
	union control control = {0};
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = fd ? &control : NULL,
		.msg_controllen = fd ? sizeof(control) : 0,
	};
	ssize_t got;
	int taken;

	do
		got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	taken = fd ? descriptor_of(&header) : -1;
	if (fd)
		*fd = taken;
	if ((size_t)got == size && !(header.msg_flags & MSG_TRUNC))
		return 0;
	if (taken >= 0)
		close(taken);
	if (fd)
		*fd = -1;
	return got ? -EPROTO : -EPIPE;
}

static int64_t now_ms(void)
{
	return (int64_t)(clock_mono() / 1000000);
}

int file_message_await(int socket, void *message, size_t size, int *fd, int ms)
{
	struct pollfd ready = {.fd = socket, .events = POLLIN};
	const int64_t until = now_ms() + ms;
	int64_t left = ms;
	int count;

	do {
		count = poll(&ready, 1, left > 0 ? (int)left : 0);
		if (count > 0)
			return file_message_receive(socket, message, size, fd);
		if (count < 0 && errno != EINTR)
			return -errno;
		left = until - now_ms();
	} while (left > 0);
	return -ETIMEDOUT;
}

void file_message_close_others(int kept)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3 && nowhere >= 0; fd++)
		if (fd != kept)
			dup2(nowhere, fd);
	for (int fd = 0; fd < 3 && nowhere < 0; fd++)
		if (fd != kept)
			close(fd);
	if ((kept > 3 && syscall(SYS_close_range, 3U, (unsigned int)kept - 1, 0U)) ||
	    syscall(SYS_close_range, kept > 2 ? (unsigned int)kept + 1 : 3U, UINT_MAX, 0U))
		_exit(1);
}
