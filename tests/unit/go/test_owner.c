/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of owners: which function of a stack is told, and what it waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "harness/unit/go_names.h"
#include "go/owner.h"

static const char *owner(uint32_t stack)
{
	return go_owner(&program, &made_stack[stack]);
}

static const char *wait_of(uint32_t stack)
{
	return go_wait(&program, &made_stack[stack]);
}

static int begin(void **state)
{
	(void)state;
	make_nothing(1);
	name_at(1, "runtime.gopark", "proc.go", 1);
	name_at(2, "runtime.chanrecv", "chan.go", 2);
	return 0;
}

static void packages_are_told_apart_by_their_first_directory(void **state)
{
	static const char *const library[] = {
		"time.Sleep",
		"net/http.(*Server).Serve",
		"internal/poll.runtime_pollWait",
		"vendor/golang.org/x/net/http2/hpack.(*Decoder).Write",
		"runtime.goexit",
		"context.WithDeadlineCause.func2",
		"go/parser.ParseFile",
		"sync/atomic.AddInt64",
	};
	static const char *const others[] = {
		"main.main",
		"main.leaky.func1",
		"github.com/a/net/http.Get",
		"go.uber.org/zap.New",
		"example/net.Dial",
		"timer.Stop",
		"nett.Dial",
		"",
		"main.(*T[...]).do",
		"gopkg.in/yaml%2ev3.Unmarshal",
		"k8s.io/client-go/tools/cache.(*T).Run",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(library) / sizeof(*library); i++)
		if (!go_standard_library(library[i]))
			fail_msg("%s", library[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (go_standard_library(others[i]))
			fail_msg("%s", others[i]);
}

static void the_first_function_of_the_program_owns_a_stack(void **state)
{
	(void)state;
	name_at(3, "main.worker", "main.go", 3);
	name_at(4, "main.main", "main.go", 4);
	assert_string_equal(owner(make_stack(1, 3, 4)), "main.worker");
}

static void an_inlined_function_owns_too(void **state)
{
	(void)state;
	name_at(3, "time.Sleep", "sleep.go", 3);
	name_at(3, "main.pause", "main.go", 7);
	name_at(3, "main.worker", "main.go", 9);
	assert_string_equal(owner(make_stack(1, 3, 0)), "main.pause");
}

static void what_the_compiler_made_up_is_left_out(void **state)
{
	(void)state;
	name_at(3, "main.made.gowrap1", "main.go", 3);
	program.at[2].frame[0].wrapper = true;
	name_at(4, "main.worker", "main.go", 4);
	assert_string_equal(owner(make_stack(1, 3, 4)), "main.worker");
	assert_string_equal(owner(make_stack(1, 3, 0)), "runtime.gopark");
}

static void a_library_on_its_own_is_told_by_its_package(void **state)
{
	(void)state;
	name_at(3, "internal/poll.(*FD).Read", "fd.go", 3);
	name_at(4, "crypto/internal/rand.Read", "rand.go", 3);
	name_at(5, "net/http.(*persistConn).readLoop", "transport.go", 3);
	assert_string_equal(owner(make_stack(3, 4, 5)), "net/http.(*persistConn).readLoop");
	assert_string_equal(owner(make_stack(1, 3, 4)), "runtime.gopark");
}

static void an_unknown_stack_has_no_owner(void **state)
{
	(void)state;
	assert_null(owner(make_stack(77, 78, 79)));
	assert_null(wait_of(make_stack(77, 78, 79)));
	name_at(3, "main.worker", NULL, 0);
	assert_string_equal(owner(make_stack(77, 3, 0)), "main.worker");
}

static void a_depth_beyond_the_stack_ends_the_walk(void **state)
{
	const uint32_t stack = make_stack(1, 2, 0);

	(void)state;
	made_stack[stack].depth = UINT32_MAX;
	assert_string_equal(owner(stack), "runtime.gopark");
}

static void waits_have_the_words_of_go(void **state)
{
	(void)state;
	name_at(3, "main.worker", NULL, 0);
	name_at(4, "sync.runtime_SemacquireRWMutexR", NULL, 0);
	name_at(5, "sync.(*RWMutex).RLock", NULL, 0);
	assert_string_equal(wait_of(make_stack(1, 2, 3)), "chan receive");
	assert_string_equal(wait_of(make_stack(1, 4, 5)), "RWMutex.RLock");
	/* What the program's own function called earlier is no wait. */
	assert_null(wait_of(make_stack(3, 2, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(packages_are_told_apart_by_their_first_directory, begin),
		cmocka_unit_test_setup(the_first_function_of_the_program_owns_a_stack, begin),
		cmocka_unit_test_setup(an_inlined_function_owns_too, begin),
		cmocka_unit_test_setup(what_the_compiler_made_up_is_left_out, begin),
		cmocka_unit_test_setup(a_library_on_its_own_is_told_by_its_package, begin),
		cmocka_unit_test_setup(an_unknown_stack_has_no_owner, begin),
		cmocka_unit_test_setup(a_depth_beyond_the_stack_ends_the_walk, begin),
		cmocka_unit_test_setup(waits_have_the_words_of_go, begin),
	};

	return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
