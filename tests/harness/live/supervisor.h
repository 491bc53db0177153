/* SPDX-License-Identifier: GPL-2.0-only */
/* A supervisor: decides which of a child's calls of bpf() the kernel gets to see. */
#ifndef DWELL_LIVE_SUPERVISOR_H
#define DWELL_LIVE_SUPERVISOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* What is asked of the kernel by name. */
enum asked { ASKED_PROGRAM, ASKED_MAP, ASKED_LINK, ASKED_KINDS };

#define SUPERVISOR_NAMES 64
#define SUPERVISOR_NAME_LEN 64

/* Everything of one kind that was asked for, each name once. */
struct supervisor_names {
	char name[SUPERVISOR_NAMES][SUPERVISOR_NAME_LEN];
	size_t count;
};

/* One run of a child that is watched; all zeros: nothing is refused. */
struct supervisor {
	/* What is refused: @name NULL is nothing; "" is libbpf's own tries with unnamed objects. */
	enum asked object;
	const char *name;
	int error; /* errno that is answered */

	struct supervisor_names seen[ASKED_KINDS];
	unsigned int refused; /* so many calls were */

	int child[2], parent[2]; /* pipes to and from the child */
	pthread_t thread;
};

/* Before the fork. */
void supervisor_begin(struct supervisor *supervisor);
/* In the child, before its exec: @context is the supervisor. */
void supervisor_watch(void *context);
/* In the parent after the fork of @pid: answers from now on until nobody is watched any more. */
void supervisor_follow(struct supervisor *supervisor, int pid);
/* Once the child has ended. */
void supervisor_end(struct supervisor *supervisor);

/* Whether @names has @name. */
bool supervisor_saw(const struct supervisor_names *names, const char *name);

#endif
