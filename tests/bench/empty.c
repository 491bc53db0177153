/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaches the programs that do nothing, and keeps them attached until it is ended. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bench/empty.skel.h"

/* A tracepoint that this kernel lacks is left out: dwell does the same. */
static int choose_programs(struct empty_bpf *skeleton)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct bpf_program *program;

	if (!btf)
		return -errno;
	bpf_object__for_each_program(program, skeleton->obj) {
		char type[128];

		snprintf(type, sizeof(type), "btf_trace_%s",
			 strchr(bpf_program__section_name(program), '/') + 1);
		bpf_program__set_autoload(program,
					  btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) >= 0);
	}
	btf__free(btf);
	return 0;
}

static int attach(struct empty_bpf *skeleton)
{
	int err = choose_programs(skeleton);

	if (err)
		return err;
	err = empty_bpf__load(skeleton);
	if (err)
		return err;
	return empty_bpf__attach(skeleton);
}

int main(void)
{
	struct empty_bpf *skeleton = empty_bpf__open();
	sigset_t end;
	int err, signal_number;

	sigemptyset(&end);
	sigaddset(&end, SIGINT);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	err = skeleton ? attach(skeleton) : -errno;
	if (err)
		fprintf(stderr, "empty: cannot attach: %s\n", strerror(-err));
	else
		sigwait(&end, &signal_number);
	empty_bpf__destroy(skeleton);
	return err != 0;
}
