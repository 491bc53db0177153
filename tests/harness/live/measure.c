/* SPDX-License-Identifier: GPL-2.0-only */
/* Putting a workload's work inside the windows of two runs. */
#include <stdio.h>
#include <sys/wait.h>

#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "harness/live/measure.h"

#define TRIES 5
#define END_SECONDS 20

static void start_run(struct dwell_process *run, const char *by, pid_t pid,
		      const struct measure_plan *plan)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	if (plan->everything)
		dwell_start(run, plan->manner,
			    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-b", by));
	else
		dwell_start(run, plan->manner,
			    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-b", by,
					    "-p", text));
}

/* Waits for the end of the work: the body's, or with @ends the process's. */
static void await_work(struct workload *workload, const struct measure_plan *plan)
{
	const bool alive = workload_wait(workload, plan->seconds ? plan->seconds : 20);

	if (alive == plan->ends)
		live_abort(alive ? "the workload did not exit" : "the workload died");
	if (plan->ends)
		waitpid(workload->pid, NULL, 0);
}

static void measure_once(struct measurement *measurement, const struct measure_plan *plan)
{
	struct hidden_sample at_start, at_release;
	struct dwell_process task, process;
	struct workload workload;
	int64_t unseen;
	int cpu;

	workload_start(&workload, plan->body, plan->argument);
	cpu = proc_pin(workload.pid, plan->cpu);
	hidden_sample(&at_start);
	start_run(&task, "task", workload.pid, plan);
	start_run(&process, "process", workload.pid, plan);
	dwell_wait_measuring(&task);
	dwell_wait_measuring(&process);
	hidden_sample(&at_release);
	workload_release(&workload);
	await_work(&workload, plan);
	unseen = hidden_slices(&at_release, cpu) * (plan->tasks ?: 1);
	dwell_interrupt(&task);
	dwell_interrupt(&process);
	dwell_wait(&task, END_SECONDS);
	dwell_wait(&process, END_SECONDS);
	measurement->work = *workload.work;
	report_read(&measurement->by_task, &task);
	report_read(&measurement->by_process, &process);
	if (plan->everything) {
		unseen = hidden_slices(&at_start, HIDDEN_ANY_CPU) * HIDDEN_EVENTS;
		measurement->by_task.others = measurement->by_process.others = report_others();
	}
	measurement->by_task.unseen = unseen;
	measurement->by_process.unseen = unseen;
	workload_leave(&workload);
	dwell_close(&task);
	dwell_close(&process);
}

void measure(struct measurement *measurement, const struct measure_plan *plan)
{
	for (int i = 0; i < TRIES; i++) {
		if (i)
			measure_free(measurement);
		measure_once(measurement, plan);
		if (!measurement->work.disturbed)
			return;
		live_note("the work was disturbed by the machine; once more");
	}
	live_abort("the machine is too busy: the work was disturbed %d times", TRIES);
}

void measure_free(struct measurement *measurement)
{
	report_free(&measurement->by_task);
	report_free(&measurement->by_process);
}
