// SPDX-License-Identifier: GPL-2.0-only
/* Tests of series: exact sums whoever comes and goes, who is named when, names made labels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/row.h"
#include "export/series.h"

#include "harness/unit/records.h"

#define COUNTERS (sizeof(struct counters) / sizeof(wide))

/* ---- a model made by hand ---------------------------------------------------- */

#define WORLD_MAX 20000

/* Rows as the model gives them. The first is of groups that it forgot, the second the kernel's. */
struct world {
	struct row *row;
	struct rows rows;
	struct series *series;
	uint64_t now;
	uint64_t outliers[DWELL_MEASURES]; /* that were told to it */
};

static const char *cgroup_name(void *context, uint64_t id);

static struct world world_of(enum row_by by, size_t limit)
{
	const struct series_options options = {
		.by = by, .limit = limit, .naming = {.cgroup = cgroup_name}};
	struct world world = {.row = calloc(WORLD_MAX, sizeof(struct row)),
			      .series = series_new(&options),
			      .now = WINDOW_START};

	assert_true(world.row && world.series);
	world.rows = (struct rows){.row = world.row, .count = 2};
	world.row[0].remainder = true;
	world.row[1].kernel_timer = true;
	return world;
}

static void world_free(struct world *world)
{
	for (size_t i = 0; i < world->rows.count; i++)
		row_clear(&world->row[i]);
	free(world->row);
	series_free(world->series);
}

static struct row *add_comm(struct world *world, const char *comm)
{
	struct row *row = &world->row[world->rows.count++];

	assert_true(world->rows.count <= WORLD_MAX);
	*row = (struct row){.by = ROW_BY_COMM, .tasks = 1, .live = 1};
	memcpy(row->comm, comm, strnlen(comm, sizeof(row->comm)));
	return row;
}

static struct row *add_cgroup(struct world *world, uint64_t id)
{
	struct row *row = add_comm(world, "");

	row->by = ROW_BY_CGROUP;
	row->cgroup = id;
	return row;
}

/* As the model does with a group that has had no task for long. */
static void forget(struct world *world, struct row *row)
{
	row->live = 0;
	row->timers.outstanding = 0;
	assert_int_equal(row_add(&world->row[0], row), 0);
	row_clear(row);
	*row = world->row[--world->rows.count];
}

static void update(struct world *world)
{
	series_update(world->series, &world->rows, world->now);
	world->now += 15 * SECOND;
}

/* The group of that label; its counters are NULL if there is none. */
static struct series_group group_of(const struct world *world, const char *label)
{
	for (size_t i = 0; i < series_count(world->series); i++) {
		struct series_group group = series_at(world->series, i);

		if (!strcmp(group.label, label))
			return group;
	}
	return (struct series_group){0};
}

static bool is_named(const struct world *world, const char *label)
{
	return group_of(world, label).counters != NULL;
}

static uint64_t armed_of(const struct world *world, const char *label)
{
	struct series_group group = group_of(world, label);

	assert_non_null(group.counters);
	return (uint64_t)group.counters->armed;
}

static void add_interval(struct row *row, enum dwell_measure measure, uint64_t ns)
{
	assert_int_equal(dist_add(&row->measure[measure], dwell_bucket(ns), 1), 0);
	row->measure[measure].sum += ns;
}

/* ---- exact sums -------------------------------------------------------------- */

#define LABELS 400

/* What a collector of the series saw: the last value of each, and how much all grew. */
struct collector {
	struct {
		char label[LABEL_LEN];
		struct counters last;
		bool was_there;
	} seen[LABELS];
	size_t count;
	bool began; /* there was a collection before */
	wide grown[COUNTERS];
};

static const wide *flat(const struct counters *counters)
{
	return (const wide *)counters;
}

static void collect_group(struct collector *collector, const struct series_group *group)
{
	static const struct counters none;
	const wide *now = flat(group->counters), *last;
	size_t at = 0;

	while (at < collector->count && strcmp(collector->seen[at].label, group->label) != 0)
		at++;
	assert_true(at < LABELS);
	if (at == collector->count)
		strcpy(collector->seen[collector->count++].label, group->label);
	last = flat(&collector->seen[at].last);
	/* One that appears begins at 0, or where it ended: nothing happened while it was away. */
	if (!collector->seen[at].was_there && memcmp(now, last, sizeof(struct counters)) != 0) {
		if (collector->began)
			assert_memory_equal(now, &none, sizeof(none));
		last = flat(&none);
	}
	for (size_t i = 0; i < COUNTERS; i++) {
		assert_true(now[i] >= last[i]);
		collector->grown[i] += now[i] - last[i];
	}
	collector->seen[at].last = *group->counters;
	collector->seen[at].was_there = true;
}

static bool is_among(const struct series *series, const char *label)
{
	for (size_t i = 0; i < series_count(series); i++)
		if (!strcmp(series_at(series, i).label, label))
			return true;
	return false;
}

static void collect(struct collector *collector, const struct series *series, size_t limit)
{
	assert_true(series_count(series) <= limit + 2);
	for (size_t i = 0; i < series_count(series); i++) {
		struct series_group group = series_at(series, i);

		/* Named ones in order, each once. */
		if (i && i < series_count(series) - 2)
			assert_true(strcmp(series_at(series, i - 1).label, group.label) < 0);
		collect_group(collector, &group);
	}
	for (size_t i = 0; i < collector->count; i++)
		collector->seen[i].was_there = is_among(series, collector->seen[i].label);
	collector->began = true;
}

static void check_total(const struct collector *collector, const struct world *world)
{
	struct counters total = {0};
	uint64_t tasks = 0, outstanding = 0;

	for (size_t i = 0; i < world->rows.count; i++) {
		counters_add_row(&total, &world->row[i]);
		tasks += world->row[i].live;
		outstanding += world->row[i].timers.outstanding;
	}
	for (int i = 0; i < DWELL_MEASURES; i++)
		total.outliers[i] = world->outliers[i];
	assert_memory_equal(collector->grown, &total, sizeof(total));
	for (size_t i = 0; i < series_count(world->series); i++) {
		tasks -= series_at(world->series, i).tasks;
		outstanding -= series_at(world->series, i).outstanding;
	}
	assert_int_equal(tasks, 0);
	assert_int_equal(outstanding, 0);
}

/* Some are busy now, others later. */
static void live_a_little(struct row *row, int busy)
{
	row->timers.armed += rand() % 3;
	row->timers.expired += rand() % 3;
	row->timers.cancelled += rand() % 2;
	row->timers.outstanding = rand() % 4;
	row->live = rand() % 3;
	row->oncpu_ns += (uint64_t)(rand() % 1000) << busy;
	row->blocked_ns[rand() % DWELL_BLOCKS] += rand() % 100000;
	for (int i = rand() % 10; i; i--)
		add_interval(row, rand() % DWELL_MEASURES, 100ULL << rand() % 30);
}

static void tell_outliers(struct world *world)
{
	for (int i = rand() % 20; i; i--) {
		const struct row *row = &world->row[2 + rand() % (world->rows.count + 3)];
		struct dwell_outlier outlier = {.measure = rand() % DWELL_MEASURES,
						.cgroup = row->cgroup};

		memcpy(outlier.comm, row->comm, sizeof(outlier.comm));
		series_count_outlier(world->series, &outlier);
		world->outliers[outlier.measure]++;
	}
}

static void run_history(enum row_by by, size_t limit)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	struct world world = world_of(by, limit);

	assert_non_null(collector);
	srand(3);
	update(&world);
	collect(collector, world.series, limit);
	for (int round = 0; round < 600; round++) {
		for (int i = rand() % 3; i && world.rows.count < 60; i--) {
			char comm[32];

			/* Cgroups share names; of comms there is one each, or one that was before. */
			snprintf(comm, sizeof(comm), "comm%d", rand() % 90);
			if (by == ROW_BY_CGROUP)
				add_cgroup(&world, 1000 + rand() % 100000);
			else if (!row_of_comm(&world.rows, comm))
				add_comm(&world, comm);
		}
		for (size_t i = 1; i < world.rows.count; i++)
			if (rand() % 3)
				live_a_little(&world.row[i], (i * 7 + round / 40) % 16);
		world.row[1].live = 0; /* the kernel's timers are no tasks */
		if (world.rows.count > 20 && rand() % 2)
			forget(&world, &world.row[2 + rand() % (world.rows.count - 2)]);
		tell_outliers(&world);
		update(&world);
		collect(collector, world.series, limit);
		check_total(collector, &world);
	}
	/* Or else nothing was tried. */
	if (limit && limit < 50)
		assert_true(series_census(world.series).evictions > 5);
	world_free(&world);
	free(collector);
}

/* Several ids have one name each; of some none is known, at first or ever. */
static const char *cgroup_name(void *context, uint64_t id)
{
	static char name[32];

	(void)context;
	if (id % 7 == 0 || (id % 5 == 0 && rand() % 4))
		return NULL;
	snprintf(name, sizeof(name), "/slice/%d", (int)(id % 40));
	return name;
}

static void sums_of_comms_are_exact_through_all_changes(void **state)
{
	(void)state;
	run_history(ROW_BY_COMM, 4);
	run_history(ROW_BY_COMM, 0);
	run_history(ROW_BY_COMM, 200);
}

static void sums_of_cgroups_are_exact_through_all_changes(void **state)
{
	(void)state;
	run_history(ROW_BY_CGROUP, 4);
	run_history(ROW_BY_CGROUP, 15);
}

static void more_than_can_be_known_is_counted_all_the_same(void **state)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	struct world world = world_of(ROW_BY_COMM, 4);
	uint64_t armed = 0;
	struct row *late;

	(void)state;
	assert_non_null(collector);
	add_comm(&world, "early");
	for (int round = 0; round < 8; round++) {
		for (int i = 0; i < 2400; i++) {
			char comm[32];

			snprintf(comm, sizeof(comm), "c%d-%d", round, i);
			add_comm(&world, comm)->timers.armed = 1;
		}
		world.row[2].oncpu_ns += SECOND;
		world.row[2].timers.armed += 5;
		update(&world);
		assert_int_equal(is_named(&world, "early"), round > 0);
	}
	assert_int_equal(series_census(world.series).folded, 8 * 2400 + 1 - 4);
	assert_int_equal(armed_of(&world, "early"), 6 * 5);
	for (size_t i = 0; i < series_count(world.series); i++)
		armed += (uint64_t)series_at(world.series, i).counters->armed;
	assert_int_equal(armed, 8 * 2400 + 8 * 5);
	/* There is room again: what was not known has a past, which is the others'. */
	while (world.rows.count > 100)
		forget(&world, &world.row[3]);
	late = &world.row[50];
	late->oncpu_ns = 1000 * SECOND;
	update(&world);
	collect(collector, world.series, 4);
	memset(collector->grown, 0, sizeof(collector->grown));
	for (int i = 0; i < 10; i++) {
		late->oncpu_ns += SECOND;
		late->timers.armed += 3;
		update(&world);
		collect(collector, world.series, 4);
	}
	assert_int_equal(collector->grown[0], 30);
	world_free(&world);
	free(collector);
}

/* Cgroups that found no room are later known after all, under a name that has series. */
static void what_finds_room_late_brings_no_past(void **state)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	struct world world = world_of(ROW_BY_CGROUP, 4);
	uint64_t before = 0;

	(void)state;
	assert_non_null(collector);
	update(&world);
	collect(collector, world.series, 4);
	for (int round = 0; round < 12; round++) {
		if (round == 3)
			for (uint64_t id = 1; id <= 17000; id++)
				add_cgroup(&world, 40 * id + 1);
		/* In the place of each comes the last one. */
		for (size_t i = 3; round == 8 && i < 5000; i++)
			forget(&world, &world.row[i]);
		if (round == 0)
			add_cgroup(&world, 1);
		/* At the end all but one have exited, which had found no room. */
		for (size_t i = 2; i < world.rows.count; i++) {
			world.row[i].live = round < 8 || i == 4;
			world.row[i].timers.armed += 5 * world.row[i].live;
			world.row[i].oncpu_ns += MS * world.row[i].live;
		}
		before = round > 1 ? armed_of(&world, "/slice/1") : 0;
		update(&world);
		collect(collector, world.series, 4);
		check_total(collector, &world);
	}
	/* There are far more of that name than pasts are kept: who is idle makes room. */
	assert_int_equal(armed_of(&world, "/slice/1"), before + 5);
	world_free(&world);
	free(collector);
}

/* ---- who is named ------------------------------------------------------------ */

static void nobody_is_named_at_first_and_zeroes_are_there(void **state)
{
	static const struct counters none;
	struct world world = world_of(ROW_BY_COMM, 2);
	struct row *row;

	(void)state;
	update(&world);
	assert_int_equal(series_count(world.series), 2);
	assert_memory_equal(group_of(&world, SERIES_OTHER).counters, &none, sizeof(none));
	assert_memory_equal(group_of(&world, SERIES_KERNEL).counters, &none, sizeof(none));
	row = add_comm(&world, "first");
	row->oncpu_ns = SECOND;
	row->timers.armed = 7;
	update(&world);
	/* A counter that appears with a value would hide it from rate(). */
	assert_memory_equal(group_of(&world, "first").counters, &none, sizeof(none));
	assert_int_equal(armed_of(&world, SERIES_OTHER), 7);
	row->timers.armed += 5;
	update(&world);
	assert_int_equal(armed_of(&world, "first"), 5);
	assert_int_equal(armed_of(&world, SERIES_OTHER), 7);
	assert_int_equal(group_of(&world, "first").tasks, 1);
	world_free(&world);
}

/* Two are named, of 10 and 20 ms a second. */
static struct world two_named(void)
{
	struct world world = world_of(ROW_BY_COMM, 2);

	update(&world);
	add_comm(&world, "ten");
	add_comm(&world, "twenty");
	add_comm(&world, "new");
	for (int i = 0; i < 100; i++) {
		world.row[2].oncpu_ns += 150 * MS;
		world.row[3].oncpu_ns += 300 * MS;
		update(&world);
	}
	assert_true(is_named(&world, "ten") && is_named(&world, "twenty"));
	return world;
}

static void go_on(struct world *world, uint64_t ms_of_new)
{
	world->row[2].oncpu_ns += 150 * MS;
	world->row[3].oncpu_ns += 300 * MS;
	world->row[4].oncpu_ns += ms_of_new * MS;
	world->row[2].timers.armed++;
	world->row[4].timers.armed++;
	update(world);
}

static void who_is_little_more_active_takes_no_place(void **state)
{
	struct world world = two_named();

	(void)state;
	for (int i = 0; i < 500; i++)
		go_on(&world, 280);
	assert_false(is_named(&world, "new"));
	assert_int_equal(series_census(world.series).evictions, 0);
	world_free(&world);
}

static void who_is_clearly_more_active_takes_the_least_active_ones_place(void **state)
{
	struct world world = two_named();
	int updates = 0;

	(void)state;
	/* At once far more: patience is what it takes. */
	while (!is_named(&world, "new")) {
		go_on(&world, 100000);
		updates++;
	}
	assert_int_equal(updates, 4);
	assert_false(is_named(&world, "ten"));
	assert_true(is_named(&world, "twenty"));
	assert_int_equal(series_census(world.series).admissions, 3);
	assert_int_equal(series_census(world.series).evictions, 1);
	assert_int_equal(series_census(world.series).named, 2);
	assert_int_equal(series_census(world.series).folded, 1);
	world_free(&world);
}

static void a_short_burst_takes_no_place(void **state)
{
	struct world world = two_named();

	(void)state;
	for (int i = 0; i < 20; i++) {
		/* More than twice as much for three updates, then nothing for long. */
		for (int j = 0; j < 3; j++)
			go_on(&world, 600);
		for (int j = 0; j < 150; j++)
			go_on(&world, 0);
	}
	assert_int_equal(series_census(world.series).evictions, 0);
	world_free(&world);
}

static void who_returns_goes_on_where_it_was(void **state)
{
	struct world world = two_named();
	uint64_t before, other;

	(void)state;
	go_on(&world, 0);
	before = armed_of(&world, "ten");
	assert_true(before > 0);
	while (!is_named(&world, "new")) {
		before = armed_of(&world, "ten");
		go_on(&world, 100000);
	}
	other = armed_of(&world, SERIES_OTHER);
	for (int i = 0; i < 10; i++)
		go_on(&world, 100000);
	assert_int_equal(armed_of(&world, SERIES_OTHER), other + 10);
	while (!is_named(&world, "ten")) {
		world.row[2].oncpu_ns += 1000 * SECOND;
		go_on(&world, 0);
	}
	assert_int_equal(armed_of(&world, "ten"), before);
	go_on(&world, 0);
	assert_int_equal(armed_of(&world, "ten"), before + 1);
	world_free(&world);
}

static void who_only_sleeps_is_not_active(void **state)
{
	struct world world = world_of(ROW_BY_COMM, 2);
	struct row *sleeper = add_comm(&world, "sleeper"), *stuck = add_comm(&world, "stuck"),
		   *waiting = add_comm(&world, "waiting");

	(void)state;
	for (int i = 0; i < 3; i++) {
		update(&world);
		sleeper->blocked_ns[DWELL_BLOCK_S] += 15 * SECOND;
		add_interval(sleeper, DWELL_BLOCKED, 15 * SECOND);
		stuck->blocked_ns[DWELL_BLOCK_D] += MS;
		add_interval(waiting, DWELL_THROTTLED, MS);
	}
	assert_false(is_named(&world, "sleeper"));
	assert_true(is_named(&world, "stuck") && is_named(&world, "waiting"));
	world_free(&world);
}

/* ---- outliers ---------------------------------------------------------------- */

static void outliers_count_where_their_group_is(void **state)
{
	struct world world = two_named();
	struct dwell_outlier outlier = {.measure = DWELL_BLOCKED, .comm = "ten"};

	(void)state;
	series_count_outlier(world.series, &outlier);
	outlier.measure = DWELL_DWELL;
	series_count_outlier(world.series, &outlier);
	series_count_outlier(world.series, &outlier);
	outlier.open = 1; /* counts when it ends */
	series_count_outlier(world.series, &outlier);
	outlier.open = 0;
	strcpy(outlier.comm, "new");
	series_count_outlier(world.series, &outlier);
	strcpy(outlier.comm, "never seen");
	series_count_outlier(world.series, &outlier);
	outlier.measure = DWELL_MEASURES; /* none that is known */
	series_count_outlier(world.series, &outlier);
	update(&world);
	assert_int_equal(group_of(&world, "ten").counters->outliers[DWELL_BLOCKED], 1);
	assert_int_equal(group_of(&world, "ten").counters->outliers[DWELL_DWELL], 2);
	assert_int_equal(group_of(&world, "twenty").counters->outliers[DWELL_DWELL], 0);
	assert_int_equal(group_of(&world, SERIES_OTHER).counters->outliers[DWELL_DWELL], 2);
	world_free(&world);
}

static void who_has_outliers_is_active(void **state)
{
	struct world world = two_named();
	const struct dwell_outlier outlier = {.measure = DWELL_BLOCKED, .comm = "new"};
	int updates = 0;

	(void)state;
	while (!is_named(&world, "new") && updates++ < 200) {
		for (int i = 0; i < 45; i++)
			series_count_outlier(world.series, &outlier);
		go_on(&world, 0);
	}
	assert_true(is_named(&world, "new"));
	world_free(&world);
}

/* ---- labels ------------------------------------------------------------------ */

static void hostile_names_are_harmless_labels(void **state)
{
	static const struct {
		const char *name, *label;
	} names[] = {
		{"bash", "bash"},
		{"a b", "a b"},
		{"a\nb\x1b", "a\\x0ab\\x1b"},
		{"\xff\xc3", "\\xff\\xc3"},
		{"a\"b", "a\"b"},
		{"a\\x1b", "a\\x5cx1b"},
		{SERIES_OTHER, "\\x7eother"},
		{"~", "\\x7e"},
		{"a~", "a~"},
		{"\\x7eother", "\\x5cx7eother"},
		{"", ""},
	};
	char label[LABEL_LEN], name[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(label_write(label, names[i].name, strlen(names[i].name)),
				    names[i].label);
	memset(name, '\x01', sizeof(name));
	label_write(label, name, sizeof(name));
	assert_int_equal(strlen(label), (LABEL_LEN - 1) / 4 * 4);
	name[0] = '~';
	label_write(label, name, sizeof(name));
	assert_int_equal(strlen(label), (LABEL_LEN - 1) / 4 * 4);
	assert_string_equal(label_write(label, "~", 1), "\\x7e");
	assert_string_equal(label_write(label, "", 0), "");
}

static void who_is_called_other_is_not_the_others(void **state)
{
	struct world world = world_of(ROW_BY_COMM, 3);
	struct row *other = add_comm(&world, SERIES_OTHER), *nameless = add_comm(&world, "");

	(void)state;
	for (int i = 0; i < 3; i++) {
		update(&world);
		other->timers.armed += 10;
		nameless->timers.armed += 100;
	}
	assert_int_equal(armed_of(&world, "\\x7eother"), 10);
	assert_int_equal(armed_of(&world, SERIES_OTHER), 210);
	assert_int_equal(series_count(world.series), 3);
	world_free(&world);
}

static void cgroups_of_one_name_are_one_group(void **state)
{
	struct world world = world_of(ROW_BY_CGROUP, 3);
	struct row *old = add_cgroup(&world, 41), *new = add_cgroup(&world, 81),
		   *unknown = add_cgroup(&world, 7);

	(void)state;
	for (int i = 0; i < 3; i++) {
		update(&world);
		old->timers.armed += 1;
		new->timers.armed += 10;
		unknown->timers.armed += 100;
	}
	assert_string_equal(series_key(world.series), "cgroup");
	assert_int_equal(armed_of(&world, "/slice/1"), 11);
	assert_int_equal(group_of(&world, "/slice/1").tasks, 2);
	assert_int_equal(armed_of(&world, SERIES_OTHER), 211);
	/* Started again: all of it is the group's, from its first moment on. */
	new = add_cgroup(&world, 121);
	new->timers.armed = 1000;
	update(&world);
	assert_int_equal(armed_of(&world, "/slice/1"), 1022);
	assert_int_equal(series_census(world.series).folded, 1);
	world_free(&world);
}

/* ---- the kernel's timers ----------------------------------------------------- */

static void the_kernels_timers_are_a_group_of_their_own(void **state)
{
	struct world world = world_of(ROW_BY_COMM, 3);
	struct row *tick = &world.row[1];

	(void)state;
	tick->timers.armed = 5;
	tick->timers.outstanding = 2;
	update(&world);
	tick->timers.armed += 5;
	add_interval(tick, DWELL_LATENESS, MS);
	update(&world);
	assert_int_equal(armed_of(&world, SERIES_KERNEL), 10);
	assert_true(group_of(&world, SERIES_KERNEL).kernel);
	assert_int_equal(group_of(&world, SERIES_KERNEL).outstanding, 2);
	assert_int_equal(group_of(&world, SERIES_OTHER).outstanding, 0);
	assert_int_equal(armed_of(&world, SERIES_OTHER), 0);
	assert_int_equal(group_of(&world, SERIES_KERNEL).counters->measure[DWELL_LATENESS].sum, MS);
	assert_int_equal(series_census(world.series).folded, 0);
	world_free(&world);
}

/* ---- buckets ----------------------------------------------------------------- */

static void bounds_are_inclusive_and_buckets_exact(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < HISTOGRAM_BOUNDS; i++)
		for (int off = -1; off <= 1; off++) {
			uint64_t ns = histogram_bound(i) + off;
			struct histogram histogram = {0};
			struct row row = {0};

			add_interval(&row, DWELL_WOKEN, ns);
			histogram_add_dist(&histogram, &row.measure[DWELL_WOKEN]);
			for (unsigned int j = 0; j <= HISTOGRAM_BOUNDS; j++)
				assert_int_equal(histogram.bucket[j], j == i + (off > 0));
			assert_int_equal(histogram.sum, ns);
			row_clear(&row);
		}
	/* No bucket of a distribution lies in two. */
	for (uint32_t bucket = 0; bucket + 1 < DWELL_BUCKETS; bucket++)
		for (unsigned int i = 0; i < HISTOGRAM_BOUNDS; i++)
			assert_false(dist_bucket_start(bucket) <= histogram_bound(i) &&
				     histogram_bound(i) < dist_bucket_start(bucket + 1) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_of_comms_are_exact_through_all_changes),
		cmocka_unit_test(sums_of_cgroups_are_exact_through_all_changes),
		cmocka_unit_test(more_than_can_be_known_is_counted_all_the_same),
		cmocka_unit_test(what_finds_room_late_brings_no_past),
		cmocka_unit_test(nobody_is_named_at_first_and_zeroes_are_there),
		cmocka_unit_test(who_is_little_more_active_takes_no_place),
		cmocka_unit_test(who_is_clearly_more_active_takes_the_least_active_ones_place),
		cmocka_unit_test(a_short_burst_takes_no_place),
		cmocka_unit_test(who_returns_goes_on_where_it_was),
		cmocka_unit_test(who_only_sleeps_is_not_active),
		cmocka_unit_test(outliers_count_where_their_group_is),
		cmocka_unit_test(who_has_outliers_is_active),
		cmocka_unit_test(hostile_names_are_harmless_labels),
		cmocka_unit_test(who_is_called_other_is_not_the_others),
		cmocka_unit_test(cgroups_of_one_name_are_one_group),
		cmocka_unit_test(the_kernels_timers_are_a_group_of_their_own),
		cmocka_unit_test(bounds_are_inclusive_and_buckets_exact),
	};

	return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
