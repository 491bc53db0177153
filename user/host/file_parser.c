// SPDX-License-Identifier: GPL-2.0-only
/* The parser: a process without any privilege that reads the files it is handed. */
#include "host/file_parser.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/privilege.h"
#include "host/elf_symbols.h"
#include "host/file_message.h"

/* Each compiler has a way of its own to tell that the unit tests' sanitizer is on. */
#ifdef __SANITIZE_ADDRESS__
#define ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER
#endif
#endif

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define MEMORY_MAX (256UL << 20)
#define CPU_MAX 60	      /* seconds in all; then a new parser takes over */
#define REQUEST_CPU_SECONDS 1 /* then SIGPROF ends the process */
#define TABLES 64
#define FUNCTIONS_MAX ELF_SYMBOLS_MAX /* in all tables that are kept */

/* One state of one file. A changed file gets another table. */
struct key {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct table {
	uint64_t used; /* 0: this place is free */
	struct key key;
	struct elf_symbols *symbols; /* NULL: could not be read */
	int err;		     /* negative errno of reading; 0: none */
};

struct tables {
	struct table table[TABLES];
	size_t functions;
	uint64_t clock;
};

/* ---- tables -------------------------------------------------------------------- */

static void forget(struct tables *tables, struct table *table)
{
	if (table->symbols)
		tables->functions -= elf_symbols_count(table->symbols);
	elf_symbols_free(table->symbols);
	*table = (struct table){0};
}

/*
 * The least recently used table, free ones first. If @but is not NULL, only other tables
 * with symbols count, and NULL means that there is none.
 */
static struct table *least_used(struct tables *tables, const struct table *but)
{
	struct table *least = NULL;

	for (size_t i = 0; i < TABLES; i++) {
		struct table *table = &tables->table[i];

		if (but && (table == but || !table->symbols))
			continue;
		if (!least || table->used < least->used)
			least = table;
	}
	return least;
}

/* Reads the file @fd. If memory is short, all other tables are dropped first. */
static void read_table(struct tables *tables, struct table *table, int fd)
{
	struct table *other;

	table->err = elf_symbols_read(fd, &table->symbols);
	if (table->err == -ENOMEM) {
		for (size_t i = 0; i < TABLES; i++)
			if (&tables->table[i] != table)
				forget(tables, &tables->table[i]);
		table->err = elf_symbols_read(fd, &table->symbols);
	}
	if (table->err)
		return;
	tables->functions += elf_symbols_count(table->symbols);
	while (tables->functions > FUNCTIONS_MAX && (other = least_used(tables, table)))
		forget(tables, other);
}

static bool is_of(const struct table *table, const struct key *key)
{
	return table->used && !memcmp(&table->key, key, sizeof(*key));
}

/* The table of the file @fd; NULL: the file cannot be identified. */
static struct table *table_of(struct tables *tables, int fd)
{
	struct key key;
	struct table *table;
	struct stat info;

	if (fstat(fd, &info))
		return NULL;
	memset(&key, 0, sizeof(key)); /* the padding is compared too */
	key.device = info.st_dev;
	key.inode = info.st_ino;
	key.size = info.st_size;
	key.modified = info.st_mtim;
	key.changed = info.st_ctim;
	tables->clock++;
	for (size_t i = 0; i < TABLES; i++) {
		if (!is_of(&tables->table[i], &key))
			continue;
		tables->table[i].used = tables->clock;
		return &tables->table[i];
	}
	table = least_used(tables, NULL);
	forget(tables, table);
	table->used = tables->clock;
	table->key = key;
	read_table(tables, table, fd);
	return table;
}

/* ---- requests ------------------------------------------------------------------ */

static uint32_t outcome_of(int err)
{
	switch (err) {
	case 0:
		return FILE_FOUND;
	case -EFBIG:
	case -ENOMEM:
		return FILE_TOO_LARGE;
	case -ETIME:
		return FILE_TOO_SLOW;
	default:
		return FILE_UNREADABLE;
	}
}

static void answer_request(struct tables *tables, const struct file_request *request, int fd,
			   struct file_answer *answer)
{
	const struct table *table = request->kind == FILE_NAME_ADDRESS ? table_of(tables, fd) :
									 NULL;
	int err = table ? table->err : -EINVAL;

	*answer = (struct file_answer){.id = request->id};
	if (!err)
		err = elf_symbols_name(table->symbols, fd, request->address, answer->function,
				       sizeof(answer->function), &answer->offset);
	answer->outcome = outcome_of(err);
}

static void limit_time(int seconds)
{
	const struct itimerval limit = {.it_value.tv_sec = seconds};

	setitimer(ITIMER_PROF, &limit, NULL);
}

static void serve(int socket)
{
	static struct tables tables;
	struct file_request request;
	struct file_answer answer;
	int fd;

	while (!file_message_receive(socket, &request, sizeof(request), &fd)) {
		limit_time(REQUEST_CPU_SECONDS);
		answer_request(&tables, &request, fd, &answer);
		limit_time(0);
		if (fd >= 0)
			close(fd);
		if (file_message_send(socket, &answer, sizeof(answer), -1))
			return;
	}
}

/* ---- the process ---------------------------------------------------------------- */

static void limit(int resource, rlim_t most)
{
	const struct rlimit limits = {most, most};

	setrlimit(resource, &limits);
}

static void set_limits(void)
{
#ifndef ADDRESS_SANITIZER /* needs terabytes of addresses */
	limit(RLIMIT_AS, MEMORY_MAX);
#endif
	/* At the hard limit the kernel sends SIGKILL, which does not tell why. */
	setrlimit(RLIMIT_CPU, &(struct rlimit){CPU_MAX, CPU_MAX + 1});
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_MEMLOCK, 0);
	limit(RLIMIT_MSGQUEUE, 0);
	limit(RLIMIT_NOFILE, 8);
}

/* Tries a filter at address NULL: only a kernel that filters system calls looks there. */
static bool kernel_filters_calls(void)
{
	return !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) || errno != EINVAL;
}

static int allow_calls(scmp_filter_ctx filter)
{
	static const int calls[] = {
		SCMP_SYS(recvmsg),	SCMP_SYS(sendmsg),    SCMP_SYS(pread64),
		SCMP_SYS(fstat),	SCMP_SYS(fstat64),    SCMP_SYS(newfstatat),
		SCMP_SYS(fstatat64),	SCMP_SYS(statx),      SCMP_SYS(close),
		SCMP_SYS(brk),		SCMP_SYS(mmap),	      SCMP_SYS(mmap2),
		SCMP_SYS(munmap),	SCMP_SYS(mremap),     SCMP_SYS(madvise),
		SCMP_SYS(setitimer),	SCMP_SYS(sysinfo),    SCMP_SYS(getrandom),
		SCMP_SYS(futex),	SCMP_SYS(exit_group), SCMP_SYS(clock_gettime),
		SCMP_SYS(rt_sigreturn),
	};
	/* libelf asks for flags. Other commands can make the kernel signal other processes. */
	static const int fcntls[] = {SCMP_SYS(fcntl), SCMP_SYS(fcntl64)};
	static const scmp_datum_t commands[] = {F_GETFD, F_GETFL};
	int err = 0;

	for (size_t i = 0; i < LENGTH(calls) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	for (size_t i = 0; i < LENGTH(fcntls) * LENGTH(commands) && !err; i++) {
		const struct scmp_arg_cmp command = {
			.arg = 1,
			.op = SCMP_CMP_EQ,
			.datum_a = commands[i % LENGTH(commands)],
		};

		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, fcntls[i / LENGTH(commands)], 1,
				       command);
	}
	return err;
}

int file_parser_limit_calls(void)
{
	scmp_filter_ctx filter;
	int err;

	if (!kernel_filters_calls())
		return 0;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return -ENOMEM;
	err = allow_calls(filter);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

static void run(int socket)
{
	/* The opener may be killed, and the parser must not stay behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "dwell-parser");
	file_message_close_others(socket);
	set_limits();
	signal(SIGPROF, SIG_DFL);
	signal(SIGXCPU, SIG_DFL);
	if (privileges_drop(PRIVILEGE_KEEP_NONE) || file_parser_limit_calls())
		_exit(1);
	serve(socket);
	_exit(0);
}

pid_t file_parser_start(int *socket)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	pid = fork();
	if (!pid)
		run(ends[1]);
	if (pid < 0)
		pid = -errno;
	close(ends[1]);
	if (pid < 0)
		close(ends[0]);
	else
		*socket = ends[0];
	return pid;
}
