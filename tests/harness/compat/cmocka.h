/* SPDX-License-Identifier: GPL-2.0-only */
/* One cmocka for the unit tests, whichever version is there. */
#ifndef DWELL_TESTS_CMOCKA_H
#define DWELL_TESTS_CMOCKA_H

#include_next <cmocka.h>

/* cmocka 2 has a macro of a name that tests use for functions of their own. */
#undef stop

/* cmocka 2 deprecates a macro of which cmocka 1 has no successor. */
#ifdef assert_uint_in_range
#undef assert_in_range
#define assert_in_range assert_uint_in_range
#endif

#endif
