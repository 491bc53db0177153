// SPDX-License-Identifier: GPL-2.0-only
/* Scan: the Go processes of this host, found in /proc and read again and again. */
#include "cmd/go_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "go/process.h"
#include "go/view.h"

#define NS_PER_S 1000000000ULL

/* Processes that are remembered. More are looked at again in each pass over /proc. */
#define KNOWN_MAX 65536

/* Of the CPU time, a pass over /proc may take so much: the rest of it has to wait. */
#define FIND_SHARE 4

/* Debt and savings of CPU time are at most that of so many rounds. */
#define ROUNDS_SAVED 4
#define ROUNDS_OWED 40

/* Figures of a process that could not be read again count for so long. */
#define KEPT_NS (300 * NS_PER_S)

/* A process that was refused is tried again after 1, 2, 4 … passes, at most so many. */
#define TRY_AGAIN_MAX 64

/* What changes when a process executes another program, or gives way to another one. */
struct identity {
	uint64_t started;     /* field 22 of /proc/PID/stat */
	uint64_t code, stack; /* addresses; @code is 0 of one without memory */
	char comm[DWELL_COMM_LEN];
};

struct process {
	uint32_t pid;
	struct identity identity;
	unsigned int pass; /* over /proc: the last one that has seen it */
	bool wanted;	   /* its name is one that may be read */
	bool stuck;
	enum go_refusal refusal;   /* GO_READ: it is a Go program, but may not be admitted */
	unsigned int tries, again; /* passes between tries, and those until the next one */
	struct go_process *go;	   /* owned; NULL: it is not admitted */
	struct go_figures figures;
	uint64_t read_at;      /* mono ns; 0: never */
	bool read, incomplete; /* in this round */
	UT_hash_handle hh;
};

struct go_scan {
	struct go_scan_state *state;
	DIR *proc;
	unsigned int pass;
	struct process *processes;
	size_t admitted;
	uint32_t last;	/* pid of the one that was read last */
	int64_t credit; /* CPU time in ns; below 0: owed */
};

struct go_scan *go_scan_new(struct go_scan_state *state)
{
	struct go_scan *scan = calloc(1, sizeof(*scan));

	if (!scan)
		return NULL;
	scan->state = state;
	scan->pass = 1;
	scan->proc = opendir("/proc");
	if (scan->proc)
		return scan;
	free(scan);
	return NULL;
}

/* Ends the reading of @process, and has its figures no longer. */
static void dismiss(struct go_scan *scan, struct process *process)
{
	scan->admitted -= !!process->go;
	/* The figures' names are the process's. */
	go_figures_clear(&process->figures);
	go_process_close(process->go);
	process->go = NULL;
	process->read_at = 0;
}

static void forget(struct go_scan *scan, struct process *process)
{
	dismiss(scan, process);
	HASH_DEL(scan->processes, process);
	free(process);
}

void go_scan_free(struct go_scan *scan)
{
	struct process *process, *next;

	if (!scan)
		return;
	HASH_ITER(hh, scan->processes, process, next)
		forget(scan, process);
	closedir(scan->proc);
	free(scan);
}

/* ---- who there is ------------------------------------------------------------------ */

/* Parses /proc/PID/stat. Of a name, parentheses and blanks can be parts. 0 or -EINVAL. */
static int parse_stat(char *text, struct identity *identity)
{
	char *begin = strchr(text, '('), *end = strrchr(text, ')');

	if (!begin || !end || end < begin)
		return -EINVAL;
	*end = '\0';
	snprintf(identity->comm, sizeof(identity->comm), "%s", begin + 1);
	if (sscanf(end + 1,
		   " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%" SCNu64 " %*s %*s %*s %" SCNu64 " %*s %" SCNu64,
		   &identity->started, &identity->code, &identity->stack) != 3)
		return -EINVAL;
	return 0;
}

/* 0 or a negative errno. */
static int identify(const struct go_scan *scan, const char *pid, struct identity *identity)
{
	char path[32], text[1024];
	ssize_t length;
	int fd;

	*identity = (struct identity){0};
	snprintf(path, sizeof(path), "%.16s/stat", pid);
	fd = openat(dirfd(scan->proc), path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length <= 0)
		return -ESRCH;
	text[length] = '\0';
	return parse_stat(text, identity);
}

static bool is_same(const struct identity *one, const struct identity *other)
{
	return one->started == other->started && one->code == other->code &&
	       one->stack == other->stack && !strcmp(one->comm, other->comm);
}

static bool is_wanted(const struct go_scan_terms *terms, const char *comm)
{
	for (uint32_t i = 0; i < terms->nr_comms; i++)
		if (!strncmp(terms->comms[i], comm, DWELL_COMM_LEN))
			return true;
	return !terms->nr_comms;
}

static bool is_stuck(const struct go_scan *scan, const struct process *process)
{
	const struct go_stuck *stuck = scan->state->stuck;

	for (int i = 0; i < GO_STUCK_MAX; i++)
		if (stuck[i].pid == process->pid && stuck[i].started == process->identity.started)
			return true;
	return false;
}

/* Tells who watches the reader that it begins with @process; or, for NULL, that it has ended. */
static void tell_busy(struct go_scan *scan, const struct process *process)
{
	struct go_scan_state *state = scan->state;

	state->busy = (struct go_stuck){0};
	__atomic_store_n(&state->since, clock_mono(), __ATOMIC_RELEASE);
	if (process)
		state->busy = (struct go_stuck){.pid = process->pid,
						.started = process->identity.started};
}

/* Finds out whether @process is a Go program, and admits it if there is room. */
static void examine(struct go_scan *scan, struct process *process,
		    const struct go_scan_terms *terms)
{
	tell_busy(scan, process);
	process->refusal = go_process_open(process->pid, &process->go);
	tell_busy(scan, NULL);
	if (process->go && scan->admitted >= terms->limit) {
		go_process_close(process->go);
		process->go = NULL;
	}
	scan->admitted += !!process->go;
	/* What the runtime has not set up yet is there at another time. */
	if (process->refusal == GO_READ || process->refusal == GO_REFUSED_NOT_GO ||
	    process->refusal == GO_REFUSED_OLD)
		return;
	process->tries = process->tries ? process->tries * 2 : 1;
	if (process->tries > TRY_AGAIN_MAX)
		process->tries = TRY_AGAIN_MAX;
	process->again = process->tries;
}

/* Whether it is time to look at a process that is not admitted. */
static bool is_due(const struct go_scan *scan, struct process *process,
		   const struct go_scan_terms *terms)
{
	if (process->go || process->stuck || !process->wanted || !process->identity.code)
		return false;
	if (process->refusal == GO_READ)
		return scan->admitted < terms->limit;
	return process->again && !--process->again;
}

/* The process @pid, made if it is not known. NULL without memory or room. */
static struct process *process_get(struct go_scan *scan, uint32_t pid)
{
	struct process *process;

	HASH_FIND(hh, scan->processes, &pid, sizeof(pid), process);
	if (process || HASH_COUNT(scan->processes) >= KNOWN_MAX)
		return process;
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	process->pid = pid;
	HASH_ADD(hh, scan->processes, pid, sizeof(process->pid), process);
	if (process->hh.tbl)
		return process;
	free(process);
	return NULL;
}

/* Takes in the process that /proc calls @name. */
static void meet(struct go_scan *scan, const char *name, const struct go_scan_terms *terms)
{
	struct identity identity;
	struct process *process;
	char *end;
	const unsigned long pid = strtoul(name, &end, 10);

	if (*end || !pid || identify(scan, name, &identity))
		return;
	process = process_get(scan, (uint32_t)pid);
	if (!process)
		return;
	process->pass = scan->pass;
	if (!is_same(&process->identity, &identity)) {
		dismiss(scan, process);
		process->identity = identity;
		process->wanted = is_wanted(terms, identity.comm);
		process->stuck = is_stuck(scan, process);
		process->refusal = GO_REFUSED_NOT_GO;
		process->tries = 0;
		process->again = 1;
	}
	/* What that may cost is many times what a round has, so it waits until nothing is owed. */
	if (scan->credit > 0 && is_due(scan, process, terms))
		examine(scan, process, terms);
}

static void end_pass(struct go_scan *scan)
{
	struct process *process, *next;

	HASH_ITER(hh, scan->processes, process, next)
		if (process->pass != scan->pass)
			forget(scan, process);
	scan->pass++;
	rewinddir(scan->proc);
}

static uint64_t cpu_now(void)
{
	return clock_now(CLOCK_PROCESS_CPUTIME_ID);
}

/* Goes on with the pass over /proc, to its end if the time suffices. */
static void find(struct go_scan *scan, const struct go_scan_terms *terms, uint64_t until)
{
	const uint64_t limit = cpu_now() + terms->cpu_ns / FIND_SHARE;
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(scan->proc);
		if (entry && entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			meet(scan, entry->d_name, terms);
	} while (entry && cpu_now() < limit && clock_mono() < until);
	if (!entry)
		end_pass(scan);
}

/* ---- what they hold ------------------------------------------------------------------ */

/* Makes the figures of a snapshot. GO_READ, or why not. */
static enum go_refusal take_figures(struct process *process, const struct go_snapshot *snapshot)
{
	const struct go_view view = {.by = GO_BY_SITE, .coarse = true};
	struct go_figures figures;
	struct go_rows rows = {0};
	int err = go_rows_make(snapshot, go_process_symbols(process->go), &view, &rows);

	if (!err)
		err = go_figures_make(snapshot, &rows, &figures);
	go_rows_free(&rows);
	if (err)
		return GO_REFUSED_FAILED;
	go_figures_clear(&process->figures);
	process->figures = figures;
	return GO_READ;
}

/* Reads @process, or lets it go. */
static void read_process(struct go_scan *scan, struct process *process)
{
	struct go_snapshot snapshot = {0};
	enum go_refusal refusal;

	tell_busy(scan, process);
	refusal = go_process_snapshot(process->go, &snapshot);
	if (refusal == GO_READ)
		refusal = take_figures(process, &snapshot);
	tell_busy(scan, NULL);
	if (refusal == GO_READ) {
		process->read = true;
		process->incomplete = !snapshot.complete;
		process->read_at = clock_mono();
		process->tries = 0;
		for (int i = 0; i < GO_LOSSES; i++)
			scan->state->lost[i] += snapshot.lost[i];
	} else {
		dismiss(scan, process);
		process->refusal = refusal;
		process->again = process->tries = 1;
	}
	go_snapshot_clear(&snapshot);
}

static int compare_pids(const void *a, const void *b)
{
	const struct process *const *x = a, *const *y = b;

	return ((*x)->pid > (*y)->pid) - ((*x)->pid < (*y)->pid);
}

/* Lists who is admitted, by pid. Returns their number; 0 without memory too. */
static size_t list_admitted(const struct go_scan *scan, struct process ***list)
{
	size_t count = 0;

	*list = calloc(scan->admitted + 1, sizeof(struct process *));
	if (!*list)
		return 0;
	for (struct process *process = scan->processes; process; process = process->hh.next)
		if (process->go)
			(*list)[count++] = process;
	if (count)
		qsort(*list, count, sizeof(struct process *), compare_pids);
	return count;
}

/* Reads one process after the other while there is time, beginning behind the last one. */
static void read_all(struct go_scan *scan, uint64_t began, uint64_t until)
{
	const int64_t credit = scan->credit;
	struct process **list;
	const size_t count = list_admitted(scan, &list);
	size_t first = 0;

	while (first < count && list[first]->pid <= scan->last)
		first++;
	for (size_t i = 0; i < count; i++) {
		struct process *process = list[(first + i) % count];

		if ((int64_t)(cpu_now() - began) >= credit || clock_mono() >= until)
			break;
		scan->last = process->pid;
		read_process(scan, process);
	}
	free(list);
}

/* ---- a round --------------------------------------------------------------------------- */

static void begin_round(struct go_scan *scan, const struct go_scan_terms *terms)
{
	const int64_t most = (int64_t)terms->cpu_ns * ROUNDS_SAVED;

	scan->credit += (int64_t)terms->cpu_ns;
	if (scan->credit > most)
		scan->credit = most;
	for (struct process *process = scan->processes; process; process = process->hh.next) {
		process->read = process->incomplete = false;
		if (process->go && scan->admitted > terms->limit)
			dismiss(scan, process);
	}
}

static void end_round(struct go_scan *scan, const struct go_scan_terms *terms, uint64_t began)
{
	const int64_t least = -(int64_t)terms->cpu_ns * ROUNDS_OWED;

	scan->credit -= (int64_t)(cpu_now() - began);
	if (scan->credit < least)
		scan->credit = least;
}

static void count(struct go_census *census, const struct process *process)
{
	uint64_t *states = census->processes;

	if (process->stuck)
		states[GO_PROCESS_STUCK]++;
	else if (process->incomplete)
		states[GO_PROCESS_INCOMPLETE]++;
	else if (process->read)
		states[GO_PROCESS_READ]++;
	else if (process->go)
		states[GO_PROCESS_SKIPPED]++;
	else if (process->refusal != GO_READ)
		census->refused[process->refusal]++;
	else if (process->wanted)
		states[GO_PROCESS_NOT_ADMITTED]++;
}

/* Updates @series and *@census with the processes as they are known now. 0 or -ENOMEM. */
static int tell(const struct go_scan *scan, struct go_series *series, struct go_census *census)
{
	const uint64_t now = clock_mono();
	int err = 0;

	go_series_begin(series);
	for (struct process *process = scan->processes; process; process = process->hh.next) {
		count(census, process);
		if (!err && process->read_at && now - process->read_at < KEPT_NS)
			err = go_series_add(series, process->identity.comm, &process->figures);
	}
	memcpy(census->lost, scan->state->lost, sizeof(census->lost));
	clock_gettime(CLOCK_REALTIME, &census->read);
	return err ? err : go_series_end(series);
}

int go_scan_round(struct go_scan *scan, const struct go_scan_terms *terms, struct go_series *series,
		  struct go_census *census)
{
	const uint64_t began = cpu_now(), until = clock_mono() + terms->elapse_ns;
	int err;

	*census = (struct go_census){0};
	begin_round(scan, terms);
	find(scan, terms, until);
	read_all(scan, began, until);
	err = tell(scan, series, census);
	end_round(scan, terms, began);
	return err;
}
