// SPDX-License-Identifier: GPL-2.0-only
/* The export of groups of tasks: a family for each figure, a series for each group. */
#include "export/prom_line.h"
#include "export/prom_private.h"
#include "findings/outlier.h"
#include "model/words.h"

/* What is written, where to, and the key of the groups' label. */
struct writer {
	FILE *out;
	const struct prom *prom;
	const char *key; /* "comm" or "cgroup" */
};

/* A family with one value for each group. */
struct family {
	const char *name, *type, *help;
	bool of_kernel;	    /* the kernel's timers have it too */
	enum figure figure; /* what must be measured for it; 0: always is */
};

/*
 * Finds the next group from *@at on, the kernel's timers only with @of_kernel. False: none is
 * left.
 */
static bool next_group(const struct writer *to, bool of_kernel, size_t *at,
		       struct series_group *group)
{
	while (*at < series_count(to->prom->series)) {
		*group = series_at(to->prom->series, (*at)++);
		if (of_kernel || !group->kernel)
			return true;
	}
	return false;
}

/* Finds the next group that @family applies to and is measured of. False: none is left. */
static bool next_of(const struct writer *to, const struct family *family, size_t *at,
		    struct series_group *group)
{
	const struct unmeasured *unmeasured = &to->prom->unmeasured;

	while (next_group(to, family->of_kernel, at, group))
		if (!(family->figure & (group->kernel ? unmeasured->kernel :
							unmeasured->sleeps | unmeasured->users)))
			return true;
	return false;
}

/* Writes a family with one number for each group; nothing if there is no group. */
static void put_numbers(const struct writer *to, const struct family *family,
			wide (*value)(const struct series_group *group),
			void (*put)(FILE *out, wide value))
{
	struct series_group group;
	bool begun = false;

	for (size_t at = 0; next_of(to, family, &at, &group); begun = true) {
		const struct prom_label label = {to->key, group.label};

		if (!begun)
			prom_family(to->out, family->name, family->type, family->help);
		prom_series(to->out, family->name, "", &label, 1);
		put(to->out, value(&group));
	}
}

static void put_histograms(const struct writer *to, const struct family *family,
			   enum dwell_measure measure)
{
	struct series_group group;
	bool begun = false;

	for (size_t at = 0; next_of(to, family, &at, &group); begun = true) {
		struct prom_label label[PROM_LABELS_MAX] = {{to->key, group.label}};

		if (!begun)
			prom_family(to->out, family->name, "histogram", family->help);
		prom_histogram(to->out, family->name, &group.counters->measure[measure], label, 1);
	}
}

static wide armed(const struct series_group *group)
{
	return group->counters->armed;
}

static wide cancelled(const struct series_group *group)
{
	return group->counters->cancelled;
}

static wide expired(const struct series_group *group)
{
	return group->counters->expired;
}

static wide outstanding(const struct series_group *group)
{
	return group->outstanding;
}

static wide tasks(const struct series_group *group)
{
	return group->tasks;
}

static wide oncpu(const struct series_group *group)
{
	return group->counters->oncpu_ns;
}

static void put_timers(const struct writer *to)
{
	static const struct family families[] = {
		{"dwell_timers_armed_total", "counter", "Timers armed, re-arms included.", true,
		 FIGURE_ARMED},
		{"dwell_timers_cancelled_total", "counter", "Timers cancelled before they expired.",
		 true, FIGURE_CANCELLED},
		{"dwell_timers_expired_total", "counter", "Timers expired.", true, FIGURE_EXPIRED},
		{"dwell_timers_outstanding", "gauge", "Timers that are armed now.", true,
		 FIGURE_OUTSTANDING},
		{"dwell_timer_lateness_seconds", "histogram",
		 "From when a timer was due to its callback.", true, FIGURE_LATENESS},
		{"dwell_timer_latency_seconds", "histogram",
		 "From when a timer was due to when the task it woke had a CPU.", false,
		 FIGURE_TIMER_LATENCY},
	};

	put_numbers(to, &families[0], armed, prom_count);
	put_numbers(to, &families[1], cancelled, prom_count);
	put_numbers(to, &families[2], expired, prom_count);
	put_numbers(to, &families[3], outstanding, prom_count);
	put_histograms(to, &families[4], DWELL_LATENESS);
	put_histograms(to, &families[5], DWELL_TIMER_LATENCY);
}

static void put_runqueue(const struct writer *to)
{
	static const char name[] = "dwell_runqueue_latency_seconds";
	static const struct {
		const char *cause;
		enum dwell_measure measure;
	} causes[] = {
		{"woken", DWELL_WOKEN},
		{"preempted", DWELL_PREEMPTED},
		{"throttled", DWELL_THROTTLED},
	};
	struct series_group group;

	prom_family(to->out, name, "histogram",
		    "Waits for a CPU, by why: woken, preempted, or out of CPU quota.");
	for (size_t at = 0; next_group(to, false, &at, &group);)
		for (int i = 0; i < 3; i++) {
			struct prom_label label[PROM_LABELS_MAX] = {{to->key, group.label},
								    {"cause", causes[i].cause}};

			prom_histogram(to->out, name, &group.counters->measure[causes[i].measure],
				       label, 2);
		}
}

/* Writes gauges: an interval that is open now may have ended at the next export. */
static void put_open(const struct writer *to)
{
	static const char name[] = "dwell_open_wait_seconds";
	static const char *const kinds[] = {
		[SERIES_OPEN_RUNQUEUE] = "runqueue",
		[SERIES_OPEN_THROTTLED] = "throttled",
		[SERIES_OPEN_BLOCKED] = "blocked",
		[SERIES_OPEN_UNINTERRUPTIBLE] = "uninterruptible",
		[SERIES_OPEN_DWELL] = "dwell",
	};
	struct series_group group;

	prom_family(to->out, name, "gauge",
		    "The longest wait, block or dwell that has not ended; 0: there is none.");
	for (size_t at = 0; next_group(to, false, &at, &group);)
		for (int i = 0; i < SERIES_OPENS; i++) {
			const struct prom_label label[] = {{to->key, group.label},
							   {"kind", kinds[i]}};

			prom_series(to->out, name, "", label, 2);
			prom_seconds(to->out, group.open_ns[i]);
		}
}

static void put_blocked(const struct writer *to)
{
	static const char name[] = "dwell_blocked_seconds_total";
	struct series_group group;

	prom_family(to->out, name, "counter", "Time blocked, of blocks that ended, by state.");
	for (size_t at = 0; next_group(to, false, &at, &group);)
		for (int i = 0; i < DWELL_BLOCKS; i++) {
			const struct prom_label label[] = {{to->key, group.label},
							   {"state", word_block(i)}};

			prom_series(to->out, name, "", label, 2);
			prom_seconds(to->out, group.counters->blocked_ns[i]);
		}
}

static void put_outliers(const struct writer *to)
{
	static const char name[] = "dwell_outliers_total";
	struct series_group group;

	prom_family(to->out, name, "counter", "Intervals beyond their threshold, by kind.");
	for (size_t at = 0; next_group(to, false, &at, &group);)
		for (unsigned int i = 0; i < DWELL_MEASURES; i++) {
			const struct prom_label label[] = {{to->key, group.label},
							   {"kind", outlier_kind(i)}};
			wide count = group.counters->outliers[i];

			if (!prom_is_kind(i))
				continue;
			if (i == DWELL_WOKEN)
				count += group.counters->outliers[DWELL_PREEMPTED];
			prom_series(to->out, name, "", label, 2);
			prom_count(to->out, count);
		}
}

void prom_groups(FILE *out, const struct prom *prom)
{
	const struct writer to = {.out = out, .prom = prom, .key = series_key(prom->series)};
	static const struct family dwell = {"dwell_dwell_seconds", "histogram",
					    "From a wake-up to the next block.", false, 0};
	static const struct family of_tasks = {"dwell_tasks", "gauge", "Tasks that live.", false,
					       0};
	static const struct family of_cpu = {"dwell_oncpu_seconds_total", "counter",
					     "Time on a CPU.", false, 0};

	put_timers(&to);
	put_runqueue(&to);
	put_blocked(&to);
	put_histograms(&to, &dwell, DWELL_DWELL);
	put_open(&to);
	put_outliers(&to);
	put_numbers(&to, &of_tasks, tasks, prom_count);
	put_numbers(&to, &of_cpu, oncpu, prom_seconds);
}
