// SPDX-License-Identifier: GPL-2.0-only
/* Reader: a process of the service that reads Go programs, so that none of them can hold it up. */
#include "cmd/go_reader.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privilege.h"
#include "host/file_message.h"

#define NS_PER_S 1000000000ULL

#define WAIT_MS 100 /* for an answer */

/*
 * A reader that ended is replaced after the patience with a program, times how many have ended
 * since the last answer.
 */
#define RESTS_MAX 60

/* An answer counts for so long if no other one comes. */
#define KEPT_NS (300 * NS_PER_S)

/* Beyond what it has at its start: a million timers take 40 MB, a million goroutines some more. */
#define MEMORY_MAX (384ULL << 20)

/* Room for the text of a thousand programs; pages that are not used do not exist. */
#define TEXT_MAX (16 << 20)

/*
 * The memory that both processes have. The reader writes it while it owes an answer. A request is
 * the terms of a round, and its answer is one byte.
 */
struct shared {
	struct go_scan_state state;
	struct go_census census;
	size_t bytes;
	char text[TEXT_MAX];
};

struct go_reader {
	struct shared *shared;
	uint64_t patience_ns;
	struct go_census census; /* of the last answer */
	uint64_t answered_at;	 /* mono ns; 0: never */
	char *text;		 /* owned; of the last answer */
	size_t bytes;
	struct go_reading reading;
	uint64_t restarts;
	pid_t pid; /* 0: there is no process */
	int socket;
	bool owes;		 /* an answer to the request */
	bool fresh;		 /* an answer came during this update */
	bool killed;		 /* and not seen to have ended yet */
	uint64_t began_at;	 /* mono ns: of the last request */
	uint64_t rest_until;	 /* mono ns */
	unsigned int ended;	 /* since the last answer */
	uint64_t ended_cpu_ns;	 /* of processes that have ended */
	uint64_t running_cpu_ns; /* of the one that runs, when it was seen last */
};

/* ---- the process ---------------------------------------------------------------------- */

/* The end of a service signals all its processes, but this one ends with the other. */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
}

/* Limits the memory to what this process has now, and MEMORY_MAX. */
static void limit_memory(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	struct rlimit limit;

	if (!file)
		return;
	if (fscanf(file, "%llu", &pages) == 1) {
		limit.rlim_cur = pages * (unsigned long long)sysconf(_SC_PAGESIZE) + MEMORY_MAX;
		limit.rlim_max = limit.rlim_cur;
		setrlimit(RLIMIT_AS, &limit);
	}
	fclose(file);
}

/* Writes the text of @series where the other process finds it. */
static void put_text(struct shared *shared, const struct go_series *series)
{
	FILE *out = fmemopen(shared->text, TEXT_MAX, "w");
	long length = -1;

	shared->bytes = 0;
	if (!out)
		return;
	prom_go_programs(out, series);
	if (!fflush(out) && !ferror(out))
		length = ftell(out);
	fclose(out);
	/* A text that does not fit is none. */
	if (length > 0 && length < TEXT_MAX)
		shared->bytes = (size_t)length;
}

static void answer(struct shared *shared, struct go_scan *scan, struct go_series *series,
		   const struct go_scan_terms *terms)
{
	if (go_scan_round(scan, terms, series, &shared->census))
		shared->bytes = 0;
	else
		put_text(shared, series);
}

__attribute__((noreturn)) static void run(struct shared *shared, int socket)
{
	struct go_series *series = go_series_new(GO_SERIES_LIMIT);
	struct go_scan *scan = go_scan_new(&shared->state);
	struct go_scan_terms terms;

	while (series && scan && recv(socket, &terms, sizeof(terms), 0) == sizeof(terms)) {
		answer(shared, scan, series, &terms);
		if (send(socket, "", 1, MSG_NOSIGNAL) != 1)
			break;
	}
	_exit(0);
}

__attribute__((noreturn)) static void begin(struct shared *shared, int socket, pid_t parent)
{
	prctl(PR_SET_NAME, "dwell-go");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	file_message_close_others(socket);
	ignore_signals();
	/* It is not what must come in time. */
	setpriority(PRIO_PROCESS, 0, 0);
	limit_memory();
	if (privileges_drop(PRIVILEGE_KEEP_MEMORY))
		_exit(1);
	run(shared, socket);
}

static void start(struct go_reader *reader)
{
	const pid_t parent = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return;
	fflush(NULL);
	reader->shared->state.busy = (struct go_stuck){0};
	reader->pid = fork();
	if (!reader->pid)
		begin(reader->shared, ends[1], parent);
	close(ends[1]);
	if (reader->pid < 0) {
		close(ends[0]);
		reader->pid = 0;
		return;
	}
	reader->socket = ends[0];
	reader->owes = false;
}

/* ---- the end of the process --------------------------------------------------------------- */

/* Takes note of the process's end, if it has ended. */
static void reap(struct go_reader *reader)
{
	struct rusage usage;
	pid_t ended;

	if (!reader->pid)
		return;
	ended = wait4(reader->pid, NULL, WNOHANG, &usage);
	if (!ended)
		return;
	if (ended > 0)
		reader->running_cpu_ns =
			(uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_S +
			(uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
	reader->ended_cpu_ns += reader->running_cpu_ns;
	reader->running_cpu_ns = 0;
	close(reader->socket);
	reader->pid = 0;
	reader->killed = false;
	reader->restarts++;
	if (reader->ended < RESTS_MAX)
		reader->ended++;
	reader->rest_until = clock_mono() + reader->ended * reader->patience_ns;
}

/* Remembers the program at which the reader hung. With the table full, the oldest is forgotten. */
static void remember_stuck(struct go_scan_state *state)
{
	if (!state->busy.pid)
		return;
	memmove(&state->stuck[1], &state->stuck[0], (GO_STUCK_MAX - 1) * sizeof(*state->stuck));
	state->stuck[0] = state->busy;
}

/* Kills the process if it hangs. It may take its time to end. */
static void check(struct go_reader *reader)
{
	struct go_scan_state *state = &reader->shared->state;
	const uint64_t now = clock_mono();
	uint64_t since = __atomic_load_n(&state->since, __ATOMIC_ACQUIRE);

	if (since < reader->began_at)
		since = reader->began_at;
	if (!reader->pid || reader->killed || !reader->owes || now < since + reader->patience_ns)
		return;
	kill(reader->pid, SIGKILL);
	reader->killed = true;
	remember_stuck(state);
}

/* ---- requests and answers ----------------------------------------------------------------- */

/* Takes the answer over. */
static void take(struct go_reader *reader)
{
	const struct shared *shared = reader->shared;

	free(reader->text);
	reader->census = shared->census;
	reader->bytes = shared->bytes < TEXT_MAX ? shared->bytes : 0;
	reader->text = malloc(reader->bytes + 1);
	if (reader->text)
		memcpy(reader->text, shared->text, reader->bytes);
	else
		reader->bytes = 0;
	reader->answered_at = clock_mono();
	reader->fresh = true;
	reader->ended = 0;
}

/* Waits for an answer for at most @ms. */
static void await(struct go_reader *reader, int ms)
{
	struct pollfd wait = {.fd = reader->socket, .events = POLLIN};
	char byte;

	if (!reader->pid || !reader->owes || poll(&wait, 1, ms) <= 0)
		return;
	if (recv(reader->socket, &byte, 1, MSG_DONTWAIT) != 1)
		return;
	reader->owes = false;
	take(reader);
}

static void ask(struct go_reader *reader, const struct go_scan_terms *terms)
{
	if (!reader->pid || reader->owes)
		return;
	reader->began_at = clock_mono();
	reader->owes = send(reader->socket, terms, sizeof(*terms), MSG_NOSIGNAL | MSG_DONTWAIT) ==
		       sizeof(*terms);
}

/* Makes of the last answer what can be told now. */
static void tell(struct go_reader *reader)
{
	const bool is_kept = reader->answered_at && clock_mono() - reader->answered_at < KEPT_NS;
	struct go_census *census = &reader->reading.census;
	uint64_t *states = census->processes;

	*census = reader->census;
	if (!is_kept) {
		memset(states, 0, sizeof(census->processes));
		memset(census->refused, 0, sizeof(census->refused));
	} else if (!reader->fresh) {
		states[GO_PROCESS_SKIPPED] += states[GO_PROCESS_READ];
		states[GO_PROCESS_SKIPPED] += states[GO_PROCESS_INCOMPLETE];
		states[GO_PROCESS_READ] = states[GO_PROCESS_INCOMPLETE] = 0;
	}
	census->cpu_ns = go_reader_cpu_ns(reader);
	census->restarts = reader->restarts;
	reader->reading.programs = reader->text;
	reader->reading.bytes = is_kept ? reader->bytes : 0;
}

const struct go_reading *go_reader_update(struct go_reader *reader,
					  const struct go_scan_terms *terms)
{
	reader->fresh = false;
	await(reader, 0);
	check(reader);
	reap(reader);
	if (!reader->pid && clock_mono() >= reader->rest_until)
		start(reader);
	ask(reader, terms);
	await(reader, WAIT_MS);
	tell(reader);
	return &reader->reading;
}

uint64_t go_reader_cpu_ns(struct go_reader *reader)
{
	struct timespec time;
	clockid_t clock;

	if (reader->pid && !clock_getcpuclockid(reader->pid, &clock) &&
	    !clock_gettime(clock, &time)) {
		const uint64_t ns = (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;

		if (ns > reader->running_cpu_ns)
			reader->running_cpu_ns = ns;
	}
	return reader->ended_cpu_ns + reader->running_cpu_ns;
}

struct go_reader *go_reader_new(uint64_t patience_ns)
{
	struct go_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->patience_ns = patience_ns;
	reader->socket = -1;
	reader->shared = mmap(NULL, sizeof(*reader->shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reader->shared != MAP_FAILED)
		return reader;
	free(reader);
	return NULL;
}

/* Ends the process, and waits a moment for that: at a file system that hangs, it takes longer. */
static void end(struct go_reader *reader)
{
	const struct timespec moment = {.tv_nsec = 5000000};

	close(reader->socket);
	kill(reader->pid, SIGKILL);
	for (int i = 0; i < WAIT_MS / 5 && !waitpid(reader->pid, NULL, WNOHANG); i++)
		nanosleep(&moment, NULL);
}

void go_reader_free(struct go_reader *reader)
{
	if (!reader)
		return;
	if (reader->pid)
		end(reader);
	munmap(reader->shared, sizeof(*reader->shared));
	free(reader->text);
	free(reader);
}
