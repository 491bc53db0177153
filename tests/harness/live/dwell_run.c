/* SPDX-License-Identifier: GPL-2.0-only */
/* Starting, stopping and listening to the program under test. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/dwell_run.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"

#define ARGUMENTS_MAX 32
#define START_SECONDS 20

extern char **environ;

/* Keeps exactly @capabilities (a bit each), through the coming exec too. */
static void keep_capabilities(uint64_t capabilities)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		const uint32_t half = (uint32_t)(capabilities >> (32 * i));

		data[i] = (struct __user_cap_data_struct){half, half, half};
	}
	if (syscall(SYS_capset, &header, data))
		live_abort("capset: %s", strerror(errno));
	for (int i = 0; i < 64; i++)
		if (capabilities >> i & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0))
			live_abort("capability %d: %s", i, strerror(errno));
}

static void become_nobody(uint64_t capabilities)
{
	prctl(PR_SET_KEEPCAPS, 1);
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		live_abort("giving up privileges: %s", strerror(errno));
	keep_capabilities(capabilities);
}

static void exec_dwell(const struct dwell_process *run, const struct dwell_manner *manner,
		       const char *const *arguments)
{
	/* By descriptor: nobody may not be allowed to walk to the path. */
	const int program = manner->unprivileged ? open(live_options.dwell, O_PATH | O_CLOEXEC) :
						   -1;
	const char *argv[ARGUMENTS_MAX] = {"dwell"};
	sigset_t none;

	for (int i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(manner->stdout_fd > 0 ? manner->stdout_fd : run->out, STDOUT_FILENO);
	dup2(run->err, STDERR_FILENO);
	if (manner->unprivileged)
		become_nobody(manner->capabilities);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (manner->prepare)
		manner->prepare(manner->context);
	if (manner->unprivileged)
		fexecve(program, (char *const *)argv, environ);
	else
		execv(live_options.dwell, (char *const *)argv);
	live_abort("%s: %s", live_options.dwell, strerror(errno));
}

void dwell_start(struct dwell_process *run, const struct dwell_manner *manner,
		 const char *const *arguments)
{
	static const struct dwell_manner plain;

	*run = (struct dwell_process){
		.out = memfd_create("dwell-stdout", MFD_CLOEXEC),
		.err = memfd_create("dwell-stderr", MFD_CLOEXEC),
	};
	if (run->out < 0 || run->err < 0)
		live_abort("memfd_create: %s", strerror(errno));
	run->pid = fork();
	if (run->pid < 0)
		live_abort("fork: %s", strerror(errno));
	if (run->pid == 0)
		exec_dwell(run, manner ? manner : &plain, arguments);
}

/* The whole of a file in memory, with a NUL behind it. Freed by the caller. */
static char *take_text(int fd, size_t *length)
{
	const off_t size = lseek(fd, 0, SEEK_END);
	char *text = malloc((size_t)size + 1);

	if (!text || pread(fd, text, (size_t)size, 0) != size)
		live_abort("reading the output: %s", strerror(errno));
	text[size] = '\0';
	if (length)
		*length = (size_t)size;
	return text;
}

/* Has it ended? Takes status and output if so. */
static bool has_ended(struct dwell_process *run)
{
	int status;

	if (waitpid(run->pid, &status, WNOHANG) != run->pid)
		return false;
	run->pid = 0;
	run->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	run->out_text = take_text(run->out, &run->out_length);
	run->err_text = take_text(run->err, NULL);
	return true;
}

/* Its messages as diagnostics, a line each. */
static void note_messages(const char *text)
{
	while (*text) {
		const int length = (int)strcspn(text, "\n");

		live_note("stderr: %.*s", length, text);
		text += length;
		text += *text == '\n';
	}
}

static bool says_measuring(const struct dwell_process *run)
{
	char text[4096];
	const ssize_t length = pread(run->err, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return strstr(text, "dwell: measuring") != NULL;
}

void dwell_wait_measuring(struct dwell_process *run)
{
	const uint64_t deadline = proc_now() + START_SECONDS * 1000000000ULL;

	while (!says_measuring(run)) {
		if (has_ended(run)) {
			note_messages(run->err_text);
			live_abort("dwell ended with status %d before it measured", run->status);
		}
		if (proc_now() > deadline)
			live_abort("dwell did not measure within %d s", START_SECONDS);
		proc_sleep(2000000);
	}
}

void dwell_interrupt(struct dwell_process *run)
{
	if (run->pid > 0)
		kill(run->pid, SIGINT);
}

void dwell_wait(struct dwell_process *run, unsigned int seconds)
{
	const uint64_t deadline = proc_now() + seconds * 1000000000ULL;

	while (run->pid > 0 && !has_ended(run)) {
		if (proc_now() > deadline)
			live_abort("dwell did not end within %u s", seconds);
		proc_sleep(2000000);
	}
}

void dwell_close(struct dwell_process *run)
{
	if (run->pid > 0) {
		kill(run->pid, SIGKILL);
		waitpid(run->pid, NULL, 0);
	}
	if (run->out > 0)
		close(run->out);
	if (run->err > 0)
		close(run->err);
	free(run->out_text);
	free(run->err_text);
	*run = (struct dwell_process){0};
}

void dwell_execute(struct dwell_process *run, const struct dwell_manner *manner,
		   const char *const *arguments)
{
	dwell_start(run, manner, arguments);
	dwell_wait(run, START_SECONDS);
}

void dwell_expect_error(const struct dwell_manner *manner, const char *const *arguments, int status,
			const char *word)
{
	struct dwell_process run;
	char command[128] = "";

	for (int i = 0; arguments[i]; i++)
		snprintf(command + strlen(command), sizeof(command) - strlen(command), "%s ",
			 arguments[i]);
	dwell_execute(&run, manner, arguments);
	if (run.status != status)
		live_fail("dwell %s: exit status %d, not %d: %s", command, run.status, status,
			  run.err_text);
	if (!strstr(run.err_text, word))
		live_fail("dwell %s: the message lacks %s: %s", command, word, run.err_text);
	if (strstr(run.err_text, "libbpf"))
		live_fail("dwell %s: libbpf speaks: %s", command, run.err_text);
	if (run.out_length)
		live_fail("dwell %s: it printed to stdout: %s", command, run.out_text);
	dwell_close(&run);
}
