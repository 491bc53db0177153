/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses Prometheus' text format and checks all its rules, for tests of its writers. */
#ifndef DWELL_TESTS_EXPOSITION_H
#define DWELL_TESTS_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct exposition_family {
	char *name;
	char *type;
	char *keys;	     /* label names of its first series, without "le" */
	size_t first, count; /* first of its samples, and how many there are */
};

struct exposition_sample {
	char *series; /* name and labels as written */
	char *value;
	size_t family; /* position of its family */
};

/* A parsed text, which owns all its strings. All zeros is none. */
struct exposition {
	char *text;  /* as written */
	char *lines; /* the text split into strings */
	size_t bytes;
	struct exposition_family *family;
	struct exposition_sample *sample;
	size_t families, samples;
};

/* Ends the test: @rule, at @line of exposition.c, is broken. Each test program defines it. */
void exposition_broken(const char *rule, int line) __attribute__((noreturn));

/*
 * Parses a copy of @text, which has @bytes bytes before its NUL. Fails the test if it breaks a
 * rule. The caller frees the result with exposition_free().
 */
void exposition_parse(struct exposition *exposition, const char *text, size_t bytes);
void exposition_free(struct exposition *exposition);

/*
 * The value of @series, as in "name{key="value"}"; NULL: there is none. It is valid until
 * exposition_free().
 */
const char *exposition_value(const struct exposition *exposition, const char *series);

/* Fails the test if a series in both, other than a gauge, fell from @before to @after. */
void exposition_check_monotone(const struct exposition *before, const struct exposition *after);

#endif
