// SPDX-License-Identifier: GPL-2.0-only
/* Loads the kernel side, without the parts that the kernel refuses. */
#include <errno.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "base/limits.h"
#include "base/message.h"
#include "source/callbacks.h"
#include "source/live_private.h"
#include "source/refusal.h"
#include "dwell.skel.h"

/* ---- room for it ------------------------------------------------------------------ */

#define FILES_TO_LOAD 8	 /* type information, and libbpf's probes of the kernel */
#define FILES_TO_READ 16 /* iterators, /proc, cgroups, symbols, the service's files */
#define FILES_ENOUGH 256 /* more than dwell ever opens */

/*
 * Checks that there are enough descriptors for each program, link and map, and for files
 * that are opened later. A lack shows now, and not after the window. 0, or a negative
 * errno, after it said the reason on stderr.
 */
static int check_files(const struct live *live)
{
	unsigned int count = FILES_TO_LOAD + FILES_TO_READ;
	struct bpf_program *program;
	struct bpf_map *map;
	int err;

	bpf_object__for_each_program(program, live->skeleton->obj)
		count += bpf_program__autoload(program) ? 2 : 0;
	bpf_object__for_each_map(map, live->skeleton->obj)
		count++;
	err = limits_try_files(count);
	if (err == -EMFILE)
		message_error("dwell may not open enough files: it needs %u more than it has, of "
			      "%lu that are allowed in all",
			      count, limits_raise_files());
	else if (err)
		message_error("dwell cannot open %u files: %s", count, strerror(-err));
	if (err)
		message_hint("raise the limit: ulimit -n %u, or LimitNOFILE= of its service",
			     2 * count);
	return err;
}

/* ---- loading ---------------------------------------------------------------------- */

static void unload(struct live *live)
{
	dwell_bpf__destroy(live->skeleton);
	live->skeleton = NULL;
}

/*
 * Says why dwell cannot go on without @name (NULL: unknown). Returns the negative errno that
 * determines its exit status.
 */
static int give_up(const struct live *live, const char *name, int err)
{
	reductions_end(live->reductions, name ?: "dwell's programs", -err);
	if (!name)
		message_error("the kernel refused dwell's programs: %s", strerror(-err));
	else if (reductions_leave_no_record(live->reductions))
		message_error("the kernel refused all that could make a task's record, %s at "
			      "last: %s",
			      name, strerror(-err));
	else
		message_error("the kernel refused %s, which dwell cannot do without: %s", name,
			      strerror(-err));
	if (*refusal_said())
		message_hint("the kernel said: %s", refusal_said());
	else
		message_hint("-vv shows the kernel's reasons");
	if (live->pid_ns)
		message_hint(
			"dwell runs in a pid namespace, and asks more of the kernel there: run "
			"it in the host's");
	else if (err == -EPERM)
		message_hint("capabilities must be those of the initial user namespace, and no "
			     "security module may object");
	if (err == -EPERM || err == -EACCES)
		return -EPERM;
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE ? err : -EOPNOTSUPP;
}

/*
 * Says why the programs could not be opened, and returns the errno. From libbpf 1.5 on, each
 * map takes a descriptor already then.
 */
static int cannot_open(const struct live *live, int err)
{
	if (err != -EMFILE)
		return give_up(live, NULL, err);
	message_error("dwell may not open enough files: %lu are allowed in all",
		      limits_raise_files());
	message_hint("raise the limit: ulimit -n %d, or LimitNOFILE= of its service", FILES_ENOUGH);
	return err;
}

/* Opens the skeleton and sets it up. 0, or a negative errno, after it said why on stderr. */
static int open_skeleton(struct live *live, const struct source_request *request,
			 const struct dwell_config *callbacks)
{
	refusal_forget();
	live->skeleton = dwell_bpf__open();
	if (!live->skeleton)
		return cannot_open(live, -errno);
	live_configure(live, request, callbacks);
	return check_files(live);
}

/* Loads and attaches the parts not refused so far. 0; or a negative errno: see refusal_last(). */
static int load_and_attach(struct live *live)
{
	int err = dwell_bpf__load(live->skeleton);

	if (err)
		return err;
	/* libbpf leaves these out if it believes that arrays cannot be mapped (before 5.5). */
	if (!live->skeleton->bss || !live->skeleton->rodata)
		return -EOPNOTSUPP;
	live->skeleton->bss->self = 0;
	return live_attach(live);
}

int live_load(struct live *live, const struct source_request *request)
{
	struct dwell_config callbacks = {0};
	int err = limits_try_files(FILES_TO_LOAD + FILES_TO_READ);

	if (!err)
		err = callbacks_find(&callbacks);
	if (err && err != -EMFILE)
		reductions_add(live->reductions, "learn_callback", -err);
	for (;;) {
		const char *name;

		err = open_skeleton(live, request, &callbacks);
		if (err)
			return err;
		err = load_and_attach(live);
		if (!err && (live->pid_ns || !live->skeleton->bss->own_level))
			return 0;
		if (!err) { /* again, with the numbers of the pid namespace */
			live->pid_ns = true;
			unload(live);
			continue;
		}
		name = refusal_last();
		/* Without enough descriptors the other parts would fail too. */
		if (!name || err == -EMFILE || err == -ENFILE ||
		    !reduction_possible(name, &live->context))
			return give_up(live, name, err);
		message_detail(1, "the kernel refused %s: %s", name, strerror(-err));
		reductions_add(live->reductions, name, -err);
		if (reductions_leave_no_record(live->reductions))
			return give_up(live, name, err);
		unload(live);
	}
}
