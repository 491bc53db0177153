/* SPDX-License-Identifier: GPL-2.0-only */
/* A text for Prometheus that breaks a rule, in a unit test: it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/exposition.h"

void exposition_broken(const char *rule, int line)
{
	_assert_true(false, rule, "exposition.c", line);
	abort(); /* never: cmocka has left the test */
}
