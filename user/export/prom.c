// SPDX-License-Identifier: GPL-2.0-only
/* The sink for Prometheus: all series in its text format 0.0.4, the same families each time. */
#include "export/prom.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/output.h"
#include "export/label.h"
#include "findings/outlier.h"
#include "sink/report.h"

#define NS_PER_S 1000000000ULL
#define LABELS_MAX 3

/* What is written where, as which label. */
struct writer {
	FILE *out;
	const struct prom *prom;
	const char *key; /* "comm" or "cgroup" */
};

struct prom_label {
	const char *key, *value;
};

/* A family that has one value for each group. */
struct family {
	const char *name, *type, *help;
	bool of_kernel;	    /* it applies to the kernel's timers too */
	enum figure figure; /* 0: it is always measured */
};

/* ---- lines ------------------------------------------------------------------- */

/* Help texts never change: they are compared with those of other files. */
static void put_family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value between its quotes: what label_write() makes has no control characters. */
static void put_value(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			putc('\\', out);
		putc(*value, out);
	}
}

/* A series with its first @count labels, and the blank before its value. */
static void put_series(FILE *out, const char *name, const char *suffix,
		       const struct prom_label *label, size_t count)
{
	fprintf(out, "%s%s", name, suffix);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%c%s=\"", i ? ',' : '{', label[i].key);
		put_value(out, label[i].value);
		putc('"', out);
	}
	fputs(count ? "} " : " ", out);
}

/* No locale has a say in how numbers look, and none is rounded: so they are put together here. */
static void put_count(FILE *out, wide count)
{
	fprintf(out, "%" PRIu64 "\n", (uint64_t)count);
}

#define SECONDS_LEN 32

/* @ns in seconds, with as many decimals as it has. */
static char *write_seconds(char buffer[SECONDS_LEN], wide ns)
{
	uint64_t whole = (uint64_t)(ns / NS_PER_S);
	int length = snprintf(buffer, SECONDS_LEN, "%" PRIu64 ".%09" PRIu64, whole,
			      (uint64_t)(ns % NS_PER_S));

	while (buffer[length - 1] == '0')
		buffer[--length] = '\0';
	if (buffer[length - 1] == '.')
		buffer[--length] = '\0';
	return buffer;
}

static void put_seconds(FILE *out, wide ns)
{
	char seconds[SECONDS_LEN];

	fprintf(out, "%s\n", write_seconds(seconds, ns));
}

/* A family of one series without labels. */
static void put_single(FILE *out, const char *name, const char *type, const char *help)
{
	put_family(out, name, type, help);
	put_series(out, name, "", NULL, 0);
}

/* ---- of groups --------------------------------------------------------------- */

/* The next group from *@at on, of tasks or also of @of_kernel; false: there is none. */
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

/* The next one that @family applies to and is measured of. */
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

/* A family with one number for each group; no family without a group. */
static void put_numbers(const struct writer *to, const struct family *family,
			wide (*value)(const struct series_group *group),
			void (*put)(FILE *out, wide value))
{
	struct series_group group;
	bool begun = false;

	for (size_t at = 0; next_of(to, family, &at, &group); begun = true) {
		const struct prom_label label = {to->key, group.label};

		if (!begun)
			put_family(to->out, family->name, family->type, family->help);
		put_series(to->out, family->name, "", &label, 1);
		put(to->out, value(&group));
	}
}

/* The buckets, the sum and the count of @histogram; there is room for one more @label. */
static void put_histogram(FILE *out, const char *name, const struct histogram *histogram,
			  struct prom_label label[LABELS_MAX], size_t labels)
{
	char seconds[SECONDS_LEN];
	wide count = 0;

	label[labels].key = "le";
	for (unsigned int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		label[labels].value =
			i < HISTOGRAM_BOUNDS ? write_seconds(seconds, histogram_bound(i)) : "+Inf";
		count += histogram->bucket[i];
		put_series(out, name, "_bucket", label, labels + 1);
		put_count(out, count);
	}
	put_series(out, name, "_sum", label, labels);
	put_seconds(out, histogram->sum);
	put_series(out, name, "_count", label, labels);
	put_count(out, count);
}

static void put_histograms(const struct writer *to, const struct family *family,
			   enum dwell_measure measure)
{
	struct series_group group;
	bool begun = false;

	for (size_t at = 0; next_of(to, family, &at, &group); begun = true) {
		struct prom_label label[LABELS_MAX] = {{to->key, group.label}};

		if (!begun)
			put_family(to->out, family->name, "histogram", family->help);
		put_histogram(to->out, family->name, &group.counters->measure[measure], label, 1);
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

	put_numbers(to, &families[0], armed, put_count);
	put_numbers(to, &families[1], cancelled, put_count);
	put_numbers(to, &families[2], expired, put_count);
	put_numbers(to, &families[3], outstanding, put_count);
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

	put_family(to->out, name, "histogram",
		   "Waits for a CPU, by why: woken, preempted, or out of CPU quota.");
	for (size_t at = 0; next_group(to, false, &at, &group);)
		for (int i = 0; i < 3; i++) {
			struct prom_label label[LABELS_MAX] = {{to->key, group.label},
							       {"cause", causes[i].cause}};

			put_histogram(to->out, name, &group.counters->measure[causes[i].measure],
				      label, 2);
		}
}

/* Gauges: what is open now may have ended at the next look. */
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

	put_family(to->out, name, "gauge",
		   "The longest wait, block or dwell that has not ended; 0: there is none.");
	for (size_t at = 0; next_group(to, false, &at, &group);)
		for (int i = 0; i < SERIES_OPENS; i++) {
			const struct prom_label label[] = {{to->key, group.label},
							   {"kind", kinds[i]}};

			put_series(to->out, name, "", label, 2);
			put_seconds(to->out, group.open_ns[i]);
		}
}

static void put_blocked(const struct writer *to)
{
	static const char name[] = "dwell_blocked_seconds_total";
	struct series_group group;

	put_family(to->out, name, "counter", "Time blocked, of blocks that ended, by state.");
	for (size_t at = 0; next_group(to, false, &at, &group);)
		for (int i = 0; i < DWELL_BLOCKS; i++) {
			const struct prom_label label[] = {{to->key, group.label},
							   {"state", json_block(i)}};

			put_series(to->out, name, "", label, 2);
			put_seconds(to->out, group.counters->blocked_ns[i]);
		}
}

/* Waits for a CPU are of one kind, woken or preempted; false for the second of the two. */
static bool is_kind(unsigned int measure)
{
	return measure != DWELL_PREEMPTED;
}

static void put_outliers(const struct writer *to)
{
	static const char name[] = "dwell_outliers_total";
	struct series_group group;

	put_family(to->out, name, "counter", "Intervals beyond their threshold, by kind.");
	for (size_t at = 0; next_group(to, false, &at, &group);)
		for (unsigned int i = 0; i < DWELL_MEASURES; i++) {
			const struct prom_label label[] = {{to->key, group.label},
							   {"kind", outlier_kind(i)}};
			wide count = group.counters->outliers[i];

			if (!is_kind(i))
				continue;
			if (i == DWELL_WOKEN)
				count += group.counters->outliers[DWELL_PREEMPTED];
			put_series(to->out, name, "", label, 2);
			put_count(to->out, count);
		}
}

static void put_groups(const struct writer *to)
{
	static const struct family dwell = {"dwell_dwell_seconds", "histogram",
					    "From a wake-up to the next block.", false, 0};
	static const struct family of_tasks = {"dwell_tasks", "gauge", "Tasks that live.", false,
					       0};
	static const struct family of_cpu = {"dwell_oncpu_seconds_total", "counter",
					     "Time on a CPU.", false, 0};

	put_timers(to);
	put_runqueue(to);
	put_blocked(to);
	put_histograms(to, &dwell, DWELL_DWELL);
	put_open(to);
	put_outliers(to);
	put_numbers(to, &of_tasks, tasks, put_count);
	put_numbers(to, &of_cpu, oncpu, put_seconds);
}

/* ---- of dwell itself --------------------------------------------------------- */

static void put_losses(FILE *out, const struct prom *prom)
{
	static const char name[] = "dwell_events_lost_total";

	put_family(out, name, "counter", "What could not be counted, by reason.");
	for (int i = 0; i < DWELL_LOSSES; i++) {
		const struct prom_label label = {"reason", report_loss_name(i)};

		/* That a task is in its group's sums only is no loss to groups. */
		if (i == DWELL_LOSS_TASKS_FOLDED)
			continue;
		put_series(out, name, "", &label, 1);
		put_count(out, prom->losses[i]);
	}
}

static uint64_t suppressed(const struct dwell_outlier_counts *counts)
{
	return counts->suppressed;
}

static uint64_t lost(const struct dwell_outlier_counts *counts)
{
	return counts->lost;
}

static void put_outlier_losses(FILE *out, const struct prom *prom, const char *name,
			       const char *help,
			       uint64_t (*value)(const struct dwell_outlier_counts *counts))
{
	put_family(out, name, "counter", help);
	for (unsigned int i = 0; i < DWELL_MEASURES; i++) {
		const struct prom_label label = {"kind", outlier_kind(i)};
		wide count = value(&prom->outliers[i]);

		if (!is_kind(i))
			continue;
		if (i == DWELL_WOKEN)
			count += value(&prom->outliers[DWELL_PREEMPTED]);
		put_series(out, name, "", &label, 1);
		put_count(out, count);
	}
}

static void put_reductions(FILE *out, const struct reductions *reductions)
{
	static const char name[] = "dwell_reduction";

	if (reductions && reductions->count)
		put_family(out, name, "gauge",
			   "What is done without, as the kernel or the host refused it; always 1.");
	for (size_t i = 0; reductions && i < reductions->count; i++) {
		const struct prom_label label = {"name", reductions->list[i].name};

		put_series(out, name, "", &label, 1);
		put_count(out, 1);
	}
}

static void put_census(FILE *out, const struct series *series)
{
	static const char name[] = "dwell_groups";
	const struct series_census census = series_census(series);
	static const struct prom_label named = {"state", "named"}, folded = {"state", "folded"};

	put_family(out, name, "gauge",
		   "Groups of tasks that have series of their own, or are among " SERIES_OTHER ".");
	put_series(out, name, "", &named, 1);
	put_count(out, census.named);
	put_series(out, name, "", &folded, 1);
	put_count(out, census.folded);
	put_single(out, "dwell_group_admissions_total", "counter",
		   "Groups that were given series of their own.");
	put_count(out, census.admissions);
	put_single(out, "dwell_group_evictions_total", "counter",
		   "Groups that lost their series to more active ones.");
	put_count(out, census.evictions);
}

static void put_cost(FILE *out, const struct prom *prom)
{
	put_single(out, "dwell_bpf_run_seconds_total", "counter",
		   "Time in programs of the kernel side, estimated from a sample of their runs.");
	put_seconds(out, prom->bpf_ns);
	put_single(out, "dwell_bpf_runs_total", "counter",
		   "Runs of programs of the kernel side, counted in the size of the sample.");
	put_count(out, prom->bpf_runs);
	put_single(out, "dwell_cpu_seconds_total", "counter", "CPU time of the process.");
	put_seconds(out, prom->cpu_ns);
	if (prom->rss_bytes) {
		put_single(out, "dwell_resident_memory_bytes", "gauge",
			   "Resident memory of the process.");
		put_count(out, prom->rss_bytes);
	}
	if (isfinite(prom->overhead_ratio) && prom->overhead_ratio >= 0) {
		put_single(out, "dwell_overhead_ratio", "gauge",
			   "Cost of all of it, as a part of the time of all CPUs.");
		put_seconds(out, (wide)(prom->overhead_ratio * NS_PER_S));
	}
	put_single(out, "dwell_shed_level", "gauge",
		   "How much is left out to keep the cost down; 0: nothing.");
	put_count(out, prom->shed_level);
}

static void put_journal(FILE *out, const struct prom *prom)
{
	static const char name[] = "dwell_journal_lost_total";
	static const struct prom_label full = {"reason", "full"}, failed = {"reason", "failed"};

	put_family(out, name, "counter", "Incidents and messages that the journal did not take.");
	put_series(out, name, "", &full, 1);
	put_count(out, prom->journal_full);
	put_series(out, name, "", &failed, 1);
	put_count(out, prom->journal_failed);
}

static void put_export(FILE *out, const struct prom *prom)
{
	put_single(out, "dwell_export_duration_seconds", "gauge",
		   "How long the export before this one took.");
	put_seconds(out, prom->export_ns);
	put_single(out, "dwell_export_errors_total", "counter", "Exports that failed.");
	put_count(out, prom->export_errors);
	put_single(out, "dwell_last_export_timestamp_seconds", "gauge",
		   "Time of this export, since the epoch.");
	put_seconds(out, (wide)prom->exported.tv_sec * NS_PER_S + (wide)prom->exported.tv_nsec);
}

/* @name may be any bytes. */
static void put_named(FILE *out, const char *family, const char *key, const char *name,
		      uint64_t value)
{
	char clean[LABEL_LEN];
	const struct prom_label label = {key, label_write(clean, name, strlen(name))};

	put_series(out, family, "", &label, 1);
	put_count(out, value);
}

static void put_build(FILE *out, const struct prom *prom)
{
	static const char name[] = "dwell_bpf_program_attached";

	put_family(out, name, "gauge", "Whether a program of the kernel side is attached.");
	for (size_t i = 0; i < prom->nr_programs; i++)
		put_named(out, name, "program", prom->programs[i].name, prom->programs[i].attached);
	put_family(out, "dwell_build_info", "gauge", "Which dwell this is; always 1.");
	put_named(out, "dwell_build_info", "version", prom->version, 1);
}

int prom_write(FILE *out, const struct prom *prom)
{
	const struct writer to = {.out = out, .prom = prom, .key = series_key(prom->series)};

	errno = 0;
	put_groups(&to);
	put_reductions(out, prom->reductions);
	put_losses(out, prom);
	put_outlier_losses(out, prom, "dwell_outliers_suppressed_total",
			   "Outliers not reported, being too many.", suppressed);
	put_outlier_losses(out, prom, "dwell_outliers_lost_total",
			   "Outliers that found their buffer full.", lost);
	if (prom->hidden_tasks != UINT64_MAX) {
		put_single(out, "dwell_tasks_hidden", "gauge",
			   "Tasks that the kernel does not list.");
		put_count(out, prom->hidden_tasks);
	}
	put_census(out, prom->series);
	put_cost(out, prom);
	put_journal(out, prom);
	put_export(out, prom);
	put_build(out, prom);
	return output_flush(out);
}
