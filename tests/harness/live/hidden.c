/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding the tasks that no report lists, and counting their slices. */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/live/dwell_run.h"
#include "harness/live/hidden.h"
#include "harness/live/proc.h"

#define LOOKS 2
#define TASKS_MAX 32768
#define PROCESSES_MAX 64

/* Processes that have hidden tasks; filled before the first test. */
static pid_t processes[PROCESSES_MAX];
static size_t process_count;

struct task_id {
	pid_t pid, tid;
};

struct task_list {
	struct task_id *tasks; /* owned */
	size_t count;
};

static void list_free(struct task_list *list)
{
	free(list->tasks);
	*list = (struct task_list){0};
}

/* Calls @visit for each entry of @path that is a number. */
static void each_number(const char *path, void (*visit)(void *context, pid_t number), void *context)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		const pid_t number = (pid_t)strtol(entry->d_name, NULL, 10);

		if (number > 0)
			visit(context, number);
	}
	if (directory)
		closedir(directory);
}

struct listing {
	struct task_list *list;
	pid_t pid;
};

static void list_thread(void *context, pid_t tid)
{
	const struct listing *listing = context;
	const char state = proc_state(listing->pid, tid);

	/* The dead are no longer measured. */
	if (state && state != 'Z' && state != 'X' && listing->list->count < TASKS_MAX)
		listing->list->tasks[listing->list->count++] = (struct task_id){listing->pid, tid};
}

static void list_process(void *context, pid_t pid)
{
	struct listing listing = {.list = context, .pid = pid};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	each_number(path, list_thread, &listing);
}

/* All tasks that /proc shows. Freed by list_free(). */
static int list_tasks(struct task_list *list)
{
	*list = (struct task_list){.tasks = calloc(TASKS_MAX, sizeof(*list->tasks))};
	if (!list->tasks)
		return -ENOMEM;
	each_number("/proc", list_process, list);
	return 0;
}

/* Takes the task with that @tid off the list. */
static void list_remove(struct task_list *list, pid_t tid)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->tasks[i].tid == tid)
			list->tasks[i--] = list->tasks[--list->count];
}

/* Takes the tasks that @report has a row for off the list. */
static int remove_reported(struct task_list *list, const char *report)
{
	while (*report) {
		const size_t length = strcspn(report, "\n");
		json_t *line = json_loadb(report, length, 0, NULL);

		if (!line)
			return -EPROTO;
		list_remove(list, (pid_t)json_integer_value(json_object_get(line, "tid")));
		json_decref(line);
		report += length;
		report += *report == '\n';
	}
	return 0;
}

/* One look: keeps in @list the tasks that lived through a report and are not in it. */
static int look(struct task_list *list)
{
	struct dwell_process run;
	int err;

	dwell_execute(&run, NULL, DWELL_ARGUMENTS("summary", "-j", "-n", "0", "-d", "100ms"));
	err = run.status ? -EIO : remove_reported(list, run.out_text);
	dwell_close(&run);
	for (size_t i = 0; i < list->count; i++)
		if (!proc_state(list->tasks[i].pid, list->tasks[i].tid))
			list->tasks[i--] = list->tasks[--list->count];
	return err;
}

static void remember_process(pid_t pid)
{
	for (size_t i = 0; i < process_count; i++)
		if (processes[i] == pid)
			return;
	if (process_count < PROCESSES_MAX)
		processes[process_count++] = pid;
}

int hidden_find(void)
{
	struct hidden_sample sample;
	struct task_list list;
	int err = list_tasks(&list);

	for (int i = 0; i < LOOKS && !err; i++)
		err = look(&list);
	for (size_t i = 0; i < list.count && !err; i++)
		remember_process(list.tasks[i].pid);
	list_free(&list);
	if (err)
		return err;
	hidden_sample(&sample);
	return (int)sample.count;
}

bool hidden_is(pid_t tid)
{
	char path[64];

	for (size_t i = 0; i < process_count; i++) {
		snprintf(path, sizeof(path), "/proc/%d/task/%d", processes[i], tid);
		if (!access(path, F_OK))
			return true;
	}
	return false;
}

/* ---- their slices ---------------------------------------------------------- */

/* Of /proc/PID/stat. */
#define STATE_FIELD 3
#define CPU_FIELD 39

/* Field @number of a stat file's @text, from the state on; "" if there is none. */
static const char *stat_field(const char *text, int number)
{
	/* The name stands in brackets and may hold blanks and brackets itself. */
	const char *field = strrchr(text, ')');

	for (int i = STATE_FIELD - 1; field && i < number; i++)
		field = strchr(field + 1, ' ');
	return field ? field + 1 : "";
}

struct sampling {
	struct hidden_sample *sample;
	pid_t pid;
};

static void sample_thread(void *context, pid_t tid)
{
	const struct sampling *sampling = context;
	struct hidden_sample *sample = sampling->sample;
	struct proc_account account;
	char path[64], text[512];

	if (sample->count == HIDDEN_TASKS_MAX)
		return;
	/* One that has not run yet has no account. */
	if (!proc_account(sampling->pid, tid, &account))
		account.slices = 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", sampling->pid, tid);
	if (proc_read(path, text, sizeof(text)) <= 0)
		return;
	sample->tasks[sample->count++] = (struct hidden_task){
		.tid = tid,
		.slices = account.slices,
		.cpu = (int)strtol(stat_field(text, CPU_FIELD), NULL, 10),
		.running = *stat_field(text, STATE_FIELD) == 'R',
	};
}

void hidden_sample(struct hidden_sample *sample)
{
	struct sampling sampling = {.sample = sample};
	char path[64];

	sample->count = 0;
	for (size_t i = 0; i < process_count; i++) {
		sampling.pid = processes[i];
		snprintf(path, sizeof(path), "/proc/%d/task", sampling.pid);
		each_number(path, sample_thread, &sampling);
	}
}

static const struct hidden_task *find_task(const struct hidden_sample *sample, pid_t tid)
{
	for (unsigned int i = 0; i < sample->count; i++)
		if (sample->tasks[i].tid == tid)
			return &sample->tasks[i];
	return NULL;
}

/* What one task can have spent on @cpu. */
static int64_t slices_of(const struct hidden_task *before, const struct hidden_task *after, int cpu)
{
	const int64_t slices = (int64_t)(after->slices - (before ? before->slices : 0));

	/* It may have been in the middle of one. */
	if (before && before->running)
		return slices + 1;
	/* Where it spent the only one is known. */
	if (slices == 1 && cpu != HIDDEN_ANY_CPU && after->cpu != cpu)
		return 0;
	return slices;
}

int64_t hidden_slices(const struct hidden_sample *before, int cpu)
{
	struct hidden_sample after;
	int64_t slices = 0;

	hidden_sample(&after);
	for (unsigned int i = 0; i < after.count; i++)
		slices += slices_of(find_task(before, after.tasks[i].tid), &after.tasks[i], cpu);
	/* One that ended meanwhile ran at least for that. */
	for (unsigned int i = 0; i < before->count; i++)
		slices += !find_task(&after, before->tasks[i].tid);
	return slices;
}
