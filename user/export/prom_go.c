// SPDX-License-Identifier: GPL-2.0-only
/* The export of Go programs to Prometheus: what they held, and how reading them went. */
#include "export/prom_go.h"

#include "export/prom_line.h"

#define NS_PER_S 1000000000ULL

/* ---- what programs held ------------------------------------------------------ */

/* A family with one value for each comm. */
struct family {
	const char *name, *help;
	wide (*value)(const struct go_comm *comm);
	void (*put)(FILE *out, wide value);
	bool (*known)(const struct go_comm *comm); /* NULL: always */
};

static wide processes(const struct go_comm *comm)
{
	return comm->processes;
}

static wide dead(const struct go_comm *comm)
{
	return comm->dead;
}

static wide overdue(const struct go_comm *comm)
{
	return comm->overdue;
}

static wide overdue_max(const struct go_comm *comm)
{
	return comm->overdue_max_ns;
}

static wide runqueue(const struct go_comm *comm)
{
	return comm->runqueue;
}

static bool runqueue_known(const struct go_comm *comm)
{
	return comm->runqueue_known;
}

static void put_family(FILE *out, const struct go_series *series, const struct family *family)
{
	bool begun = false;

	for (size_t i = 0; i < go_series_count(series); i++) {
		const struct go_comm *comm = go_series_at(series, i);
		const struct prom_label label = {"comm", comm->label};

		if (family->known && !family->known(comm))
			continue;
		if (!begun)
			prom_family(out, family->name, "gauge", family->help);
		begun = true;
		prom_series(out, family->name, "", &label, 1);
		family->put(out, family->value(comm));
	}
}

static const char *kind_label(unsigned int kind)
{
	static const char *const labels[GO_TIMER_KINDS] = {
#define X(id, name, text, plural) [GO_##id] = name,
		GO_TIMER_KIND_LIST(X)
#undef X
	};

	return labels[kind];
}

static void put_line(FILE *out, const char *name, const struct go_comm *comm,
		     const struct go_line *line)
{
	const struct prom_label goroutine[] = {{"comm", comm->label}, {"creator", line->label}};

	if (line->kind == GO_GOROUTINES) {
		prom_series(out, name, "", goroutine, 2);
	} else {
		const struct prom_label timer[] = {{"comm", comm->label},
						   {"kind", kind_label(line->kind)},
						   {"owner", line->label}};

		prom_series(out, name, "", timer, 3);
	}
	prom_count(out, line->count);
}

/* Writes the family of goroutines, or of timers. */
static void put_lines(FILE *out, const struct go_series *series, bool goroutines, const char *name,
		      const char *help)
{
	bool begun = false;

	for (size_t i = 0; i < go_series_count(series); i++) {
		const struct go_comm *comm = go_series_at(series, i);

		for (size_t j = 0; j < comm->lines; j++) {
			if ((comm->line[j].kind == GO_GOROUTINES) != goroutines)
				continue;
			if (!begun)
				prom_family(out, name, "gauge", help);
			begun = true;
			put_line(out, name, comm, &comm->line[j]);
		}
	}
}

void prom_go_programs(FILE *out, const struct go_series *series)
{
	static const struct family families[] = {
		{"dwell_go_comm_processes", "Go processes that the other figures are of.",
		 processes, prom_count, NULL},
		{"dwell_go_timers_dead", "Timers that were stopped, but are still in a heap.", dead,
		 prom_count, NULL},
		{"dwell_go_timers_overdue", "Armed timers beyond their time.", overdue, prom_count,
		 NULL},
		{"dwell_go_timer_overdue_seconds",
		 "How late the timer is that is overdue the most; 0: none is.", overdue_max,
		 prom_seconds, NULL},
		{"dwell_go_runqueue_length", "Goroutines that wait in the run queues of Ps.",
		 runqueue, prom_count, runqueue_known},
	};

	put_lines(out, series, false, "dwell_go_timers",
		  "Armed timers, by kind and by whose they are.");
	put_lines(out, series, true, "dwell_go_goroutines",
		  "Goroutines, by the function that created them; without the runtime's own.");
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		put_family(out, series, &families[i]);
}

/* ---- how reading went ---------------------------------------------------------- */

static void put_labelled(FILE *out, const char *name, const char *key, const char *value,
			 uint64_t count)
{
	const struct prom_label label = {key, value};

	prom_series(out, name, "", &label, 1);
	prom_count(out, count);
}

static void put_processes(FILE *out, const struct go_census *census)
{
	static const char name[] = "dwell_go_processes";
	static const char *const states[GO_PROCESS_STATES] = {
#define X(id, label) [GO_PROCESS_##id] = label,
		GO_PROCESS_LIST(X)
#undef X
	};
	static const char *const refusals[GO_REFUSALS] = {
#define X(id, name, text) [GO_REFUSED_##id] = name,
		GO_REFUSAL_LIST(X)
#undef X
	};

	prom_family(out, name, "gauge",
		    "Go processes, by whether they were read, or why they are not read.");
	for (int i = 0; i < GO_PROCESS_STATES; i++)
		put_labelled(out, name, "state", states[i], census->processes[i]);
	for (int i = GO_READ + 1; i < GO_REFUSALS; i++)
		if (i != GO_REFUSED_NOT_GO && i != GO_REFUSED_EXITED)
			put_labelled(out, name, "state", refusals[i], census->refused[i]);
}

static void put_losses(FILE *out, const struct go_census *census)
{
	static const char name[] = "dwell_go_lost_total";
	static const char *const reasons[GO_LOSSES] = {
#define X(id, name, text) [GO_LOSS_##id] = name,
		GO_LOSS_LIST(X)
#undef X
	};

	prom_family(out, name, "counter",
		    "What could not be read of Go programs, by reason, all updates together.");
	for (int i = 0; i < GO_LOSSES; i++)
		put_labelled(out, name, "reason", reasons[i], census->lost[i]);
}

void prom_go_census(FILE *out, const struct go_census *census)
{
	put_processes(out, census);
	put_losses(out, census);
	prom_single(out, "dwell_go_cpu_seconds_total", "counter",
		    "CPU time of the process that reads Go programs, a part of "
		    "dwell_cpu_seconds_total.");
	prom_seconds(out, census->cpu_ns);
	prom_single(out, "dwell_go_restarts_total", "counter",
		    "How often that process had to be replaced.");
	prom_count(out, census->restarts);
	if (!census->read.tv_sec)
		return;
	prom_single(out, "dwell_go_read_timestamp_seconds", "gauge",
		    "When the figures of Go programs were read, since the epoch.");
	prom_seconds(out, (wide)census->read.tv_sec * NS_PER_S + (wide)census->read.tv_nsec);
}
