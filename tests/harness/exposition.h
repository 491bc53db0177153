/* SPDX-License-Identifier: GPL-2.0-only */
/* Prometheus' text format, taken apart and held to all its rules, for the tests of what writes it. */
#ifndef DWELL_TESTS_EXPOSITION_H
#define DWELL_TESTS_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct exposition_family {
	char *name;
	char *type;
	char *keys;	     /* names of its labels, as its first series has them, but "le" */
	size_t first, count; /* of its samples */
};

struct exposition_sample {
	char *series; /* name and labels as written */
	char *value;
	size_t family;
};

/* All zeros is none; ended by exposition_free(). */
struct exposition {
	char *text;  /* as written */
	char *lines; /* taken apart */
	size_t bytes;
	struct exposition_family *family;
	struct exposition_sample *sample;
	size_t families, samples;
};

/* Ends the test: @rule, of that line of exposition.c, is broken. Each program that tests has its own. */
void exposition_broken(const char *rule, int line) __attribute__((noreturn));

/* Takes @text (@bytes of it) apart; fails the test if it breaks a rule. */
void exposition_parse(struct exposition *exposition, const char *text, size_t bytes);
void exposition_free(struct exposition *exposition);

/* The value of that series, "name{key="value"}"; NULL: there is none. */
const char *exposition_value(const struct exposition *exposition, const char *series);

/* Fails the test if a counter or a histogram's part that is in both fell. */
void exposition_check_monotone(const struct exposition *before, const struct exposition *after);

#endif
