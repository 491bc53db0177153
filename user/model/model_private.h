/* SPDX-License-Identifier: GPL-2.0-only */
/* The model's inside, as shared by the files that take records in and make rows of them. */
#ifndef DWELL_MODEL_MODEL_PRIVATE_H
#define DWELL_MODEL_MODEL_PRIVATE_H

#include "model/model.h"
#include "base/saturate.h"

/* Without memory a hash leaves the item out, which the caller notices by its empty handle. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* What tasks are summed by. */
enum grouping { GROUP_PROCESS, GROUP_COMM, GROUP_CGROUP, GROUPINGS };

struct group_key {
	uint64_t number;     /* pid, cgroup id */
	uint64_t generation; /* 0; of an earlier process with the same pid its serial */
	char name[DWELL_COMM_LEN];
};

/*
 * A process, a comm or a cgroup. Its sums are those of its tasks, less what
 * each had when it came from elsewhere, and what is settled: what folded tasks
 * had, and what others had when they left.
 */
struct group {
	struct group_key key;
	uint64_t tasks;		   /* members in the model; without any it waits in the idle list */
	struct row *settled;	   /* owned; NULL: nothing */
	struct group *prev, *next; /* idle list */
	size_t first;		   /* of its members, while rows are made */
	uint64_t serial;	   /* no other group has it */

	/* Of a process. */
	uint64_t leader_start;	/* 0: its leader was never seen */
	uint64_t leader_ended;	/* mono; 0: not known */
	uint64_t leader_cgroup; /* or the first seen task's; so is the name */
	char leader_comm[DWELL_COMM_LEN];

	UT_hash_handle hh;
};

/* Names one task. */
struct task_id {
	uint32_t tid;
	uint32_t displaced; /* 1: a former group leader, whose tid and start another thread took */
	uint64_t start;
};

/* One bucket in use of one measure: half of the tasks' memory, so as small as can be. */
struct task_cell {
	uint16_t place; /* measure * DWELL_BUCKETS + bucket */
	uint16_t count;
};

/* The timers of a task that are not its sleeps. Few tasks have any. */
struct owned_timers {
	struct timer_counts counts;
	struct dist lateness;
};

/* What the model keeps of a task, live or exited. */
struct task {
	struct task_id id;
	bool known; /* a record was seen; else only timers that name it as their owner */
	bool exited;
	bool kthread;
	bool began_earlier;
	bool sleeper; /* its sleep's timer is armed */
	uint8_t state;
	uint8_t block;
	uint16_t cells_used;

	/*
	 * Which record the scalars are from: its epoch, made odd for one that
	 * hands buckets over; and the first epoch whose buckets are not yet kept.
	 */
	uint32_t version;
	uint32_t next_epoch;
	uint32_t cells_epoch;
	uint32_t seen_at; /* the last read that showed it alive, counted from 1; 0: none did */

	struct group *group[GROUPINGS];
	struct row *base[GROUPINGS]; /* owned; what it had when it joined; NULL: nothing */

	uint64_t state_age_ns;
	uint64_t state_window_ns; /* as much of that as lies in the window */
	uint64_t dwell_age_ns;	  /* of the dwell that goes on; 0: none does */
	uint64_t dwell_window_ns;
	uint64_t oncpu_ns; /* without the run that was not over at the read */
	uint64_t voluntary;
	uint64_t involuntary;
	uint64_t blocked_ns[DWELL_BLOCKS];
	struct timer_counts timers; /* of its sleeps */
	uint64_t sum[DWELL_MEASURES];
	uint64_t max[DWELL_MEASURES];

	struct task_cell *cells;    /* owned; the latest record's buckets, ascending */
	struct dist *kept;	    /* owned array by measure, or NULL; from hand-overs */
	struct owned_timers *owned; /* owned, or NULL */

	UT_hash_handle hh;
};

/* What is counted of timers: of a ledger, or of several together. */
struct timer_sums {
	struct timer_counts counts;
	uint64_t before;
	uint64_t woke;
	uint64_t callback_ns;
	uint64_t slack_granted;
	uint64_t slack_used;
	struct dist lateness;
	struct dist timeout;
};

/* What a ledger came to at each of the model's samples. */
#define COURSE_SAMPLES 64 /* even; when there is no room, every second one is dropped */
struct course {
	uint64_t armed[COURSE_SAMPLES];
	uint64_t outstanding[COURSE_SAMPLES];
};

/* Adds @course to @sum. */
void course_add(struct course *sum, const struct course *course);

struct ledger_site {
	uint64_t samples;
	uint64_t stack[DWELL_STACK_DEPTH];
	uint64_t user_stack[DWELL_STACK_DEPTH];
	struct ledger_site *next;
};

/*
 * A ledger as last read: of a task's timers of one API and callback, or of the
 * kernel's. With that tid it is of exited tasks that are not kept apart.
 */
#define LEDGER_REMAINDER UINT32_MAX
struct ledger {
	struct dwell_timer_key key;
	struct timer_sums sums;
	struct timer_sums *earlier; /* owned, or NULL; of what the kernel side has forgotten */
	uint64_t oldest;	    /* mono: when the oldest armed one was armed; 0: none is */
	int64_t due;		    /* mono: when the next one is due; 0: none is */
	struct course *course;	    /* owned, or NULL */
	struct ledger_site *sites;  /* owned list */
	/* Its owner, once that has exited. */
	bool exited;
	uint64_t process; /* the serial of that group */
	uint64_t cgroup;
	char comm[DWELL_COMM_LEN];
	UT_hash_handle hh;
};

/* A task that has exited since the ledger was read last, and may have timers in it. */
struct leaver {
	struct task_id id;
	uint64_t process;
	uint64_t cgroup;
	char comm[DWELL_COMM_LEN];
	UT_hash_handle hh;
};

struct model {
	size_t exited_limit;
	uint64_t window_start, window_end;
	uint64_t losses[DWELL_LOSSES];	   /* told by the source */
	uint64_t own_losses[DWELL_LOSSES]; /* counted here */
	uint64_t live, exited;
	size_t exited_kept;
	uint64_t serials;
	size_t processes_limit;	    /* of exited ones that are kept apart: */
	enum row_key processes_key; /* those that rank first by this */
	uint32_t reads;		    /* of all live tasks, this one included; from 1 */
	uint32_t lost_at;	    /* the last one before which last records were lost; 0: none */

	struct task *tasks;
	struct group *groups[GROUPINGS];
	struct group *idle[GROUPINGS]; /* without members, longest idle first */
	size_t idle_count[GROUPINGS];
	struct row *remainder[GROUPINGS]; /* owned, or NULL; what idle groups beyond the limit had */

	struct ledger *user_ledgers;   /* by owner and callback */
	struct ledger *kernel_ledgers; /* by callback */
	bool keeps_ledger;	       /* and forgets owners that exit */
	struct leaver *leavers;
	size_t ledgers_left_limit;
	size_t ledgers_left;		    /* of tasks that have exited */
	uint64_t sample_at[COURSE_SAMPLES]; /* mono */
	size_t samples;
	unsigned int sample_every, sample_skipped; /* only each so many-th is kept */

	struct row scratch;
};

/* Removes the intervals of @base from @dist, of which they are a part. */
void dist_subtract(struct dist *dist, const struct dist *base);

/* Adds the counters of @from to @row; neither identity nor state. 0 or -ENOMEM. */
int row_add(struct row *row, const struct row *from);

/* Removes the counters of @base from @row, of which they are a part. What is no counter stays. */
void row_subtract(struct row *row, const struct row *base);

/* Empties @row but keeps its memory for the next use. */
void row_reset(struct row *row);

/* Frees what @row holds and makes it empty. */
void row_clear(struct row *row);

/* Has @row hold no open intervals: for one that is to be kept. */
void row_close(struct row *row);

/*
 * What ranks @row under @key: the larger, the further up; 0 where that is a name or an id.
 * Percentiles need cells. 0 or -ENOMEM.
 */
int row_value(const struct row *row, enum row_key key, uint64_t *value);

/* An empty row on the heap, or NULL; freed, if there is one, by row_free(). */
struct row *row_new(void);
void row_free(struct row *row);

/*
 * The group of @number and @name (the one that its kind needs; the other 0 and
 * NULL), made if it is not there. NULL without memory.
 */
struct group *group_get(struct model *model, enum grouping kind, uint64_t number, const char *name);

/* The process @pid if it is known, else NULL. */
struct group *process_find(struct model *model, uint32_t pid);

/*
 * Makes @task a member of @group: what it counts from now on counts there. What
 * it had before stays in its earlier group, if any. 0 or -ENOMEM.
 */
int group_join(struct model *model, enum grouping kind, struct task *task, struct group *group);

/* Takes @task out of all its groups; what it had stays there if @settle. 0 or -ENOMEM. */
int groups_leave(struct model *model, struct task *task, bool settle);

/*
 * Adds @row to what is settled in @group, which may be gone then; NULL: to what is left of
 * those that are gone. 0 or -ENOMEM.
 */
int group_settle(struct model *model, enum grouping kind, struct group *group,
		 const struct row *row);

/*
 * A process whose leader is another task than before is another process: the
 * earlier one keeps its sums under a key of its own. The process of the task
 * @tid of @pid that started at @start; NULL without memory.
 */
struct group *process_get(struct model *model, uint32_t pid, uint32_t tid, uint64_t start);

/* Fills the empty @row with @task's part of its group. 0 or -ENOMEM. */
int task_fill_part(const struct task *task, enum grouping kind, struct row *row, bool with_cells);

/* The process of that @pid which has @serial, also if the pid is another's by now; NULL: it is gone. */
struct group *process_find_serial(struct model *model, uint32_t pid, uint64_t serial);

/* Makes @group, which has no members, part of the remainder. 0 or -ENOMEM. */
int group_fold(struct model *model, enum grouping kind, struct group *group);

/*
 * Folds groups without members beyond the limit: comms and cgroups those that are idle for
 * longest, processes those that did least. With @slack a few more may stay, so that not
 * each one costs a look at all. 0 or -ENOMEM.
 */
int groups_trim(struct model *model, enum grouping kind, bool slack);

void groups_free(struct model *model);

/* The task of that id, or NULL. */
struct task *task_find(struct model *model, uint32_t tid, uint64_t start, bool displaced);

/* Makes a task of which nothing is known yet, not even its groups. NULL without memory. */
struct task *task_new(struct model *model, uint32_t tid, uint64_t start);

/* Puts @task, which is under no id, under its id. 0 or -ENOMEM. */
int task_file(struct model *model, struct task *task);

/* Forgets @task; what it counted stays in its groups if @settle. 0 or -ENOMEM. */
int task_drop(struct model *model, struct task *task, bool settle);

/* The same for an exited task for which there is no room: it lives on in sums. 0 or -ENOMEM. */
int task_fold(struct model *model, struct task *task);

/*
 * If @record shows that a thread took over its leader's identity by exec, gives
 * the tasks concerned their new ids. To be called before @record is taken in
 * under the id that it names. 0 or -ENOMEM.
 */
int task_resolve_exec(struct model *model, const struct dwell_record *record);

/*
 * Makes @task a member of the groups that it belongs to now. 0 or -ENOMEM; then
 * a task that was in none before is gone, for no view can do without.
 */
int task_place(struct model *model, struct task *task, uint32_t pid, const char *comm,
	       uint64_t cgroup);

/* Adds @from to @sums. 0 or -ENOMEM. */
int timer_sums_add(struct timer_sums *sums, const struct timer_sums *from);
/* Frees what @sums holds and makes it empty. */
void timer_sums_clear(struct timer_sums *sums);

/* Keeps in mind that @task has exited, whose last @record is, where the ledger needs it. 0 or -ENOMEM. */
int ledger_note_exit(struct model *model, const struct task *task,
		     const struct dwell_record *record);
/* Whether @ledger's owner has exited, and nobody goes on under its id. */
bool ledger_is_left(struct model *model, const struct ledger *ledger);
void leavers_free(struct model *model);
void ledgers_free(struct model *model);

/*
 * Fills @row, which is empty, with all that is known of @task. Without
 * @with_cells its distributions have a sum and a maximum only. 0 or -ENOMEM.
 */
int task_fill(const struct task *task, struct row *row, bool with_cells);

#endif
