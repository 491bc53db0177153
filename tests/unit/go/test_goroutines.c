// SPDX-License-Identifier: GPL-2.0-only
/* Tests of goroutines.c, unwind.c and stacks.c: states, stacks whole and broken, what is system. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "go/goroutines.h"
#include "harness/unit/fake_go.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define OLDEST 18
#define NEWEST 27

static struct fake_go fake;
static struct go_snapshot snapshot;

static void begin(int minor)
{
	fake_go_begin(&fake, minor, 2);
	fake_go_first(&fake);
}

static void take(void)
{
	fake_go_publish(&fake);
	assert_int_equal(fake_go_snapshot(&fake, &snapshot), 0);
}

static void end(void)
{
	go_snapshot_clear(&snapshot);
	fake_go_end(&fake);
}

static void check_stack(const struct go_goroutine *goroutine, const enum fake_function *function,
			size_t depth, bool cut)
{
	const struct go_stack *stack;

	assert_in_range(goroutine->stack, 0, snapshot.stacks - 1);
	stack = &snapshot.stack[goroutine->stack];
	assert_int_equal(stack->depth, depth);
	assert_int_equal(stack->cut, cut);
	for (size_t i = 0; i < depth; i++)
		assert_int_equal(go_symbols_entry(fake.symbols, stack->pc[i]),
				 fake.function[function[i]]);
}

static void check_lost(enum go_loss loss, uint64_t count)
{
	for (int i = 0; i < GO_LOSSES; i++)
		assert_int_equal(snapshot.lost[i], i == (int)loss ? count : 0);
}

/* ---- whole ones ------------------------------------------------------------------ */

static void goroutines_of_every_version_are_read(void **state)
{
	static const enum fake_function main_stack[] = {FAKE_GOPARK, FAKE_MAIN, FAKE_MAIN_START};
	static const enum fake_function worker[] = {FAKE_GOPARK, FAKE_CHANRECV, FAKE_WORKER};

	(void)state;
	for (int minor = OLDEST; minor <= NEWEST; minor++) {
		begin(minor);
		for (int i = 0; i < 1500; i++)
			fake_go_worker(&fake);
		take();
		assert_int_equal(snapshot.goroutines, 1502);
		/* Equal stacks are kept once. */
		assert_int_equal(snapshot.stacks, 3);
		check_lost(GO_LOSSES, 0);
		check_stack(&snapshot.goroutine[0], main_stack, LENGTH(main_stack), false);
		check_stack(&snapshot.goroutine[1501], worker, LENGTH(worker), false);
		assert_int_equal(snapshot.goroutine[1501].id, 1502);
		assert_int_equal(snapshot.goroutine[1501].state, GO_WAITING);
		assert_int_equal(snapshot.goroutine[1501].start, fake.function[FAKE_WORKER]);
		assert_int_equal(snapshot.goroutine[1501].creator, fake.function[FAKE_MAIN] + 0x11);
		assert_false(snapshot.goroutine[0].system);
		assert_true(snapshot.goroutine[1].system);
		assert_false(snapshot.goroutine[1501].system);
		end();
	}
}

static void add_state(uint32_t status)
{
	static const enum fake_function stack[] = {FAKE_GOPARK, FAKE_WORKER};

	fake_go_g(&fake, &(struct fake_g){status, FAKE_WORKER, FAKE_MAIN, stack, 2, 0});
}

static void states_are_told_apart_and_dead_ones_left_out(void **state)
{
	static const uint32_t status[] = {GO_G_RUNNABLE,	GO_G_RUNNING, GO_G_SYSCALL,
					  GO_G_WAITING,		GO_G_DEAD,    GO_G_COPYSTACK,
					  GO_G_PREEMPTED,	GO_G_LEAKED,  GO_G_DEAD_EXTRA,
					  GO_G_WAITING | 0x1000};
	static const enum go_state expected[] = {GO_RUNNABLE, GO_RUNNING, GO_SYSCALL, GO_WAITING,
						 GO_OTHER,    GO_OTHER,	  GO_WAITING, GO_WAITING};

	(void)state;
	begin(26);
	for (size_t i = 0; i < LENGTH(status); i++)
		add_state(status[i]);
	take();
	assert_int_equal(snapshot.goroutines, 2 + LENGTH(expected));
	for (size_t i = 0; i < LENGTH(expected); i++)
		assert_int_equal(snapshot.goroutine[2 + i].state, expected[i]);
	/* The stacks of those that run or are copied are no one's to read. */
	assert_int_not_equal(snapshot.goroutine[2].stack, GO_NONE);
	assert_int_equal(snapshot.goroutine[3].stack, GO_NONE);
	assert_int_not_equal(snapshot.goroutine[4].stack, GO_NONE);
	assert_int_equal(snapshot.goroutine[6].stack, GO_NONE);
	assert_int_not_equal(snapshot.goroutine[7].stack, GO_NONE);
	check_lost(GO_LOSSES, 0);
	end();
}

static void one_that_never_ran_is_at_its_start(void **state)
{
	static const enum fake_function stack[] = {FAKE_WORKER};

	(void)state;
	begin(24);
	fake_go_g(&fake, &(struct fake_g){GO_G_RUNNABLE, FAKE_WORKER, FAKE_MAIN, NULL, 0, 0});
	take();
	check_stack(&snapshot.goroutine[2], stack, 1, false);
	check_lost(GO_LOSSES, 0);
	end();
}

static void a_system_call_has_the_stack_of_its_caller_since_1_23(void **state)
{
	static const enum fake_function stack[] = {FAKE_SYSCALL, FAKE_WORKER};

	(void)state;
	for (int minor = 22; minor <= 23; minor++) {
		begin(minor);
		fake_go_g(&fake,
			  &(struct fake_g){GO_G_SYSCALL, FAKE_WORKER, FAKE_MAIN, stack, 2, 0});
		take();
		check_stack(&snapshot.goroutine[2], stack, minor < 23 ? 1 : 2, minor < 23);
		check_lost(GO_LOSSES, 0);
		end();
	}
}

static void those_who_wait_for_the_network_are_known_by_their_stack(void **state)
{
	static const enum fake_function stack[] = {FAKE_GOPARK, FAKE_POLL_WAIT, FAKE_WORKER};

	(void)state;
	begin(25);
	fake_go_worker(&fake);
	fake_go_g(&fake, &(struct fake_g){GO_G_WAITING, FAKE_WORKER, FAKE_MAIN, stack, 3, 0});
	take();
	assert_false(snapshot.goroutine[2].polls);
	assert_true(snapshot.goroutine[3].polls);
	end();
}

static void finalizers_are_the_users_only_while_they_run_his(void **state)
{
	static const enum fake_function idle[] = {FAKE_GOPARK, FAKE_FINALIZERS};
	static const enum fake_function busy[] = {FAKE_GOPARK, FAKE_JOB, FAKE_FINALIZERS};

	(void)state;
	begin(25);
	fake_go_g(&fake, &(struct fake_g){GO_G_WAITING, FAKE_FINALIZERS, FAKE_MAIN, idle, 2, 0});
	fake_go_g(&fake, &(struct fake_g){GO_G_WAITING, FAKE_FINALIZERS, FAKE_MAIN, busy, 3, 0});
	take();
	assert_true(snapshot.goroutine[2].system);
	assert_false(snapshot.goroutine[3].system);
	end();
}

static void waiting_times_that_cannot_be_are_unknown(void **state)
{
	const int64_t now = (int64_t)clock_mono();
	const int64_t since[] = {0, now - 5000, -3, INT64_MIN, now + 3600000000000LL, INT64_MAX};

	(void)state;
	begin(21);
	for (size_t i = 0; i < LENGTH(since); i++)
		fake_go_g(&fake,
			  &(struct fake_g){GO_G_WAITING, FAKE_WORKER, FAKE_MAIN,
					   (const enum fake_function[]){FAKE_GOPARK}, 1, since[i]});
	take();
	for (size_t i = 0; i < LENGTH(since); i++)
		assert_int_equal(snapshot.goroutine[2 + i].since, i == 1 ? since[1] : 0);
	end();
}

/* ---- stacks that lead nowhere ---------------------------------------------------- */

static void a_stack_of_many_frames_is_cut(void **state)
{
	enum fake_function stack[30];

	(void)state;
	begin(27);
	stack[0] = FAKE_GOPARK;
	for (size_t i = 1; i < LENGTH(stack); i++)
		stack[i] = FAKE_JOB;
	fake_go_g(&fake,
		  &(struct fake_g){GO_G_WAITING, FAKE_WORKER, FAKE_MAIN, stack, GO_STACK_DEPTH, 0});
	fake_go_g(&fake,
		  &(struct fake_g){GO_G_WAITING, FAKE_WORKER, FAKE_MAIN, stack, LENGTH(stack), 0});
	take();
	check_stack(&snapshot.goroutine[2], stack, GO_STACK_DEPTH, false);
	check_stack(&snapshot.goroutine[3], stack, GO_STACK_DEPTH, true);
	/* A deep stack is no broken one. */
	check_lost(GO_LOSSES, 0);
	end();
}

/* Checks what is left of a worker's stack whose second frame has @word at @offset. */
static void check_broken(size_t offset, uint64_t word, bool own, size_t depth)
{
	static const enum fake_function worker[] = {FAKE_GOPARK, FAKE_CHANRECV, FAKE_WORKER};
	uint64_t g, frame;

	begin(24);
	g = fake_go_worker(&fake);
	frame = fake_go_get(fake_go_get(g + fake.layout.g_bp));
	fake_go_put(fake_go_get(g + fake.layout.g_bp) + offset, own ? frame - word : word);
	take();
	check_stack(&snapshot.goroutine[2], worker, depth, true);
	check_lost(GO_LOSS_STACKS_BROKEN, 1);
	end();
}

static void broken_chains_of_frames_end_and_are_counted(void **state)
{
	(void)state;
	check_broken(0, 64, true, 2);  /* a circle */
	check_broken(0, 128, true, 2); /* backwards */
	check_broken(0, 16, false, 2); /* out of the stack */
	check_broken(0, UINT64_MAX - 7, false, 2);
	check_broken(0, 3, true, 2);  /* between two words */
	check_broken(0, 0, false, 2); /* the end, but not where goroutines end */
	check_broken(8, 0, false, 1); /* no return address */
	check_broken(8, (uintptr_t)&fake, false, 1);
}

static void a_first_function_without_a_frame_ends_its_stack(void **state)
{
	static const enum fake_function stack[] = {FAKE_GOPARK, FAKE_CHANRECV, FAKE_WORKER};
	uint64_t g, frame;

	(void)state;
	begin(24);
	g = fake_go_worker(&fake);
	frame = fake_go_get(g + fake.layout.g_bp);
	/* The one that returns to the worker has no caller. */
	fake_go_put(fake_go_get(frame), 0);
	take();
	check_stack(&snapshot.goroutine[2], stack, 3, false);
	check_lost(GO_LOSSES, 0);
	end();
}

static void one_that_was_preempted_is_where_it_was_interrupted(void **state)
{
	static const enum fake_function stack[] = {FAKE_PREEMPT2, FAKE_PREEMPT, FAKE_WORKER};
	uint64_t g, frame;

	(void)state;
	begin(24);
	g = fake_go_g(&fake, &(struct fake_g){GO_G_RUNNABLE, FAKE_WORKER, FAKE_MAIN, stack, 3, 0});
	frame = fake_go_get(fake_go_get(g + fake.layout.g_bp));
	/* At its first instruction: the byte before is another function's. */
	fake_go_put(frame + 8, fake.function[FAKE_WORKER]);
	fake_go_put(frame, 0);
	take();
	check_stack(&snapshot.goroutine[2], stack, 3, false);
	check_lost(GO_LOSSES, 0);
	end();
}

static void a_stack_that_is_gone_leaves_its_goroutine(void **state)
{
	uint64_t g;

	(void)state;
	begin(24);
	g = fake_go_worker(&fake);
	fake_go_put(g, 0x10000);
	fake_go_put(g + 8, 0x20000);
	fake_go_put(g + fake.layout.g_bp, 0x18000);
	take();
	assert_int_equal(snapshot.goroutines, 3);
	check_lost(GO_LOSS_STACKS_BROKEN, 1);
	end();
}

/* ---- goroutines that are none ---------------------------------------------------- */

/* Reads goroutines of which so many became strange after they were proven. */
static int read_strange(size_t strange)
{
	struct go_runtime runtime;
	struct go_index index = {0};
	int err;

	begin(23);
	for (size_t i = 0; i < 150; i++)
		fake_go_worker(&fake);
	fake_go_publish(&fake);
	assert_int_equal(fake_go_find(&fake, &fake.layout, &runtime), 0);
	for (size_t i = 0; i < strange; i++)
		fake_go_put(fake.allgs + 8 * (20 + 3 * i), 0xdead0000);
	err = go_goroutines_read(&runtime, &snapshot, &index);
	go_index_free(&index);
	return err;
}

static void some_strange_ones_are_counted_and_many_refused(void **state)
{
	(void)state;
	assert_int_equal(read_strange(9), 0);
	assert_int_equal(snapshot.goroutines, 152 - 9);
	check_lost(GO_LOSS_GOROUTINES_MOVED, 9);
	end();
	assert_int_equal(read_strange(40), -ENOENT);
	end();
}

static void an_index_finds_those_that_live(void **state)
{
	struct go_runtime runtime;
	struct go_index index = {0};
	uint64_t g, dead;

	(void)state;
	begin(19);
	for (size_t i = 0; i < 5000; i++)
		g = fake_go_worker(&fake);
	dead = fake_go_g(&fake, &(struct fake_g){GO_G_DEAD, FAKE_WORKER, FAKE_MAIN, NULL, 0, 0});
	fake_go_publish(&fake);
	assert_int_equal(fake_go_find(&fake, &fake.layout, &runtime), 0);
	assert_int_equal(go_index_find(&index, g), GO_NONE);
	assert_int_equal(go_goroutines_read(&runtime, &snapshot, &index), 0);
	assert_int_equal(snapshot.goroutine[go_index_find(&index, g)].id, 5002);
	assert_int_equal(go_index_find(&index, dead), GO_NONE);
	assert_int_equal(go_index_find(&index, 0), GO_NONE);
	assert_int_equal(go_index_find(&index, g + 8), GO_NONE);
	go_index_free(&index);
	end();
}

static void a_stack_without_a_frame_is_whole_only_before_it_runs(void **state)
{
	uint64_t g;

	(void)state;
	begin(24);
	g = fake_go_worker(&fake);
	fake_go_put(g + fake.layout.g_bp, 0);
	fake_go_g(&fake, &(struct fake_g){GO_G_RUNNABLE, FAKE_WORKER, FAKE_MAIN, NULL, 0, 0});
	/* Most must have one: else the layout is wrong. */
	for (int i = 0; i < 8; i++)
		fake_go_worker(&fake);
	take();
	check_stack(&snapshot.goroutine[2], (enum fake_function[]){FAKE_GOPARK}, 1, true);
	check_stack(&snapshot.goroutine[3], (enum fake_function[]){FAKE_WORKER}, 1, false);
	end();
}

static void a_creator_without_a_name_is_noticed_while_it_is_read(void **state)
{
	uint64_t g, unknown;
	char *name;

	(void)state;
	begin(24);
	g = fake_go_worker(&fake);
	fake_go_put(g + fake.layout.g_gopc, fake.function[FAKE_JOB] + 0x11);
	name = memmem((void *)(uintptr_t)fake.program.module.funcnames.start,
		      fake.program.module.funcnames.length, "main.job", sizeof("main.job"));
	assert_non_null(name);
	*name = '\0';
	go_symbols_free(fake.symbols);
	assert_int_equal(go_symbols_new(fake.memory, &fake.program.module, &fake.symbols), 0);
	unknown = go_symbols_unknown(fake.symbols);
	take();
	assert_int_equal(go_symbols_unknown(fake.symbols), unknown + 1);
	end();
}

static void run_queues_are_added_up(void **state)
{
	(void)state;
	begin(24);
	/* Head and tail run on and wrap around. */
	fake_go_put(fake.p[0] + fake.layout.p_runqhead, 0x00000005fffffffeULL);
	fake_go_put(fake.p[1] + fake.layout.p_runqhead, 0x0000000400000004ULL);
	fake_go_put(fake.p[1] + fake.layout.p_runqhead + 8 + 256 * 8, 0x1000);
	take();
	assert_true(snapshot.runqueue_known);
	assert_int_equal(snapshot.runqueue, 8);
	go_snapshot_clear(&snapshot);
	fake_go_put(fake.p[0] + fake.layout.p_runqhead, 0x0000010100000000ULL);
	take();
	assert_false(snapshot.runqueue_known);
	end();
}

static void run_queues_of_versions_to_come_are_not_known(void **state)
{
	(void)state;
	begin(27);
	fake.layout.known = false;
	take();
	assert_false(snapshot.runqueue_known);
	assert_int_equal(snapshot.goroutines, 2);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goroutines_of_every_version_are_read),
		cmocka_unit_test(states_are_told_apart_and_dead_ones_left_out),
		cmocka_unit_test(one_that_never_ran_is_at_its_start),
		cmocka_unit_test(a_system_call_has_the_stack_of_its_caller_since_1_23),
		cmocka_unit_test(those_who_wait_for_the_network_are_known_by_their_stack),
		cmocka_unit_test(finalizers_are_the_users_only_while_they_run_his),
		cmocka_unit_test(waiting_times_that_cannot_be_are_unknown),
		cmocka_unit_test(a_stack_of_many_frames_is_cut),
		cmocka_unit_test(broken_chains_of_frames_end_and_are_counted),
		cmocka_unit_test(a_first_function_without_a_frame_ends_its_stack),
		cmocka_unit_test(one_that_was_preempted_is_where_it_was_interrupted),
		cmocka_unit_test(a_stack_that_is_gone_leaves_its_goroutine),
		cmocka_unit_test(some_strange_ones_are_counted_and_many_refused),
		cmocka_unit_test(an_index_finds_those_that_live),
		cmocka_unit_test(a_stack_without_a_frame_is_whole_only_before_it_runs),
		cmocka_unit_test(a_creator_without_a_name_is_noticed_while_it_is_read),
		cmocka_unit_test(run_queues_are_added_up),
		cmocka_unit_test(run_queues_of_versions_to_come_are_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
