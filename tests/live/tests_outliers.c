/* SPDX-License-Identifier: GPL-2.0-only */
/* Outliers, each with a cause that was made on purpose. */
#include <errno.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/cgroups.h"
#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/workload.h"

#define MS 1000000ULL
#define ARGUMENTS_MAX 24

/* What is not asked for by a test is not looked for. */
static const char *const kinds[] = {"--runqueue", "--throttled", "--blocked",
				    "--dwell",	  "--lateness",	 "--timer-latency"};

struct watch {
	struct workload workload;
	struct report report;
	pid_t pid;	/* of the workload */
	int64_t before; /* mono: when it began; what began earlier was its wait for that */
};

/* @options with every kind that they do not name switched off; @pid: only that process, or 0. */
static void start_watching(struct dwell_process *run, const char *const *options, pid_t pid)
{
	const char *arguments[ARGUMENTS_MAX] = {"outliers", "-j", "-v", "-d", "0"}, **next;
	char text[16];

	for (next = arguments; *next; next++)
		;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		bool named = false;

		for (const char *const *option = options; *option; option++)
			named |= !strcmp(*option, kinds[i]);
		if (!named) {
			*next++ = kinds[i];
			*next++ = "off";
		}
	}
	while (*options)
		*next++ = *options++;
	snprintf(text, sizeof(text), "%d", pid);
	if (pid) {
		*next++ = "-p";
		*next++ = text;
	}
	*next = NULL;
	dwell_start(run, NULL, arguments);
	dwell_wait_measuring(run);
}

/* The outliers of the work that @body does, with @options such as "--blocked", "100ms". */
static void watch(struct watch *watch, void (*body)(struct work *work), const void *argument,
		  bool everything, const char *const *options)
{
	struct dwell_process run;

	workload_start(&watch->workload, body, argument);
	watch->pid = watch->workload.pid;
	start_watching(&run, options, everything ? 0 : watch->pid);
	watch->before = (int64_t)proc_now();
	workload_release(&watch->workload);
	if (!workload_wait(&watch->workload, live_slower(30, 2)))
		live_abort("the workload died");
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	report_read(&watch->report, &run);
	dwell_close(&run);
}

static void watch_end(struct watch *watch)
{
	report_free(&watch->report);
	workload_leave(&watch->workload);
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- what is in an outlier ---------------------------------------------------- */

static const char *text_of(const json_t *outlier, const char *key)
{
	return json_string_value(json_object_get(outlier, key)) ?: "";
}

/* The @number-th outlier (from 0) of @tid that is a @what; NULL: there are fewer. */
static const json_t *outlier_of(const struct watch *watch, const char *what, pid_t tid,
				unsigned int number)
{
	const json_t *outlier;
	size_t index;

	json_array_foreach(watch->report.outliers, index, outlier)
		if (!strcmp(text_of(outlier, "what"), what) &&
		    report_integer(outlier, "tid") == tid &&
		    report_integer(outlier, "mono_ns") - report_integer(outlier, "ns") >=
			    watch->before &&
		    !number--)
			return outlier;
	return NULL;
}

static unsigned int count_of(const struct watch *watch, const char *what, pid_t tid)
{
	unsigned int count = 0;

	while (outlier_of(watch, what, tid, count))
		count++;
	return count;
}

/* The first one that has ended. One may be found while it lasts, whenever that is looked for. */
static const json_t *expect_outlier(const struct watch *watch, const char *what, pid_t tid)
{
	const json_t *outlier;
	unsigned int i = 0;

	do
		outlier = outlier_of(watch, what, tid, i++);
	while (outlier && json_is_true(json_object_get(outlier, "open")));
	if (!outlier)
		live_abort("there is no %s outlier of the workload that has ended", what);
	return outlier;
}

static void expect_text(const json_t *outlier, const char *key, const char *want)
{
	if (strcmp(text_of(outlier, key), want) != 0)
		live_fail("%s is \"%s\", not \"%s\"", key, text_of(outlier, key), want);
}

/* A function of the kernel's stack has @part in its name: names differ between kernels. */
static void expect_in_stack(const json_t *outlier, const char *part)
{
	const json_t *stack = json_object_get(outlier, "kstack"), *frame;
	size_t index;

	json_array_foreach(stack, index, frame)
		if (strstr(json_string_value(frame), part))
			return;
	live_fail("there is no %s among the %zu frames of the stack", part, json_array_size(stack));
}

static double number_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* All shares of a wait make one. */
static void expect_whole(const json_t *outlier)
{
	double sum = number_of(outlier, "idle_share") + number_of(outlier, "unseen_share");
	const json_t *culprit;
	size_t index;

	json_array_foreach(json_object_get(outlier, "culprits"), index, culprit)
		sum += number_of(culprit, "share");
	sum += number_of(outlier, "others_share");
	if (fabs(sum - 1) > 0.02)
		live_fail("the shares sum up to %.3f", sum);
}

/* ---- who had the CPU ------------------------------------------------------------ */

#define HOGS 2
#define TICKS 100

/* Spins on one CPU beside its like, until the ticker is done. */
static void hog(struct work *work)
{
	proc_pin(0, PROC_LAST_CPU);
	while (atomic_load(&work->turn) < TICKS)
		proc_spin(proc_now() + MS);
}

static void tick_among_hogs(struct work *work)
{
	work->tid[0] = proc_tid();
	for (int i = 1; i <= HOGS; i++)
		work->tid[i] = work_peer(work, hog);
	proc_pin(0, PROC_LAST_CPU);
	/* It wants more than its third of the CPU: with less, kernels before 6.6 never let it wait. */
	for (int i = 0; i < TICKS; i++) {
		proc_sleep(3 * MS);
		proc_spin(proc_now() + 8 * MS);
		atomic_store(&work->turn, i + 1);
	}
	for (int i = 1; i <= HOGS; i++)
		waitpid(work->tid[i], NULL, 0);
}

static bool is_hog(const struct work *work, int64_t tid)
{
	return tid == work->tid[1] || tid == work->tid[2];
}

/* True: its timer was late while the task still had its CPU, so that it waited for none. */
static bool expect_parts(const json_t *outlier)
{
	if (strcmp(text_of(outlier, "what"), "timer_latency"))
		return false;
	live_expect("the sum of the parts",
		    report_integer(outlier, "parts.lateness_ns") +
			    report_integer(outlier, "parts.wakeup_ns") +
			    report_integer(outlier, "parts.runqueue_ns"),
		    report_integer(outlier, "ns"));
	return report_integer(outlier, "parts.wakeup_ns") == 0 &&
	       report_integer(outlier, "parts.runqueue_ns") == 0;
}

static void run_culprit(const void *argument)
{
	const json_t *outlier;
	unsigned int waits = 0, blamed = 0, others = 0;
	struct watch found;
	size_t index;
	char *text;

	(void)argument;
	watch(&found, tick_among_hogs, NULL, true,
	      OPTIONS("--runqueue", "1ms", "--timer-latency", "1ms"));
	json_array_foreach(found.report.outliers, index, outlier) {
		const json_t *first = json_array_get(json_object_get(outlier, "culprits"), 0);

		if (report_integer(outlier, "tid") != found.workload.work->tid[0])
			continue;
		if (expect_parts(outlier))
			continue;
		expect_whole(outlier);
		/*
		 * On a busy machine others have the CPU too, who are neither. And as it is
		 * pinned to its CPU it waits on the one that it comes from.
		 */
		if (json_is_true(json_object_get(outlier, "moved")) ||
		    (first && (int64_t)number_of(first, "pid") != found.pid &&
		     !is_hog(found.workload.work, (int64_t)number_of(first, "tid")))) {
			others++;
			continue;
		}
		waits++;
		if (first && is_hog(found.workload.work, (int64_t)number_of(first, "tid"))) {
			blamed++;
			continue;
		}
		text = json_dumps(outlier, JSON_COMPACT);
		live_note("not a hog's: %s", text ?: "out of memory");
		free(text);
	}
	live_note("%u waits, %u of them blamed on a hog; %u otherwise", waits, blamed, others);
	if (waits < 10)
		live_abort("the ticker hardly had to wait");
	if (blamed * 100 < waits * 95)
		live_fail("only %u of %u outliers name a hog first", blamed, waits);
	watch_end(&found);
}

static void use_up_quota(struct work *work)
{
	cgroup_add(work->argument, getpid());
	proc_pin(0, PROC_LAST_CPU);
	proc_spin(proc_now() + 1500 * MS);
}

static void run_throttled(const void *argument)
{
	const json_t *outlier;
	struct cgroup cgroup;
	struct watch found;
	unsigned int count;

	(void)argument;
	cgroup_make(&cgroup, "outlier-quota");
	cgroup_set_quota(&cgroup, 20000, 100000);
	cgroup_prefer(&cgroup);
	watch(&found, use_up_quota, &cgroup, false,
	      OPTIONS("--throttled", "20ms", "--runqueue", "20ms"));
	count = count_of(&found, "throttled", found.pid);
	live_note("%u times throttled, %u times queued", count,
		  count_of(&found, "runqueue", found.pid));
	outlier = expect_outlier(&found, "throttled", found.pid);
	if (count < 5)
		live_fail("throttled only %u times", count);
	live_expect("waits blamed on a neighbour", count_of(&found, "runqueue", found.pid), 0);
	expect_text(outlier, "cause", "throttled");
	expect_text(outlier, "cgroup", cgroup.path);
	if (json_object_get(outlier, "culprits"))
		live_fail("a neighbour is blamed");
	if (fabs(number_of(outlier, "quota") - 0.2) > 0.001)
		live_fail("the quota is %f, not 0.2 CPUs", number_of(outlier, "quota"));
	watch_end(&found);
}

/* ---- who ended a block ------------------------------------------------------------ */

static void write_late(struct work *work)
{
	if (!work_await_sleep(work, 1))
		live_abort("the reader does not sleep");
	proc_sleep(live_slower(300, 2) * MS);
	if (write(work->pipe[1], "x", 1) != 1)
		live_abort("write: %s", strerror(errno));
}

static void read_late(struct work *work)
{
	char byte;

	if (pipe(work->pipe))
		live_abort("pipe: %s", strerror(errno));
	work->tid[1] = work_peer(work, write_late);
	work_announce(work, 1);
	if (read(work->pipe[0], &byte, 1) != 1)
		live_abort("read: %s", strerror(errno));
	waitpid(work->tid[1], NULL, 0);
}

static void run_blocked_by_task(const void *argument)
{
	const json_t *outlier;
	struct watch found;

	(void)argument;
	watch(&found, read_late, NULL, false, OPTIONS("--blocked", "100ms"));
	outlier = expect_outlier(&found, "blocked", found.pid);
	expect_text(outlier, "state", "S");
	expect_text(outlier, "syscall", "read");
	expect_in_stack(outlier, "pipe_read");
	expect_text(json_object_get(outlier, "waker"), "kind", "task");
	live_expect("the waker", report_integer(outlier, "waker.tid"), found.workload.work->tid[1]);
	live_expect_range("the block", report_integer(outlier, "ns"), 100 * MS, 5000 * MS);
	watch_end(&found);
}

static void sleep_long(struct work *work)
{
	(void)work;
	proc_sleep(200 * MS);
}

static void run_blocked_by_timer(const void *argument)
{
	const json_t *outlier;
	struct watch found;

	(void)argument;
	watch(&found, sleep_long, NULL, false, OPTIONS("--blocked", "100ms"));
	outlier = expect_outlier(&found, "blocked", found.pid);
	expect_text(outlier, "state", "S");
	expect_in_stack(outlier, "nanosleep");
	expect_text(json_object_get(outlier, "waker"), "kind", "timer");
	expect_text(json_object_get(outlier, "waker"), "function", "hrtimer_wakeup");
	if (json_object_get(json_object_get(outlier, "waker"), "comm"))
		live_fail("whoever was interrupted is named as the waker");
	live_expect_near("the block", report_integer(outlier, "ns"), 200 * MS,
			 live_slower(20, 5) * MS);
	watch_end(&found);
}

/* vfork()'s parent is in uninterruptible sleep for as long as its child likes. */
static void wait_for_child(struct work *work)
{
	const struct timespec rest = {.tv_nsec = 300 * MS};
	const pid_t child = vfork();

	if (child < 0)
		live_abort("vfork: %s", strerror(errno));
	if (!child) {
		work->tid[1] = getpid();
		nanosleep(&rest, NULL);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void run_blocked_in_d(const void *argument)
{
	const json_t *outlier;
	struct watch found;

	(void)argument;
	watch(&found, wait_for_child, NULL, false, OPTIONS("--blocked", "100ms"));
	outlier = expect_outlier(&found, "blocked", found.pid);
	expect_text(outlier, "state", "D");
	expect_in_stack(outlier, "clone");
	if (!strstr(text_of(outlier, "syscall"), "fork") &&
	    !strstr(text_of(outlier, "syscall"), "clone"))
		live_fail("the system call is \"%s\"", text_of(outlier, "syscall"));
	expect_text(json_object_get(outlier, "waker"), "kind", "task");
	live_expect("the waker", report_integer(outlier, "waker.tid"), found.workload.work->tid[1]);
	watch_end(&found);
}

/* Where the program was: it waits by itself, without a library between. */
static void __attribute__((noinline)) wait_in_program(struct work *work)
{
	char byte;

	if (pipe(work->pipe))
		live_abort("pipe: %s", strerror(errno));
	work->tid[1] = work_peer(work, write_late);
	work_announce(work, 1);
	if (syscall(SYS_read, work->pipe[0], &byte, 1) != 1)
		live_abort("read: %s", strerror(errno));
	waitpid(work->tid[1], NULL, 0);
}

static void run_user_stacks(const void *argument)
{
	const json_t *outlier, *stack, *frame;
	unsigned int in_program = 0;
	struct watch found;
	size_t index;

	(void)argument;
	watch(&found, wait_in_program, NULL, false, OPTIONS("--blocked", "100ms", "--user-stacks"));
	outlier = expect_outlier(&found, "blocked", found.pid);
	stack = json_object_get(outlier, "ustack");
	if (!json_array_size(stack))
		live_abort("there is no stack of the program");
	/* Of a program without symbols it is told in which file it was. */
	json_array_foreach(stack, index, frame)
		in_program += strstr(json_string_value(frame), "[live]") != NULL;
	if (!in_program)
		live_fail("none of the %zu frames is in this program", json_array_size(stack));
	watch_end(&found);
}

/* Told by the kernel's own type information, not by its version. */
static bool kernel_tells_mutex(void)
{
	FILE *file = fopen("/sys/kernel/btf/vmlinux", "re");
	static char data[16 << 20];
	size_t length = file ? fread(data, 1, sizeof(data), file) : 0;

	if (file)
		fclose(file);
	return memmem(data, length, "\0blocked_on", sizeof("\0blocked_on"));
}

/* ---- who holds a mutex -------------------------------------------------------------- */

/* A page that nobody ever fills: who reads it is stuck, with whatever it holds. */
static void *make_unfilled_page(void)
{
	const long size = sysconf(_SC_PAGESIZE);
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register area;
	void *page = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	const int fd = (int)syscall(SYS_userfaultfd, 0);

	if (fd < 0)
		return NULL;
	area = (struct uffdio_register){
		.range = {.start = (uintptr_t)page, .len = (uint64_t)size},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	if (page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &area))
		live_abort("userfaultfd: %s", strerror(errno));
	return page;
}

/* Writing to a pipe holds its mutex while the data is copied. */
static void hold_mutex(struct work *work)
{
	void *page = make_unfilled_page();

	atomic_store(&work->turn, page ? 1 : -1);
	if (page && write(work->pipe[1], page, 100) < 0)
		live_abort("write: %s", strerror(errno));
}

static void want_mutex(struct work *work)
{
	if (pipe(work->pipe))
		live_abort("pipe: %s", strerror(errno));
	work->tid[1] = work_peer(work, hold_mutex);
	while (!atomic_load(&work->turn))
		proc_sleep(MS);
	if (atomic_load(&work->turn) < 0)
		return;
	proc_sleep(live_slower(100, 3) * MS);
	work->tid[2] = work_peer(work, hold_mutex);
	/* That one waits for the mutex, and is looked at each second. */
	proc_sleep(2500 * MS);
	kill(work->tid[1], SIGKILL);
	kill(work->tid[2], SIGKILL);
	waitpid(work->tid[1], NULL, 0);
	waitpid(work->tid[2], NULL, 0);
}

static void run_mutex_owner(const void *argument)
{
	const json_t *outlier;
	struct watch found;

	(void)argument;
	watch(&found, want_mutex, NULL, true, OPTIONS("--blocked", "200ms"));
	if (atomic_load(&found.workload.work->turn) < 0)
		live_skip("this kernel has no userfaultfd");
	/* The first one is open: when a wait ends, its mutex has no owner any more. */
	outlier = outlier_of(&found, "blocked", found.workload.work->tid[2], 0);
	if (!outlier)
		live_abort("who waits for the mutex is not told");
	expect_text(outlier, "state", "D");
	expect_in_stack(outlier, "pipe_write");
	if (!kernel_tells_mutex())
		live_skip("this kernel does not tell the mutex that a task waits for");
	live_expect("the owner of the mutex", report_integer(outlier, "owner.tid"),
		    found.workload.work->tid[1]);
	watch_end(&found);
}

/* ---- what has not ended ------------------------------------------------------------ */

static void write_very_late(struct work *work)
{
	if (!work_await_sleep(work, 1))
		live_abort("the reader does not sleep");
	proc_sleep(live_slower(4000, 4) * MS);
	if (write(work->pipe[1], "x", 1) != 1)
		live_abort("write: %s", strerror(errno));
}

static void read_very_late(struct work *work)
{
	char byte;

	if (pipe(work->pipe))
		live_abort("pipe: %s", strerror(errno));
	work->tid[1] = work_peer(work, write_very_late);
	work_announce(work, 1);
	if (read(work->pipe[0], &byte, 1) != 1)
		live_abort("read: %s", strerror(errno));
	/* Without another block, which would be reported as well. */
	work->ended[0] = proc_now();
}

/* The last outlier of the block of @tid; what is told before it are the times that it was open. */
static const json_t *last_of_block(const struct watch *found, pid_t tid)
{
	const unsigned int count = count_of(found, "blocked", tid);

	return count < 2 ? NULL : outlier_of(found, "blocked", tid, count - 1);
}

/* Reported while it lasts, each time that it has doubled, and once when it ends. */
static void run_open(const void *argument)
{
	const json_t *open, *end, *next;
	struct watch found;

	(void)argument;
	watch(&found, read_very_late, NULL, false, OPTIONS("--blocked", "500ms"));
	open = outlier_of(&found, "blocked", found.pid, 0);
	end = last_of_block(&found, found.pid);
	if (!json_is_true(json_object_get(open, "open")))
		live_fail("it was not reported while it was open");
	/* It is looked for each second, or as often as takes a thousandth of a CPU. */
	live_expect_range("the open block", report_integer(open, "ns"), 500 * MS,
			  live_slower(2000, 7) * MS);
	expect_text(open, "syscall", "read");
	expect_in_stack(open, "pipe_read");
	if (json_object_get(open, "waker"))
		live_fail("it has a waker already");
	if (!end)
		live_abort("its end was not reported");
	for (unsigned int i = 1; (next = outlier_of(&found, "blocked", found.pid, i)) != end; i++) {
		if (!json_is_true(json_object_get(next, "open")))
			live_fail("its end was reported twice");
		if (report_integer(next, "ns") < 2 * report_integer(open, "ns"))
			live_fail("it was reported again though it had not doubled");
		open = next;
	}
	if (json_is_true(json_object_get(end, "open")))
		live_abort("its end was not reported");
	live_expect_near("when it was reported before", report_integer(end, "told_ns"),
			 report_integer(open, "ns"), MS);
	live_expect_range("the whole block", report_integer(end, "ns"), 3900 * MS,
			  live_slower(20000, 2) * MS);
	expect_text(json_object_get(end, "waker"), "kind", "task");
	watch_end(&found);
}

/* Gets a sixtieth of the CPU beside another: it waits long, again and again. */
static void spin_politely(struct work *work)
{
	work->tid[1] = work_peer(work, hog);
	proc_pin(0, PROC_LAST_CPU);
	if (setpriority(PRIO_PROCESS, 0, 19))
		live_abort("setpriority: %s", strerror(errno));
	proc_spin(proc_now() + 4000 * MS);
	atomic_store(&work->turn, TICKS);
	waitpid(work->tid[1], NULL, 0);
}

/* Who waits is reported with who has the CPU, though he has not given it back. */
static void run_open_wait(const void *argument)
{
	const json_t *outlier = NULL, *culprit = NULL;
	struct watch found;
	size_t index;

	(void)argument;
	watch(&found, spin_politely, NULL, false, OPTIONS("--runqueue", "20ms"));
	for (unsigned int i = 0; (outlier = outlier_of(&found, "runqueue", found.pid, i)); i++)
		if (json_is_true(json_object_get(outlier, "open")))
			break;
	if (!outlier)
		live_abort("no wait was reported while it was open");
	expect_whole(outlier);
	/* On a busy machine it is not the only one. */
	json_array_foreach(json_object_get(outlier, "culprits"), index, culprit)
		if ((int64_t)number_of(culprit, "tid") == found.workload.work->tid[1])
			break;
	if (!culprit || index == json_array_size(json_object_get(outlier, "culprits")))
		live_fail("the hog is not among the culprits");
	watch_end(&found);
}

/* ---- what is usual ------------------------------------------------------------------- */

#define REGULAR_NS (150 * MS)
#define LONG_NS (900 * MS)
#define REGULAR_TRIES 5

/* Activations that are all long, and one that is much longer. */
static void work_regularly(struct work *work)
{
	uint64_t woken = proc_now();

	for (int i = 0; i < 24; i++) {
		const uint64_t planned = i == 16 ? LONG_NS : REGULAR_NS;

		proc_spin(proc_now() + planned);
		/* It had to wait for a CPU so long that this one is not regular. */
		if (proc_now() - woken > planned + 50 * MS)
			work->disturbed = 1;
		woken = proc_now() + 5 * MS;
		proc_sleep(5 * MS);
	}
}

static void watch_regular_work(struct watch *found)
{
	struct dwell_process run;
	char pid[16];

	workload_start(&found->workload, work_regularly, NULL);
	found->pid = found->workload.pid;
	snprintf(pid, sizeof(pid), "%d", found->pid);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("outliers", "-j", "-v", "-d", "0", "--runqueue", "off",
				    "--throttled", "off", "--blocked", "off", "--lateness", "off",
				    "--timer-latency", "off", "-p", pid));
	dwell_wait_measuring(&run);
	found->before = (int64_t)proc_now();
	workload_release(&found->workload);
	if (!workload_wait(&found->workload, live_slower(30, 2)))
		live_abort("the workload died");
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	report_read(&found->report, &run);
	dwell_close(&run);
}

static void run_adaptive(const void *argument)
{
	const json_t *outlier;
	struct watch found;

	(void)argument;
	for (int tries = 1;; tries++) {
		watch_regular_work(&found);
		if (!found.workload.work->disturbed)
			break;
		watch_end(&found);
		if (tries == REGULAR_TRIES)
			live_abort("the machine is too busy: the work was disturbed %d times",
				   tries);
	}
	live_expect("outliers", count_of(&found, "dwell", found.pid), 1);
	outlier = expect_outlier(&found, "dwell", found.pid);
	live_expect_near("the long one", report_integer(outlier, "ns"), LONG_NS, 200 * MS);
	live_expect_near("what is typical", report_integer(outlier, "typical_ns"), REGULAR_NS,
			 50 * MS);
	live_expect_range("the threshold", report_integer(outlier, "threshold_ns"), REGULAR_NS,
			  LONG_NS);
	watch_end(&found);
}

/* ---- limits ----------------------------------------------------------------------------- */

#define STORM 20000

/* Each round is an activation that is longer than the threshold. */
static void storm(struct work *work)
{
	struct proc_account before, after;

	proc_account(getpid(), proc_tid(), &before);
	for (int i = 0; i < (live_options.emulated ? STORM / 10 : STORM); i++) {
		proc_spin(proc_now() + 3000);
		proc_sleep(1000);
	}
	proc_account(getpid(), proc_tid(), &after);
	work->account[0].voluntary = after.voluntary - before.voluntary;
}

/* What was made is reported, suppressed or lost, to the last one. */
static void run_storm(const void *argument)
{
	const json_t *counts;
	int64_t reported, suppressed, lost, made;
	struct hidden_sample before;
	struct watch found;

	(void)argument;
	hidden_sample(&before);
	watch(&found, storm, NULL, false, OPTIONS("--dwell", "1us"));
	counts = json_object_get(json_object_get(found.report.loss, "outliers"), "dwell");
	reported = report_integer(counts, "reported");
	suppressed = report_integer(counts, "suppressed");
	lost = report_integer(counts, "lost");
	made = (int64_t)found.workload.work->account[0].voluntary;
	live_note("%" PRId64 " made: %" PRId64 " reported, %" PRId64 " suppressed, %" PRId64
		  " lost",
		  made, reported, suppressed, lost);
	live_expect_near("all of them", reported + suppressed + lost, made, 10);
	live_expect("lines", (int64_t)json_array_size(found.report.outliers), reported);
	if (suppressed < made / 2)
		live_fail("there is no limit");
	live_expect_range("memory", report_integer(found.report.loss, "overhead.rss_bytes"), 0,
			  64000000);
	found.report.unseen = hidden_slices(&before, HIDDEN_ANY_CPU) * HIDDEN_EVENTS;
	report_expect_no_loss(&found.report);
	watch_end(&found);
}

/* ---- late timers ------------------------------------------------------------------------ */

static void use_timers(struct work *work)
{
	const struct itimerspec once = {.it_value = {.tv_nsec = 3 * MS}};
	const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	uint64_t expiries;

	(void)work;
	for (int i = 0; i < 20; i++) {
		proc_sleep(2 * MS);
		if (timerfd_settime(fd, 0, &once, NULL) ||
		    read(fd, &expiries, sizeof(expiries)) != sizeof(expiries))
			live_abort("timerfd: %s", strerror(errno));
	}
}

/* Each timer is late by more than a microsecond on any machine. */
static void run_late(const void *argument)
{
	unsigned int sleeps = 0, timerfds = 0;
	const json_t *outlier;
	struct watch found;
	char name[16] = "";
	size_t index;

	(void)argument;
	prctl(PR_GET_NAME, name); /* who works inherits it */
	watch(&found, use_timers, NULL, false, OPTIONS("--lateness", "1us"));
	json_array_foreach(found.report.outliers, index, outlier) {
		sleeps += !strcmp(text_of(outlier, "api"), "clock_nanosleep");
		timerfds += !strcmp(text_of(outlier, "api"), "timerfd");
		expect_text(outlier, "what", "lateness");
		live_expect("the process", report_integer(outlier, "pid"), found.pid);
		expect_text(outlier, "comm", name);
		live_expect("the sum of the parts",
			    report_integer(outlier, "parts.interrupt_ns") +
				    report_integer(outlier, "parts.callbacks_ns"),
			    report_integer(outlier, "ns"));
	}
	live_note("%u sleeps, %u timerfds", sleeps, timerfds);
	if (!sleeps || !timerfds)
		live_fail("%u late sleeps and %u late timerfds were reported", sleeps, timerfds);
	watch_end(&found);
}

/* ---- the exit status ---------------------------------------------------------------------- */

static void run_exit_code(const void *argument)
{
	struct dwell_process run;

	(void)argument;
	dwell_execute(&run, NULL,
		      DWELL_ARGUMENTS("outliers", "-d", "300ms", "--exit-code", "--runqueue",
				      "365d", "--throttled", "off", "--blocked", "off", "--dwell",
				      "off", "--lateness", "off", "--timer-latency", "off"));
	live_expect("the exit status without outliers", run.status, 0);
	dwell_close(&run);
	dwell_execute(&run, NULL,
		      DWELL_ARGUMENTS("outliers", "-d", "300ms", "--exit-code", "--runqueue", "1us",
				      "--blocked", "1us"));
	live_expect("the exit status with outliers", run.status, 10);
	dwell_close(&run);
}

const struct live_test tests_outliers[] = {
	{.name = "outliers-culprit", .run = run_culprit},
	{.name = "outliers-throttled", .run = run_throttled},
	{.name = "outliers-blocked-by-task", .run = run_blocked_by_task},
	{.name = "outliers-blocked-by-timer", .run = run_blocked_by_timer},
	{.name = "outliers-blocked-in-d", .run = run_blocked_in_d},
	{.name = "outliers-user-stacks", .run = run_user_stacks},
	{.name = "outliers-mutex-owner", .run = run_mutex_owner},
	{.name = "outliers-open", .run = run_open},
	{.name = "outliers-open-wait", .run = run_open_wait},
	{.name = "outliers-adaptive", .run = run_adaptive},
	{.name = "outliers-storm", .run = run_storm},
	{.name = "outliers-late", .run = run_late},
	{.name = "outliers-exit-code", .run = run_exit_code},
	{0},
};
