/* SPDX-License-Identifier: GPL-2.0-only */
/* Views of the model: rows by task or group, ranked and cut to a limit. */
#include "model/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/column.h"
#include "model/state.h"
#include "model/trim.h"

/* The source of one row, and its rank. One of the first four members is set. */
struct entry {
	const struct task *task;
	const struct ledger *ledger; /* a kernel timer's */
	const struct group *group;   /* has @members */
	const struct row *remainder; /* the sums of folded groups */
	const struct task **members;
	size_t nr_members;

	size_t listed;	 /* its place before the entries were sorted */
	uint64_t value;	 /* its rank, largest first */
	bool last;	 /* rows are sorted by a column that does not apply to it */
	uint64_t ids[4]; /* break ties, ascending; the id that is sorted by comes first */
	const char *comm;
};

struct entries {
	struct entry *entry;
	size_t count;
	const struct task **members; /* of all groups, side by side */
};

/* ---- filling rows ------------------------------------------------------- */

static int fill_kernel_timer(const struct ledger *ledger, struct row *row, enum row_by by)
{
	row->by = by;
	row->kernel_timer = true;
	row->function = ledger->key.function;
	row->timers = ledger->sums.counts;
	return dist_merge(&row->measure[DWELL_LATENESS], &ledger->sums.lateness);
}

static void name_group(const struct group *group, struct row *row, enum row_by by)
{
	if (by == ROW_BY_COMM) {
		memcpy(row->comm, group->key.name, sizeof(row->comm));
	} else if (by == ROW_BY_CGROUP) {
		row->cgroup = group->key.number;
	} else {
		row->pid = (uint32_t)group->key.number;
		row->cgroup = group->leader_cgroup;
		memcpy(row->comm, group->leader_comm, sizeof(row->comm));
	}
}

static enum grouping grouping_of(enum row_by by)
{
	return by == ROW_BY_PROCESS ? GROUP_PROCESS : by == ROW_BY_COMM ? GROUP_COMM : GROUP_CGROUP;
}

static int fill_group(struct model *model, const struct entry *entry, struct row *row,
		      enum row_by by, bool with_cells)
{
	int err = 0;

	row->by = by;
	name_group(entry->group, row, by);
	if (entry->group->settled)
		err = row_add(row, entry->group->settled);
	for (size_t i = 0; i < entry->nr_members && !err; i++) {
		row_reset(&model->roster.groups.scratch);
		err = task_fill_part(entry->members[i], grouping_of(by),
				     &model->roster.groups.scratch, with_cells);
		if (!err)
			err = row_add(row, &model->roster.groups.scratch);
	}
	return err;
}

static int fill(struct model *model, const struct entry *entry, struct row *row, enum row_by by,
		bool with_cells)
{
	if (entry->task)
		return task_fill(entry->task, row, with_cells);
	if (entry->ledger)
		return fill_kernel_timer(entry->ledger, row, by);
	if (entry->group)
		return fill_group(model, entry, row, by, with_cells);
	row->by = by;
	row->remainder = true;
	return row_add(row, entry->remainder);
}

/* ---- ranking ------------------------------------------------------------ */

static bool applies_to_kernel_timers(const struct column *sort)
{
	return !column_ascends(sort) && column_applies(sort, ROW_KERNEL_TIMER);
}

/* The id that rows are sorted by; the pid if they are not sorted by an id. */
static uint64_t first_id(const struct row *row, const struct column *sort)
{
	struct value value;

	if (sort->type != COLUMN_ID && sort->type != COLUMN_CGROUP)
		return row->pid;
	row_value(sort, row, &value); /* cannot fail: an id takes no memory */
	return value.number;
}

/* Sets what breaks ties, ids and a name, so that the same model gives the same order. */
static void set_ids(struct entry *entry, const struct row *row, const struct column *sort)
{
	const uint64_t ids[] = {first_id(row, sort), row->pid, row->tid, row->cgroup};

	memcpy(entry->ids, ids, sizeof(entry->ids));
	if (entry->ledger)
		entry->ids[0] = entry->ledger->key.function;
	entry->comm = "";
	if (entry->task && entry->task->known)
		entry->comm = entry->task->group[GROUP_COMM]->key.name;
	else if (entry->group)
		entry->comm = row->by == ROW_BY_PROCESS ? entry->group->leader_comm :
							  entry->group->key.name;
}

/* Ranks @entry by @row, which was filled from it. 0 or -ENOMEM. */
static int rank(struct entry *entry, const struct view *view, const struct row *row)
{
	set_ids(entry, row, view->sort);
	entry->last = row->remainder ||
		      (row->kernel_timer && !applies_to_kernel_timers(view->sort));
	/* The busiest comes first where the column does not apply. */
	entry->value = row->timers.armed;
	return entry->last ? 0 : row_rank(view->sort, row, &entry->value);
}

static int compare_entries(const void *a, const void *b, void *context)
{
	const struct entry *x = a, *y = b;
	const struct view *view = context;
	int names = strncmp(x->comm, y->comm, DWELL_COMM_LEN);

	if (x->last != y->last)
		return x->last - y->last;
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	if (view->sort->type == COLUMN_COMM && names)
		return names;
	for (size_t i = 0; i < sizeof(x->ids) / sizeof(x->ids[0]); i++)
		if (x->ids[i] != y->ids[i])
			return x->ids[i] < y->ids[i] ? -1 : 1;
	return names;
}

static void sort_entries(const struct view *view, struct entries *entries)
{
	qsort_r(entries->entry, entries->count, sizeof(*entries->entry), compare_entries,
		(void *)view);
}

/* ---- the view ----------------------------------------------------------- */

static void add_groups(struct model *model, struct entries *entries, enum grouping kind)
{
	struct group *group;
	struct task *task;
	size_t first = 0;

	for (group = model->roster.groups.by_key[kind]; group; group = group->hh.next) {
		entries->entry[entries->count++] = (struct entry){
			.group = group,
			.members = entries->members + first,
			.nr_members = group->tasks,
		};
		group->first = first;
		first += group->tasks;
	}
	for (task = model->roster.tasks; task; task = task->hh.next)
		entries->members[task->group[kind]->first++] = task;
	if (model->roster.groups.remainder[kind])
		entries->entry[entries->count++].remainder = model->roster.groups.remainder[kind];
}

/*
 * Lists the sources of all rows by @by. 0 or -ENOMEM; in either case the caller frees @entries
 * with free_entries().
 */
static int list_entries(struct model *model, enum row_by by, struct entries *entries)
{
	enum grouping kind = grouping_of(by);
	size_t tasks = HASH_COUNT(model->roster.tasks), groups;
	struct ledger *ledger;
	struct task *task;
	int err = groups_trim(&model->roster.groups, kind, false);

	if (err)
		return err;
	groups = HASH_COUNT(model->roster.groups.by_key[kind]);
	entries->entry = calloc((by == ROW_BY_TASK ? tasks : groups + 1) +
					HASH_COUNT(model->kernel_ledgers) + 1,
				sizeof(*entries->entry));
	entries->members = calloc(tasks + 1, sizeof(*entries->members));
	if (!entries->entry || !entries->members)
		return -ENOMEM;
	if (by != ROW_BY_TASK)
		add_groups(model, entries, kind);
	else
		for (task = model->roster.tasks; task; task = task->hh.next)
			entries->entry[entries->count++].task = task;
	for (ledger = model->kernel_ledgers; ledger; ledger = ledger->hh.next)
		entries->entry[entries->count++].ledger = ledger;
	return 0;
}

static void free_entries(struct entries *entries)
{
	free(entries->entry);
	free(entries->members);
}

/* Makes a row of each of @entries, in their order. 0 or -ENOMEM. */
static int fill_all(struct model *model, enum row_by by, const struct entries *entries,
		    struct rows *rows)
{
	int err = 0;

	rows->row = calloc(entries->count + 1, sizeof(*rows->row));
	if (!rows->row)
		return -ENOMEM;
	for (size_t i = 0; i < entries->count && !err; i++) {
		err = fill(model, &entries->entry[i], &rows->row[i], by, true);
		rows->count++;
	}
	return err;
}

/* Moves the @count rows at @row, which are in the listed order, to the places of their entries. */
static void move_rows(struct entry *entry, struct row *row, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct row first = row[i];
		size_t at = i, from;

		/* Rows move around in a circle: each to the place that the one before it left. */
		for (; (from = entry[at].listed) != i; at = from) {
			row[at] = row[from];
			entry[at].listed = at;
		}
		row[at] = first;
		entry[at].listed = at;
	}
}

/* Sorts @entries, and @rows with them, as @view says. 0 or -ENOMEM. */
static int put_in_order(const struct view *view, struct entries *entries, struct rows *rows)
{
	for (size_t i = 0; i < entries->count; i++) {
		int err = rank(&entries->entry[i], view, &rows->row[i]);

		if (err)
			return err;
		entries->entry[i].listed = i;
	}
	sort_entries(view, entries);
	move_rows(entries->entry, rows->row, rows->count);
	return 0;
}

/* Sorts @entries as @view says, filling only what ranks each. 0 or -ENOMEM. */
static int rank_all(struct model *model, const struct view *view, struct entries *entries)
{
	__attribute__((cleanup(row_clear))) struct row row = {0};

	for (size_t i = 0; i < entries->count; i++) {
		struct entry *entry = &entries->entry[i];
		int err;

		row_reset(&row);
		err = fill(model, entry, &row, view->by, view->sort->type == COLUMN_PERCENTILE);
		if (!err)
			err = rank(entry, view, &row);
		if (err)
			return err;
	}
	sort_entries(view, entries);
	return 0;
}

/* Makes the first rows of kernel timers and of all others, up to a limit each. 0 or -ENOMEM. */
static int fill_first(struct model *model, const struct view *view, const struct entries *entries,
		      struct rows *rows)
{
	size_t most = view->limit < entries->count / 2 ? 2 * view->limit : entries->count;
	size_t made[2] = {0};

	rows->row = calloc(most + 1, sizeof(*rows->row));
	if (!rows->row)
		return -ENOMEM;
	for (size_t i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->entry[i];
		int err;

		if (made[!!entry->ledger]++ >= view->limit) {
			rows->hidden++;
			continue;
		}
		err = fill(model, entry, &rows->row[rows->count++], view->by, true);
		if (err)
			return err;
	}
	return 0;
}

/* Makes the rows of @view from @entries. 0 or -ENOMEM. */
static int make_rows(struct model *model, const struct view *view, struct entries *entries,
		     struct rows *rows)
{
	int err;

	if (!view->limit || entries->count <= view->limit) {
		err = fill_all(model, view->by, entries, rows);
		return err ? err : put_in_order(view, entries, rows);
	}
	/* Only rows that are shown get their buckets: these are most of the work. */
	err = rank_all(model, view, entries);
	return err ? err : fill_first(model, view, entries, rows);
}

int model_rows(struct model *model, const struct view *view, struct rows *rows)
{
	__attribute__((cleanup(free_entries))) struct entries entries = {0};
	struct view sorted = *view;
	int err;

	if (!sorted.sort)
		sorted.sort = row_sort_key(0);
	memset(rows, 0, sizeof(*rows));
	err = list_entries(model, view->by, &entries);
	if (!err)
		err = make_rows(model, &sorted, &entries, rows);
	if (err)
		rows_free(rows);
	return err;
}

int model_rows_unranked(struct model *model, enum row_by by, struct rows *rows)
{
	__attribute__((cleanup(free_entries))) struct entries entries = {0};
	int err;

	memset(rows, 0, sizeof(*rows));
	err = list_entries(model, by, &entries);
	if (!err)
		err = fill_all(model, by, &entries, rows);
	if (err)
		rows_free(rows);
	return err;
}

void rows_free(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		row_clear(&rows->row[i]);
	free(rows->row);
	memset(rows, 0, sizeof(*rows));
}
