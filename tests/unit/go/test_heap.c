// SPDX-License-Identifier: GPL-2.0-only
/* Tests of heap.c and timer.c: kinds, who waits, dead ones, and heaps that are none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "go/heap.h"
#include "harness/unit/fake_go.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define OLDEST 18
#define NEWEST 27
#define SECOND 1000000000LL

static struct fake_go fake;
static struct go_snapshot snapshot;

static void begin(int minor)
{
	fake_go_begin(&fake, minor, 3);
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

static uint64_t add(size_t p, enum fake_function calls, uint64_t period, uint64_t argument)
{
	return fake_go_timer(&fake, &(struct fake_timer){.p = p,
							 .calls = calls,
							 .when = 5 * SECOND,
							 .period_ns = period,
							 .argument = argument});
}

static uint64_t add_func(size_t p)
{
	return add(p, FAKE_GO_FUNC, 0, fake.value[FAKE_JOB]);
}

static void check_lost(enum go_loss loss, uint64_t count)
{
	for (int i = 0; i < GO_LOSSES; i++)
		assert_int_equal(snapshot.lost[i], i == (int)loss ? count : 0);
}

/* ---- kinds ----------------------------------------------------------------------- */

static void check_timer(size_t i, enum go_timer_kind kind, uint64_t period, uint32_t goroutine)
{
	const struct go_timer *timer = &snapshot.timer[i];

	assert_int_equal(timer->kind, kind);
	assert_int_equal(timer->period_ns, period);
	assert_int_equal(timer->goroutine, goroutine);
	assert_int_equal(timer->when, 5 * SECOND);
	assert_false(timer->dead);
	if (kind == GO_FUNC)
		assert_int_equal(timer->function, fake.function[FAKE_JOB]);
	else if (kind == GO_CONTEXT)
		assert_int_equal(timer->function, fake.function[FAKE_CONTEXT_FUNC]);
	else if (kind == GO_RUNTIME)
		assert_int_equal(timer->function, fake.function[FAKE_SCAVENGE]);
	else
		assert_int_equal(timer->function, 0);
}

static void kinds_are_told_apart_in_every_version(void **state)
{
	(void)state;
	for (int minor = OLDEST; minor <= NEWEST; minor++) {
		uint64_t g[2];

		begin(minor);
		g[0] = fake_go_worker(&fake);
		g[1] = fake_go_worker(&fake);
		add(0, FAKE_SEND_TIME, SECOND, fake_go_channel(&fake, g, 1, 0));
		add(0, FAKE_SEND_TIME, 0, fake_go_channel(&fake, NULL, 0, 0));
		add_func(0);
		add(0, FAKE_GO_FUNC, 0, fake_go_closure(&fake, FAKE_CONTEXT_FUNC));
		add(0, FAKE_READY, 0, g[1]);
		add(1, FAKE_READ_DEADLINE, 0, fake_go_poll(&fake, g[0], g[1]));
		add(1, FAKE_WRITE_DEADLINE, 0, fake_go_poll(&fake, g[0], g[1]));
		add(1, FAKE_BOTH_DEADLINE, 0, fake_go_poll(&fake, 2, g[1]));
		add(1, FAKE_READ_DEADLINE, 0, fake_go_poll(&fake, 0, 1));
		add(1, FAKE_SCAVENGE, 0, 0);
		take();
		assert_int_equal(snapshot.timers, 10);
		check_timer(0, GO_TICKER, SECOND, 2);
		check_timer(1, GO_TIMER, 0, GO_NONE);
		check_timer(2, GO_FUNC, 0, GO_NONE);
		check_timer(3, GO_CONTEXT, 0, GO_NONE);
		check_timer(4, GO_SLEEP, 0, 3);
		check_timer(5, GO_DEADLINE, 0, 2);
		check_timer(6, GO_DEADLINE, 0, 3);
		check_timer(7, GO_DEADLINE, 0, 3);
		check_timer(8, GO_DEADLINE, 0, GO_NONE);
		check_timer(9, GO_RUNTIME, 0, GO_NONE);
		check_lost(GO_LOSSES, 0);
		end();
	}
}

static void a_channel_tells_who_waits_and_whether_it_is_full(void **state)
{
	uint64_t g[3];

	(void)state;
	begin(22);
	for (size_t i = 0; i < LENGTH(g); i++)
		g[i] = fake_go_worker(&fake);
	add(0, FAKE_SEND_TIME, 1, fake_go_channel(&fake, g, 3, 0));
	add(0, FAKE_SEND_TIME, 1, fake_go_channel(&fake, NULL, 0, 1));
	/* A select waits on several channels. */
	add(2, FAKE_SEND_TIME, 1, fake_go_channel(&fake, g + 1, 1, 0));
	take();
	assert_int_equal(snapshot.timer[0].receivers, 3);
	assert_int_equal(snapshot.timer[0].goroutine, 2);
	assert_false(snapshot.timer[0].full);
	assert_int_equal(snapshot.timer[1].receivers, 0);
	assert_true(snapshot.timer[1].full);
	assert_int_equal(snapshot.timer[2].receivers, 1);
	assert_int_equal(snapshot.timer[2].goroutine, 3);
	end();
}

static void dead_timers_are_marked(void **state)
{
	(void)state;
	for (int minor = 22; minor <= 23; minor++) {
		uint64_t timer;

		begin(minor);
		fake_go_timer(&fake, &(struct fake_timer){.calls = FAKE_GO_FUNC,
							  .when = 7,
							  .argument = fake.value[FAKE_JOB],
							  .dead = true});
		timer = fake_go_timer(&fake,
				      &(struct fake_timer){.calls = FAKE_READ_DEADLINE,
							   .when = 8,
							   .argument = fake_go_poll(&fake, 0, 0),
							   .dead = true});
		/* The netpoller of Go 1.22 takes the function away. */
		if (minor == 22)
			fake_go_put(timer + fake.layout.timer_when + GO_TIMER_FUNC, 0);
		add_func(0);
		take();
		assert_int_equal(snapshot.timers, 3);
		assert_true(snapshot.timer[0].dead);
		assert_int_equal(snapshot.timer[0].when, 7);
		assert_true(snapshot.timer[1].dead);
		assert_int_equal(snapshot.timer[1].kind, GO_DEADLINE);
		assert_int_equal(snapshot.timer[1].when, 8);
		assert_false(snapshot.timer[2].dead);
		check_lost(GO_LOSSES, 0);
		end();
	}
}

static void the_time_of_a_timer_that_was_reset_is_its_new_one(void **state)
{
	uint64_t timer;

	(void)state;
	begin(21);
	timer = add_func(0);
	*(uint32_t *)fake_go_at(timer + fake.layout.timer_state) = 8;
	fake_go_put(timer + fake.layout.timer_when + GO_TIMER_NEXT, 9 * SECOND);
	take();
	assert_int_equal(snapshot.timer[0].when, 9 * SECOND);
	end();
	begin(27);
	timer = add_func(0);
	*(uint8_t *)fake_go_at(timer + fake.layout.timer_state) = 3;
	fake_go_put(timer + fake.layout.timer_when, 9 * SECOND);
	take();
	assert_int_equal(snapshot.timer[0].when, 9 * SECOND);
	check_lost(GO_LOSSES, 0);
	end();
}

static void a_channel_knows_its_timer_since_1_23(void **state)
{
	uint64_t own, others, timer;

	(void)state;
	begin(24);
	own = fake_go_channel(&fake, NULL, 0, 0);
	others = fake_go_channel(&fake, NULL, 0, 0);
	timer = add(0, FAKE_SEND_TIME, 1, own);
	fake_go_put(own + fake.layout.hchan_timer, timer);
	add(0, FAKE_SEND_TIME, 1, others);
	fake_go_put(others + fake.layout.hchan_timer, timer);
	take();
	assert_int_equal(snapshot.timers, 1);
	check_lost(GO_LOSS_TIMERS_MOVED, 1);
	end();
}

/* ---- what moves, and what was never there ---------------------------------------- */

/* Checks that of 20 timers the one with @value at @offset is dropped. */
static void check_dropped(int minor, size_t offset, uint64_t value)
{
	uint64_t timer = 0;

	begin(minor);
	for (size_t i = 0; i < 20; i++)
		timer = add_func(0);
	fake_go_put(timer + offset, value);
	take();
	assert_int_equal(snapshot.timers, 19);
	check_lost(GO_LOSS_TIMERS_MOVED, 1);
	end();
}

static void timers_that_do_not_fit_are_dropped_and_counted(void **state)
{
	struct go_layout layout;

	(void)state;
	for (int minor = 22; minor <= 25; minor += 3) {
		assert_int_equal(go_layout_of(minor == 22 ? "go1.22" : "go1.25", &layout), 0);
		check_dropped(minor, layout.timer_back, 0);
		check_dropped(minor, layout.timer_back, 0x4000);
		check_dropped(minor, layout.timer_when, 0);
		check_dropped(minor, layout.timer_when, 1ULL << 63);
		check_dropped(minor, layout.timer_when + GO_TIMER_PERIOD, 1ULL << 63);
		check_dropped(minor, layout.timer_when + GO_TIMER_FUNC, 0);
		check_dropped(minor, layout.timer_when + GO_TIMER_FUNC, 0xdead000);
		check_dropped(minor, layout.timer_when + GO_TIMER_FUNC, (uintptr_t)&layout);
		check_dropped(minor, layout.timer_when + GO_TIMER_ARG, 0);
		check_dropped(minor, layout.timer_when + GO_TIMER_ARG, UINT64_MAX - 3);
	}
	check_dropped(22, 64, 0); /* in no heap */
	check_dropped(22, 64, 5); /* removed */
	check_dropped(22, 64, 10);
	check_dropped(25, 8, 0);
	check_dropped(25, 8, 0x0400); /* a zombie that is in no heap */
	check_dropped(25, 8, 0xff00);
	check_dropped(25, layout.timer_when, 6 * SECOND); /* not what its entry says */
}

static void a_ticker_that_ticked_meanwhile_is_in_its_heap(void **state)
{
	uint64_t timer;

	(void)state;
	begin(24);
	timer = add(0, FAKE_SEND_TIME, SECOND, fake_go_channel(&fake, NULL, 0, 0));
	fake_go_put(timer + fake.layout.timer_when, 7 * SECOND);
	take();
	assert_int_equal(snapshot.timer[0].when, 7 * SECOND);
	check_lost(GO_LOSSES, 0);
	end();
}

static void a_receiver_that_nobody_knows_drops_its_timer(void **state)
{
	uint64_t g[2], stranger;

	(void)state;
	begin(24);
	stranger = fake_go_room(&fake, 512);
	g[0] = fake_go_worker(&fake);
	g[1] = stranger;
	add(0, FAKE_SEND_TIME, 1, fake_go_channel(&fake, g, 2, 0));
	add(0, FAKE_READY, 0, stranger);
	add_func(0);
	take();
	assert_int_equal(snapshot.timers, 1);
	check_lost(GO_LOSS_TIMERS_MOVED, 2);
	end();
}

static void receivers_in_a_circle_end(void **state)
{
	uint64_t g[2], channel, first;

	(void)state;
	begin(24);
	g[0] = g[1] = fake_go_worker(&fake);
	channel = fake_go_channel(&fake, g, 2, 0);
	first = fake_go_get(channel + fake.layout.hchan_recvq);
	fake_go_put(fake_go_get(first + 8) + 8, first);
	add(0, FAKE_SEND_TIME, 1, channel);
	take();
	assert_int_equal(snapshot.timer[0].receivers, 255);
	end();
}

static void most_timers_that_do_not_fit_are_refused(void **state)
{
	uint64_t timer;

	(void)state;
	begin(24);
	for (size_t i = 0; i < 20; i++) {
		timer = add_func(1);
		if (i > 4)
			fake_go_put(timer + fake.layout.timer_back, 0x4000);
	}
	fake_go_publish(&fake);
	assert_int_equal(fake_go_snapshot(&fake, &snapshot), -ENOENT);
	end();
}

static void a_heap_that_two_ps_claim_belongs_to_one(void **state)
{
	(void)state;
	for (int minor = 19; minor <= 27; minor += 8) {
		uint64_t heap;

		begin(minor);
		for (size_t i = 0; i < 3; i++)
			add_func(0);
		heap = fake_go_heap(&fake, 1);
		memcpy(fake_go_at(heap), fake_go_at(fake_go_heap(&fake, 0)), 24);
		take();
		assert_int_equal(snapshot.timers, 3);
		check_lost(GO_LOSS_TIMERS_MOVED, 3);
		end();
	}
}

static void a_timer_that_is_met_twice_counts_once(void **state)
{
	(void)state;
	for (int minor = 19; minor <= 27; minor += 8) {
		uint64_t timer;

		begin(minor);
		timer = add_func(0);
		add_func(0);
		add_func(0);
		/* A second slot has the first timer, which is where both say. */
		fake_go_put(fake_go_get(fake_go_heap(&fake, 0)) + (minor < 23 ? 8 : 16), timer);
		take();
		assert_int_equal(snapshot.timers, 2);
		assert_int_equal(snapshot.timer[0].address, timer);
		check_lost(GO_LOSS_TIMERS_MOVED, 1);
		end();
	}
}

static void heaps_of_absurd_lengths_are_refused_or_read_as_far_as_they_go(void **state)
{
	uint64_t heap;

	(void)state;
	begin(24);
	add_func(0);
	heap = fake_go_heap(&fake, 0);
	fake_go_put(heap + 8, 1ULL << 40);
	fake_go_put(heap + 16, 1ULL << 40);
	fake_go_publish(&fake);
	assert_int_equal(fake_go_snapshot(&fake, &snapshot), -ENOENT);
	go_snapshot_clear(&snapshot);
	/* Longer than its array: zeros are no timers. */
	fake_go_put(heap + 8, 5000000);
	fake_go_put(heap + 16, 5000000);
	assert_int_equal(fake_go_snapshot(&fake, &snapshot), -ENOENT);
	go_snapshot_clear(&snapshot);
	fake_go_put(heap + 8, 3);
	fake_go_put(heap + 16, 2);
	assert_int_equal(fake_go_snapshot(&fake, &snapshot), -ENOENT);
	end();
}

static void many_timers_are_all_read(void **state)
{
	(void)state;
	for (int minor = 19; minor <= 27; minor += 8) {
		begin(minor);
		for (size_t i = 0; i < 30000; i++)
			add_func(i % 3);
		take();
		assert_int_equal(snapshot.timers, 30000);
		check_lost(GO_LOSSES, 0);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_told_apart_in_every_version),
		cmocka_unit_test(a_channel_tells_who_waits_and_whether_it_is_full),
		cmocka_unit_test(dead_timers_are_marked),
		cmocka_unit_test(the_time_of_a_timer_that_was_reset_is_its_new_one),
		cmocka_unit_test(a_channel_knows_its_timer_since_1_23),
		cmocka_unit_test(timers_that_do_not_fit_are_dropped_and_counted),
		cmocka_unit_test(a_ticker_that_ticked_meanwhile_is_in_its_heap),
		cmocka_unit_test(a_receiver_that_nobody_knows_drops_its_timer),
		cmocka_unit_test(receivers_in_a_circle_end),
		cmocka_unit_test(most_timers_that_do_not_fit_are_refused),
		cmocka_unit_test(a_heap_that_two_ps_claim_belongs_to_one),
		cmocka_unit_test(a_timer_that_is_met_twice_counts_once),
		cmocka_unit_test(heaps_of_absurd_lengths_are_refused_or_read_as_far_as_they_go),
		cmocka_unit_test(many_timers_are_all_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
