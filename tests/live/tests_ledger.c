/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger of timers: what stays armed, what leaks, where it is armed, what the wheel holds. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/timer_case.h"
#include "harness/live/workload.h"

#define MS 1000000ULL
#define MANY 10000
#define HOUR ((struct itimerspec){.it_value.tv_sec = CASE_HOUR})

/* The ledger of what @body does; the process may end in it. @pid: of the workload. */
struct ledger {
	struct workload workload;
	struct report report;
	pid_t pid;
};

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ARGUMENTS_MAX 16

static void ledger_start(struct dwell_process *run, pid_t pid, const char *const *options)
{
	const char *arguments[ARGUMENTS_MAX] = {"timers", "-j", "-v", "-d", "0", "-n", "0"}, **next;
	char text[16];

	for (next = arguments; *next; next++)
		;
	while (*options)
		*next++ = *options++;
	snprintf(text, sizeof(text), "%d", pid);
	if (pid) {
		*next++ = "-p";
		*next++ = text;
	}
	dwell_start(run, NULL, arguments);
	dwell_wait_measuring(run);
}

static void ledger_end(struct ledger *ledger, struct dwell_process *run)
{
	dwell_interrupt(run);
	dwell_wait(run, 30);
	report_read(&ledger->report, run);
	dwell_close(run);
}

/* @early: what the workload does before the window, it announces with work_announce(work, 1). */
static void ledger_of(struct ledger *ledger, void (*body)(struct work *work), bool early,
		      bool everything, const char *const *options)
{
	struct hidden_sample before;
	struct dwell_process run;

	workload_start(&ledger->workload, body, NULL);
	ledger->pid = ledger->workload.pid;
	if (early) {
		workload_release(&ledger->workload);
		if (!work_await_sleep(ledger->workload.work, 1))
			live_abort("the workload does not sleep");
	}
	hidden_sample(&before);
	ledger_start(&run, everything ? 0 : ledger->pid, options);
	if (early)
		kill(ledger->pid, SIGUSR1);
	else
		workload_release(&ledger->workload);
	if (!workload_wait(&ledger->workload, live_slower(40, 2)))
		waitpid(ledger->pid, NULL, 0);
	ledger_end(ledger, &run);
	ledger->report.unseen = hidden_slices(&before, HIDDEN_ANY_CPU) * HIDDEN_EVENTS;
	ledger->report.others = everything ? report_others() : 0;
}

static void ledger_close(struct ledger *ledger)
{
	report_free(&ledger->report);
	workload_leave(&ledger->workload);
}

static void expect_counts(const json_t *row, int64_t armed, int64_t cancelled, int64_t expired,
			  int64_t outstanding)
{
	if (!row)
		return;
	live_expect("armed", report_integer(row, "armed"), armed);
	live_expect("cancelled", report_integer(row, "cancelled"), cancelled);
	live_expect("expired", report_integer(row, "expired"), expired);
	live_expect("outstanding", report_integer(row, "outstanding"), outstanding);
}

/* ---- what is armed -------------------------------------------------------------- */

static int make_timerfd(void)
{
	const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd < 0)
		live_abort("timerfd_create: %s", strerror(errno));
	return fd;
}

static void arm_timerfd(int fd, const struct itimerspec *value)
{
	if (timerfd_settime(fd, 0, value, NULL))
		live_abort("timerfd_settime: %s", strerror(errno));
}

static void allow_many(void)
{
	const struct rlimit limit = {MANY + 64, MANY + 64};

	if (setrlimit(RLIMIT_NOFILE, &limit))
		live_skip("not so many files: %s", strerror(errno));
}

static int armed_fd[MANY];

static void arm_many(struct work *work)
{
	(void)work;
	allow_many();
	for (int i = 0; i < MANY; i++) {
		armed_fd[i] = make_timerfd();
		arm_timerfd(armed_fd[i], &HOUR);
	}
}

/* How many timerfds of @pid are armed, as the kernel's own list of its files says. */
static int64_t armed_files(pid_t pid)
{
	char path[64], text[512], *value;
	const struct dirent *entry;
	int64_t armed = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.10s", pid, entry->d_name);
		if (proc_read(path, text, sizeof(text)) <= 0)
			continue;
		value = strstr(text, "it_value: (");
		armed += value && strncmp(value, "it_value: (0, 0)", 16) != 0;
	}
	if (directory)
		closedir(directory);
	return armed;
}

static void run_outstanding(const void *argument)
{
	struct ledger ledger;
	const json_t *row;

	(void)argument;
	ledger_of(&ledger, arm_many, false, false, OPTIONS("-b", "process"));
	row = report_timer(&ledger.report, ledger.pid, "timerfd");
	expect_counts(row, MANY, 0, 0, MANY);
	live_expect("armed files", armed_files(ledger.pid), MANY);
	if (row) {
		live_expect_range("age of the oldest", report_integer(row, "oldest_ns"), 1,
				  live_slower(40, 2) * 1000 * (int64_t)MS);
		live_expect_range("until the next is due", report_integer(row, "due_ns"),
				  (CASE_HOUR - 100) * 1000 * (int64_t)MS,
				  CASE_HOUR * 1000 * (int64_t)MS);
		live_expect("time-outs", report_integer(row, "timeout.count"), MANY);
		live_expect_near("the time asked for", report_integer(row, "timeout.max_ns"),
				 CASE_HOUR * 1000 * (int64_t)MS, 1000 * MS);
	}
	report_expect_no_loss(&ledger.report);
	ledger_close(&ledger);
}

#define POSIX_TIMERS 20

static void arm_posix_timers(struct work *work)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
	int timer; /* the kernel's own type */

	(void)work;
	for (int i = 0; i < POSIX_TIMERS; i++)
		if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) ||
		    syscall(SYS_timer_settime, timer, 0, &HOUR, NULL))
			live_abort("timer_settime: %s", strerror(errno));
}

/* The POSIX timers of @pid, by the kernel's own list; -1: it keeps none. */
static int64_t listed_timers(pid_t pid)
{
	char path[64], text[8192];
	int64_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/timers", pid);
	if (proc_read(path, text, sizeof(text)) < 0)
		return -1;
	for (const char *at = text; (at = strstr(at, "ClockID: ")); at++)
		count++;
	return count;
}

static void run_posix(const void *argument)
{
	struct ledger ledger;
	int64_t listed;

	(void)argument;
	ledger_of(&ledger, arm_posix_timers, false, false, OPTIONS("-b", "process"));
	expect_counts(report_timer(&ledger.report, ledger.pid, "posix_timer"), POSIX_TIMERS, 0, 0,
		      POSIX_TIMERS);
	listed = listed_timers(ledger.pid);
	if (listed >= 0)
		live_expect("listed timers", listed, POSIX_TIMERS);
	else
		live_note("this kernel does not list them");
	ledger_close(&ledger);
}

static void arm_and_close_many(struct work *work)
{
	arm_many(work);
	for (int i = 0; i < MANY; i++)
		close(armed_fd[i]);
}

static void arm_many_and_die(struct work *work)
{
	arm_many(work);
	raise(SIGKILL);
}

static void run_gone(const void *argument)
{
	struct ledger ledger;

	ledger_of(&ledger, argument, false, false, OPTIONS("-b", "process"));
	expect_counts(report_timer(&ledger.report, ledger.pid, "timerfd"), MANY, MANY, 0, 0);
	report_expect_no_loss(&ledger.report);
	ledger_close(&ledger);
}

/* More are armed than there is room for: all are counted, and what is missing is said. */
static void run_table_full(const void *argument)
{
	struct ledger ledger;
	const json_t *row;

	(void)argument;
	ledger_of(&ledger, arm_many, false, false, OPTIONS("--table", "1000"));
	row = report_timer(&ledger.report, ledger.pid, "timerfd");
	live_expect("armed", report_integer(row, "armed"), MANY);
	live_expect_range("outstanding", report_integer(row, "outstanding"), 900, 1000);
	live_expect("named losses", report_integer(ledger.report.loss, "reasons.timer_table_full"),
		    MANY - report_integer(row, "outstanding"));
	ledger_close(&ledger);
}

/* ---- what leaks ------------------------------------------------------------------ */

#define LEAK_SECONDS 12

/*
 * Arms as many timers as are due by now, until the time is up: by the clock, so that
 * on a slow machine no course ends before the other.
 */
static void arm_along(int (*due)(double seconds), int fd)
{
	const uint64_t begin = proc_now();
	double seconds;
	int armed = 0;

	while ((seconds = (double)(proc_now() - begin) / 1e9) < LEAK_SECONDS) {
		for (; armed < due(seconds); armed++)
			arm_timerfd(fd < 0 ? make_timerfd() : fd, &HOUR);
		proc_sleep(100 * MS);
	}
}

static int one_a_second(double seconds)
{
	return (int)seconds + 1;
}

static void leak(struct work *work)
{
	(void)work;
	arm_along(one_a_second, -1);
}

/* Each second a hundred more than in the one before. */
static int more_each_second(double seconds)
{
	return (int)(50 * seconds * seconds);
}

static void speed_up(struct work *work)
{
	(void)work;
	arm_along(more_each_second, make_timerfd());
}

/* Many, and always as many. */
static void be_steady(struct work *work)
{
	arm_many(work);
	work_announce(work, 1);
	while (atomic_load(&work->turn) > 0)
		proc_sleep(100 * MS);
}

static double growth_of(const json_t *row, const char *key)
{
	return json_number_value(json_object_get(json_object_get(row, "grows"), key));
}

static void run_leaks(const void *argument)
{
	struct workload steady, leaking, racing;
	struct ledger found = {0};
	struct dwell_process run;

	(void)argument;
	workload_start(&steady, be_steady, NULL);
	workload_start(&leaking, leak, NULL);
	workload_start(&racing, speed_up, NULL);
	workload_release(&steady);
	if (!work_await_sleep(steady.work, 1))
		live_abort("the steady one is not");
	ledger_start(&run, 0, OPTIONS("--leaks"));
	workload_release(&leaking);
	workload_release(&racing);
	if (!workload_wait(&leaking, 40) || !workload_wait(&racing, 40))
		live_abort("a workload died");
	ledger_end(&found, &run);
	live_expect_range("timers that leak a thousand seconds",
			  (int64_t)(growth_of(report_timer(&found.report, leaking.pid, "timerfd"),
					      "outstanding_per_s") *
				    1000),
			  700, 1300);
	/* It re-arms one timer, faster and faster: nothing stays. */
	live_expect("lines of the racing one",
		    report_ledger(&found.report, "pid", racing.pid, NULL).armed, 0);
	live_expect("lines of the steady one",
		    report_ledger(&found.report, "pid", steady.pid, NULL).armed, 0);
	report_free(&found.report);
	atomic_store(&steady.work->turn, 0);
	workload_leave(&steady);
	workload_leave(&leaking);
	workload_leave(&racing);
}

/* ---- armed before the window -------------------------------------------------------- */

static void on_signal(int signal)
{
	(void)signal;
}

/* Arms one that will be cancelled, and one that expires, and waits for the window. */
static void arm_before(struct work *work)
{
	const struct sigaction action = {.sa_handler = on_signal};
	const struct itimerspec soon = {.it_value.tv_sec = live_slower(2, 8)};
	const int cancelled = make_timerfd(), expired = make_timerfd();
	sigset_t set, old;
	uint64_t expiries;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	sigaction(SIGUSR1, &action, NULL);
	arm_timerfd(cancelled, &HOUR);
	arm_timerfd(expired, &soon);
	work_announce(work, 1);
	sigsuspend(&old);
	close(cancelled);
	if (read(expired, &expiries, sizeof(expiries)) != sizeof(expiries))
		live_abort("reading a timerfd failed");
}

static void run_before(const void *argument)
{
	const json_t *row, *unowned;
	struct ledger ledger;

	(void)argument;
	ledger_of(&ledger, arm_before, true, true, OPTIONS("-b", "process"));
	row = report_timer(&ledger.report, ledger.pid, "timerfd");
	expect_counts(row, 0, 1, 0, 0);
	live_expect("of them armed before", report_integer(row, "before"), 1);
	unowned = report_timer(&ledger.report, 0, "timerfd");
	if (unowned) {
		live_expect_range("expiries of unknown owners", report_integer(unowned, "expired"),
				  1, INT64_MAX);
		live_expect("all of them armed before", report_integer(unowned, "before"),
			    report_integer(unowned, "expired"));
	}
	ledger_close(&ledger);
}

/* ---- short-lived owners --------------------------------------------------------------- */

#define CHILDREN 2000

static void fork_sleepers(struct work *work)
{
	const struct timespec short_time = {.tv_nsec = 1000};

	(void)work;
	prctl(PR_SET_NAME, "ledger-child");
	for (int i = 0; i < live_slower(CHILDREN, 1) / (live_options.emulated ? 10 : 1); i++) {
		const pid_t child = fork();

		if (!child) {
			syscall(SYS_nanosleep, &short_time, NULL);
			_exit(0);
		}
		if (child < 0)
			live_abort("fork: %s", strerror(errno));
		waitpid(child, NULL, 0);
	}
}

static void run_forks(const void *argument)
{
	const int64_t children = live_options.emulated ? CHILDREN / 10 : CHILDREN;
	struct timer_counts sum = {0};
	struct ledger ledger;
	size_t index;
	json_t *row;

	(void)argument;
	/* Room for fewer than there will be: those that have exited make room. */
	ledger_of(&ledger, fork_sleepers, false, true, OPTIONS("-b", "comm"));
	json_array_foreach(ledger.report.timers, index, row) {
		if (strcmp(json_string_value(json_object_get(row, "comm")) ?: "", "ledger-child") ||
		    strcmp(json_string_value(json_object_get(row, "api")) ?: "", "nanosleep"))
			continue;
		sum.armed += report_integer(row, "armed");
		sum.expired += report_integer(row, "expired");
	}
	live_expect("armed by children", sum.armed, children);
	live_expect("expired of them", sum.expired, children);
	report_expect_no_loss(&ledger.report);
	ledger_close(&ledger);
}

/* ---- where ------------------------------------------------------------------------------- */

/* Functions with frames of their own, as all of this program: the C library's wrapper has none. */
static void __attribute__((noinline)) arm_here(void)
{
	const struct timespec time_out = {.tv_nsec = 1000};

	syscall(SYS_nanosleep, &time_out, NULL);
	__asm__ volatile("" ::: "memory");
}

static void __attribute__((noinline)) arm_somewhere(struct work *work)
{
	(void)work;
	for (int i = 0; i < 500; i++)
		arm_here();
}

static bool names(const json_t *stack, const char *part)
{
	const json_t *frame;
	size_t index;

	json_array_foreach(stack, index, frame)
		if (strstr(json_string_value(frame) ?: "", part))
			return true;
	return false;
}

static void run_sites(const void *argument)
{
	const json_t *row, *sites;
	struct ledger ledger;
	double share = 0;
	size_t index;
	json_t *site;

	(void)argument;
	ledger_of(&ledger, arm_somewhere, false, false, OPTIONS("--sites"));
	row = report_timer(&ledger.report, ledger.pid, "nanosleep");
	sites = json_object_get(row, "site");
	if (!json_array_size(sites))
		live_abort("there are no sites");
	json_array_foreach(sites, index, site)
		share += json_number_value(json_object_get(site, "share"));
	if (share < 0.5 || share > 1.001)
		live_fail("the shares of the sites sum up to %.2f", share);
	site = json_array_get(sites, 0);
	if (!names(json_object_get(site, "kstack"), "nanosleep"))
		live_fail("the kernel's stack does not name nanosleep");
	/* arm_here() may be lost to the C library's syscall(), which has no frame; names to strip. */
	if (!names(json_object_get(site, "ustack"), "arm_somewhere [") &&
	    !names(json_object_get(site, "ustack"), "[live]+0x"))
		live_fail("the program's stack does not name the function");
	report_expect_no_loss(&ledger.report);
	ledger_close(&ledger);
}

/* ---- the timer wheel -------------------------------------------------------------------- */

#define RECEPTIONS 10

static void receive_in_vain(struct work *work)
{
	const struct timeval soon = {.tv_usec = 20000}, late = {.tv_sec = CASE_HOUR};
	char byte;
	int end[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, end))
		live_abort("socketpair: %s", strerror(errno));
	if (setsockopt(end[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)))
		live_abort("setsockopt: %s", strerror(errno));
	for (int i = 0; i < RECEPTIONS; i++)
		if (recv(end[0], &byte, 1, 0) != -1 || errno != EAGAIN)
			live_abort("something was received");
	if (setsockopt(end[0], SOL_SOCKET, SO_RCVTIMEO, &late, sizeof(late)))
		live_abort("setsockopt: %s", strerror(errno));
	work->pipe[1] = end[1];
	work->tid[1] = fork();
	if (!work->tid[1]) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		proc_sleep(live_slower(100, 5) * MS);
		_exit(send(end[1], "x", 1, 0) != 1);
	}
	if (recv(end[0], &byte, 1, 0) != 1)
		live_abort("nothing was received");
	waitpid(work->tid[1], NULL, 0);
}

static void run_wheel(const void *argument)
{
	struct ledger ledger;
	const json_t *row;

	(void)argument;
	ledger_of(&ledger, receive_in_vain, false, false, OPTIONS("--wheel"));
	row = report_timer(&ledger.report, ledger.pid, "schedule_timeout");
	expect_counts(row, RECEPTIONS + 1, 1, RECEPTIONS, 0);
	if (row) {
		live_expect("they woke", report_integer(row, "woke"), RECEPTIONS);
		live_expect_range("the time asked for", report_integer(row, "timeout.p50_ns"),
				  17 * MS, 34 * MS);
		if (json_object_get(row, "lateness"))
			live_fail("lateness is told");
	}
	ledger_close(&ledger);
	ledger_of(&ledger, receive_in_vain, false, false, OPTIONS("-b", "process"));
	live_expect("armed without --wheel",
		    report_ledger(&ledger.report, "pid", ledger.pid, "schedule_timeout").armed, 0);
	ledger_close(&ledger);
}

/* ---- a clock that is set ------------------------------------------------------------------ */

#define YEAR_S (365 * 86400)

/* Due in an hour, until the clock is set to next year. */
static void wait_for_the_year(struct work *work)
{
	const int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
	struct itimerspec due = {.it_value = case_deadline(CLOCK_REALTIME, 0)};
	struct timespec next_year;
	uint64_t expiries;

	(void)work;
	due.it_value.tv_sec += CASE_HOUR;
	if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME, &due, NULL))
		live_abort("timerfd: %s", strerror(errno));
	clock_gettime(CLOCK_REALTIME, &next_year);
	next_year.tv_sec += YEAR_S;
	if (clock_settime(CLOCK_REALTIME, &next_year))
		live_abort("clock_settime: %s", strerror(errno));
	if (read(fd, &expiries, sizeof(expiries)) != sizeof(expiries))
		live_abort("reading a timerfd failed");
}

static void run_clock_step(const void *argument)
{
	struct ledger ledger;
	const json_t *row;

	(void)argument;
	ledger_of(&ledger, wait_for_the_year, false, true, OPTIONS("-b", "process"));
	row = report_timer(&ledger.report, ledger.pid, "timerfd");
	expect_counts(row, 1, 0, 1, 0);
	live_expect("expiries whose lateness is known", report_integer(row, "lateness.count"), 0);
	live_expect_range("expiries whose clock was set",
			  report_integer(ledger.report.loss, "reasons.clock_step"), 1, INT64_MAX);
	ledger_close(&ledger);
}

/* ---- names without CAP_SYSLOG ----------------------------------------------------------- */

static void sleep_some(struct work *work)
{
	(void)work;
	for (int i = 0; i < CASE_ROUNDS; i++)
		syscall(SYS_nanosleep, &case_timeout, NULL);
}

/* /proc/kallsyms hides its addresses; the kernel tells the names all the same. */
static void run_no_syslog(const void *argument)
{
	static const struct dwell_manner no_syslog = {
		.unprivileged = true,
		.capabilities = 1ULL << CAP_BPF | 1ULL << CAP_PERFMON,
	};
	struct workload workload;
	struct dwell_process run;
	struct report report;
	const json_t *row;

	(void)argument;
	workload_start(&workload, sleep_some, NULL);
	dwell_start(&run, &no_syslog, DWELL_ARGUMENTS("timers", "-j", "-v", "-d", "0", "-n", "0"));
	dwell_wait_measuring(&run);
	workload_release(&workload);
	if (!workload_wait(&workload, live_slower(20, 2)))
		live_abort("the workload died");
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	report_read(&report, &run);
	row = report_timer(&report, workload.pid, "nanosleep");
	expect_counts(row, CASE_ROUNDS, 0, CASE_ROUNDS, 0);
	if (strcmp(json_string_value(json_object_get(row, "callback")) ?: "", "hrtimer_wakeup"))
		live_fail("the callback is not named");
	report_free(&report);
	dwell_close(&run);
	workload_leave(&workload);
}

/* ---- usage --------------------------------------------------------------------------------- */

static void run_usage(const void *argument)
{
	(void)argument;
	dwell_expect_error(NULL, DWELL_ARGUMENTS("timers", "--table", "1"), 2, "--table");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("timers", "--table", "many"), 2, "--table");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("timers", "-b", "state"), 2, "callback");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("timers", "-s", "runqueue"), 2, "outstanding");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "--leaks"), 2, "--leaks");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "--wheel"), 2, "--timers");
}

const struct live_test tests_ledger[] = {
	{.name = "ledger-outstanding", .run = run_outstanding},
	{.name = "ledger-posix", .run = run_posix},
	{.name = "ledger-closed", .run = run_gone, .argument = arm_and_close_many},
	{.name = "ledger-killed", .run = run_gone, .argument = arm_many_and_die},
	{.name = "ledger-table-full", .run = run_table_full},
	{.name = "ledger-leaks", .run = run_leaks},
	{.name = "ledger-before", .run = run_before},
	{.name = "ledger-forks", .run = run_forks},
	{.name = "ledger-sites", .run = run_sites},
	{.name = "ledger-wheel", .run = run_wheel},
	{.name = "ledger-no-syslog", .run = run_no_syslog},
	{.name = "ledger-usage", .run = run_usage},
	{0},
};

/* They change the machine for all who are on it. */
const struct live_test tests_own_machine[] = {
	{.name = "ledger-clock-step", .run = run_clock_step},
	{0},
};
