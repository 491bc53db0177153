/* SPDX-License-Identifier: GPL-2.0-only */
/* What a sink wrote, taken apart line by line, for the tests of the sinks. */
#ifndef DWELL_TESTS_OUTPUT_H
#define DWELL_TESTS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "sink/report.h"

#define LINES_MAX 256

/* Ended by output_free(). */
struct output {
	char *text;
	size_t bytes;
	char *line[LINES_MAX];
	json_t *json[LINES_MAX]; /* of output_json() */
	size_t count;
};

/* Lines of text, in which there is no control character. */
void output_text(struct output *output, int (*sink)(FILE *out, const struct report *report),
		 const struct report *report);

/* Lines of JSON, each an object without a key twice, in printable ASCII. */
void output_json(struct output *output, int (*sink)(FILE *out, const struct report *report),
		 const struct report *report);
void output_free(struct output *output);

/* The first line from @from on that has @text in it; the number of lines if none has. */
size_t find_line(const struct output *output, size_t from, const char *text);
bool has_line(const struct output *output, const char *text);

/* Checks that @object has exactly the keys of @keys, which blanks separate, in that order. */
void check_keys(json_t *object, const char *keys);
void check_integer(json_t *object, const char *key, json_int_t expected);
void check_string(json_t *object, const char *key, const char *expected);
/* Of what has ended, and of what is open: there with a @count alone. */
void check_dist(json_t *row, const char *key, uint64_t count, uint64_t sum, uint64_t max);
void check_open(json_t *row, const char *key, uint64_t count, uint64_t sum, uint64_t max);

#endif
