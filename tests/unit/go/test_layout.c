// SPDX-License-Identifier: GPL-2.0-only
/* Tests of layout.c and runtime.c: versions, and layouts that fit, are found, or are refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "go/heap.h"
#include "harness/unit/fake_go.h"

#define OLDEST 18
#define NEWEST 27
#define SECOND 1000000000LL

static struct fake_go fake;

/* ---- versions -------------------------------------------------------------------- */

static void check_version(const char *version, unsigned int minor, bool known)
{
	struct go_layout layout;

	assert_int_equal(go_layout_of(version, &layout), 0);
	assert_int_equal(layout.major, 1);
	assert_int_equal(layout.minor, minor);
	assert_int_equal(layout.known, known);
}

static void a_version_is_found_among_other_words(void **state)
{
	(void)state;
	check_version("go1.19", 19, true);
	check_version("go1.24.4", 24, true);
	check_version("go1.27rc1", 27, true);
	check_version("go1.22.12 (Debian 1.22.12-1) X:loopvar", 22, true);
	check_version("devel go1.28-0a1b2c Mon Jan 1", 28, false);
	check_version("go1.99.3", 99, false);
}

static void what_is_no_version_or_too_old_is_refused(void **state)
{
	struct go_layout layout;

	(void)state;
	assert_int_equal(go_layout_of("go1.17.13", &layout), -ENOTSUP);
	assert_int_equal(go_layout_of("go1.4", &layout), -ENOTSUP);
	assert_int_equal(go_layout_of("go0.99", &layout), -ENOTSUP);
	assert_int_equal(go_layout_of("", &layout), -EINVAL);
	assert_int_equal(go_layout_of("gogo", &layout), -EINVAL);
	assert_int_equal(go_layout_of("devel +0a1b2c", &layout), -EINVAL);
	assert_int_equal(go_layout_of("go1.", &layout), -EINVAL);
	assert_int_equal(go_layout_of("go1", &layout), -EINVAL);
	assert_int_equal(go_layout_of("go1.99999999999999999999", &layout), -EINVAL);
}

static void a_later_go_is_tried_with_the_newest_layout(void **state)
{
	struct go_layout newest, later;

	(void)state;
	assert_int_equal(go_layout_of("go1.27", &newest), 0);
	assert_int_equal(go_layout_of("go2.0", &later), 0);
	assert_false(later.known);
	assert_int_equal(later.p_timers, newest.p_timers);
	assert_int_equal(later.g_gopc, newest.g_gopc);
}

static void goroutines_have_their_number_elsewhere_in_1_23_and_1_24(void **state)
{
	struct go_layout layout;

	(void)state;
	for (int minor = OLDEST; minor <= NEWEST; minor++) {
		char version[32];

		snprintf(version, sizeof(version), "go1.%d.9", minor);
		assert_int_equal(go_layout_of(version, &layout), 0);
		assert_int_equal(layout.g_id, minor == 23 || minor == 24 ? 160 : 152);
		assert_int_equal(layout.heaps, minor >= 23);
	}
}

/* ---- what fits ------------------------------------------------------------------- */

static void add_timers(size_t p, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fake_go_timer(&fake, &(struct fake_timer){.p = p,
							  .calls = FAKE_GO_FUNC,
							  .when = SECOND + (int64_t)i,
							  .argument = fake.value[FAKE_JOB]});
}

static void begin(int minor, size_t ps, size_t workers)
{
	fake_go_begin(&fake, minor, ps);
	fake_go_first(&fake);
	for (size_t i = 0; i < workers; i++)
		fake_go_worker(&fake);
}

static void every_version_is_found_and_proven(void **state)
{
	struct go_runtime runtime;

	(void)state;
	for (int minor = OLDEST; minor <= NEWEST; minor++) {
		begin(minor, 3, 5);
		add_timers(1, 4);
		fake_go_publish(&fake);
		assert_int_equal(fake_go_find(&fake, &fake.layout, &runtime), 0);
		assert_true(runtime.layout.known);
		assert_memory_equal(&runtime.layout, &fake.layout, sizeof(fake.layout));
		fake_go_end(&fake);
	}
}

/* Checks that a layout whose fields of g are those of another version is found all the same. */
static void check_found(int is, int told)
{
	struct go_layout layout;
	struct go_runtime runtime;
	char version[32];

	begin(is, 2, 40);
	add_timers(0, 3);
	fake_go_publish(&fake);
	snprintf(version, sizeof(version), "go1.%d", told);
	assert_int_equal(go_layout_of(version, &layout), 0);
	assert_int_equal(fake_go_find(&fake, &layout, &runtime), 0);
	assert_false(runtime.layout.known);
	assert_int_equal(runtime.layout.g_id, fake.layout.g_id);
	assert_int_equal(runtime.layout.g_status, fake.layout.g_status);
	assert_int_equal(runtime.layout.g_gopc, fake.layout.g_gopc);
	assert_int_equal(runtime.layout.g_startpc, fake.layout.g_startpc);
	assert_int_equal(runtime.layout.g_bp, fake.layout.g_bp);
	assert_int_equal(runtime.layout.p_timers, fake.layout.p_timers);
	assert_int_equal(runtime.layout.timer_when, fake.layout.timer_when);
	assert_int_equal(runtime.layout.timer_back, fake.layout.timer_back);
	fake_go_end(&fake);
}

static void a_wrong_layout_is_found_out_and_mended(void **state)
{
	(void)state;
	check_found(21, 19);
	check_found(19, 22);
	check_found(25, 24);
	check_found(24, 26);
	check_found(23, 27);
	check_found(26, 25);
	check_found(27, 23);
}

static void a_heap_that_is_elsewhere_is_found(void **state)
{
	struct go_layout told;
	struct go_runtime runtime;

	(void)state;
	begin(28, 4, 2);
	told = fake.layout;
	fake.layout.p_timers += 264;
	add_timers(3, 2);
	fake_go_publish(&fake);
	assert_int_equal(fake_go_find(&fake, &told, &runtime), 0);
	assert_int_equal(runtime.layout.p_timers, fake.layout.p_timers);
	assert_false(runtime.layout.known);
	fake_go_end(&fake);
}

/* ---- what does not fit ----------------------------------------------------------- */

/* Ruins the word at @offset of each goroutine, and checks that it is refused. */
static void check_ruined(size_t offset, uint64_t value)
{
	struct go_runtime runtime;

	begin(24, 2, 30);
	for (size_t i = 0; i < fake.gs; i++)
		fake_go_put(fake_go_get(fake.allgs + 8 * i) + offset, value);
	fake_go_publish(&fake);
	assert_int_equal(fake_go_find(&fake, &fake.layout, &runtime), -ENOENT);
	fake_go_end(&fake);
}

static void goroutines_that_cannot_be_true_are_refused(void **state)
{
	struct go_layout layout;

	(void)state;
	assert_int_equal(go_layout_of("go1.24", &layout), 0);
	check_ruined(layout.g_id, 7); /* all the same */
	check_ruined(layout.g_id, 0);
	check_ruined(layout.g_status, 5);		 /* not in use */
	check_ruined(layout.g_status, 0);		 /* idle */
	check_ruined(layout.g_gopc, (uintptr_t)&layout); /* no code */
	check_ruined(layout.g_startpc, (uintptr_t)&layout);
	check_ruined(layout.g_startpc, 0);
	check_ruined(layout.g_pc, 16);
	check_ruined(layout.g_bp, 0);
	check_ruined(GO_G_SELF, 0);
	check_ruined(8, 64); /* its stack ends before it begins */
}

static void ps_that_cannot_be_true_are_refused(void **state)
{
	struct go_runtime runtime;

	(void)state;
	begin(24, 3, 3);
	*(uint32_t *)fake_go_at(fake.p[2]) = 1;
	fake_go_publish(&fake);
	assert_int_equal(fake_go_find(&fake, &fake.layout, &runtime), -ENOENT);
	*(uint32_t *)fake_go_at(fake.p[2]) = 2;
	assert_int_equal(fake_go_find(&fake, &fake.layout, &runtime), 0);
	/* Without the slice within itself, zeros would do. */
	for (size_t i = 0; i < fake.ps; i++)
		fake_go_put(fake.p[i] + runtime.p_cache, 0);
	assert_int_equal(fake_go_find(&fake, &fake.layout, &runtime), -ENOENT);
	fake_go_end(&fake);
}

static void a_heap_of_other_timers_is_refused(void **state)
{
	struct go_layout told;
	struct go_runtime runtime;

	(void)state;
	begin(24, 1, 3);
	told = fake.layout;
	/* What would be the header of the heap is none. */
	fake_go_put(fake_go_heap(&fake, 0), 12345);
	fake_go_put(fake_go_heap(&fake, 0) + 8, 77);
	fake_go_put(fake_go_heap(&fake, 0) + 16, 3);
	fake_go_publish(&fake);
	assert_int_equal(fake_go_find(&fake, &told, &runtime), -ENOENT);
	fake_go_end(&fake);
}

/* ---- what changes ---------------------------------------------------------------- */

static void a_list_that_grew_and_moved_is_read_where_it_is(void **state)
{
	struct go_runtime runtime;
	uint64_t *gs, hidden, old;
	size_t count;

	(void)state;
	begin(23, 2, 3);
	fake_go_publish(&fake);
	assert_int_equal(fake_go_find(&fake, &fake.layout, &runtime), 0);
	old = fake.allgs;
	fake.allgs = fake_go_room(&fake, 8 * FAKE_GO_GS);
	memcpy(fake_go_at(fake.allgs), fake_go_at(old), 8 * fake.gs);
	for (int i = 0; i < 100; i++)
		fake_go_worker(&fake);
	fake_go_publish(&fake);
	assert_int_equal(go_runtime_gs(&runtime, 1000, &gs, &count, &hidden), 0);
	assert_int_equal(count, 105);
	assert_int_equal(hidden, 0);
	assert_int_equal(gs[0], fake_go_get(fake.allgs));
	free(gs);
	assert_int_equal(go_runtime_gs(&runtime, 50, &gs, &count, &hidden), 0);
	assert_int_equal(count, 50);
	assert_int_equal(hidden, 55);
	free(gs);
	fake_go_end(&fake);
}

static void an_older_copy_of_the_list_does_not_hide_it(void **state)
{
	uint64_t variables, *gs, hidden;
	struct go_runtime runtime;
	size_t count;

	(void)state;
	begin(23, 2, 20);
	fake_go_publish(&fake);
	variables = (uintptr_t)fake.program.bss;
	/* In front of it, where it is found first. */
	fake_go_put(variables + 0x100, fake.allgs);
	fake_go_put(variables + 0x108, 9);
	fake_go_put(variables + 0x110, 9);
	assert_int_equal(fake_go_find(&fake, &fake.layout, &runtime), 0);
	assert_int_equal(go_runtime_gs(&runtime, 1000, &gs, &count, &hidden), 0);
	assert_int_equal(count, 22);
	free(gs);
	fake_go_end(&fake);
}

static void more_or_fewer_ps_are_read_as_they_are_now(void **state)
{
	struct go_runtime runtime;
	uint64_t *ps;
	size_t count;

	(void)state;
	begin(26, 8, 3);
	fake_go_publish(&fake);
	assert_int_equal(fake_go_find(&fake, &fake.layout, &runtime), 0);
	fake.ps = 2;
	fake_go_publish(&fake);
	assert_int_equal(go_runtime_ps(&runtime, &ps, &count), 0);
	assert_int_equal(count, 2);
	free(ps);
	fake_go_put(runtime.allp + 8, 0);
	assert_int_equal(go_runtime_ps(&runtime, &ps, &count), -ENOENT);
	assert_null(ps);
	fake_go_put(runtime.allp, 0xdead000);
	fake_go_put(runtime.allp + 8, 2);
	assert_int_equal(go_runtime_ps(&runtime, &ps, &count), -ENOENT);
	fake_go_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_version_is_found_among_other_words),
		cmocka_unit_test(what_is_no_version_or_too_old_is_refused),
		cmocka_unit_test(a_later_go_is_tried_with_the_newest_layout),
		cmocka_unit_test(goroutines_have_their_number_elsewhere_in_1_23_and_1_24),
		cmocka_unit_test(every_version_is_found_and_proven),
		cmocka_unit_test(a_wrong_layout_is_found_out_and_mended),
		cmocka_unit_test(a_heap_that_is_elsewhere_is_found),
		cmocka_unit_test(goroutines_that_cannot_be_true_are_refused),
		cmocka_unit_test(ps_that_cannot_be_true_are_refused),
		cmocka_unit_test(a_heap_of_other_timers_is_refused),
		cmocka_unit_test(a_list_that_grew_and_moved_is_read_where_it_is),
		cmocka_unit_test(an_older_copy_of_the_list_does_not_hide_it),
		cmocka_unit_test(more_or_fewer_ps_are_read_as_they_are_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
