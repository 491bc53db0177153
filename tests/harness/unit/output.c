/* SPDX-License-Identifier: GPL-2.0-only */
/* What a sink wrote, taken apart line by line, for the tests of the sinks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/unit/output.h"

void output_text(struct output *output, int (*sink)(FILE *out, const struct report *report),
		 const struct report *report)
{
	FILE *out;
	char *line, *rest;

	memset(output, 0, sizeof(*output));
	out = open_memstream(&output->text, &output->bytes);
	assert_non_null(out);
	assert_int_equal(sink(out, report), 0);
	fclose(out);
	assert_int_equal(output->text[output->bytes - 1], '\n');
	output->text[output->bytes - 1] = '\0';
	for (const char *at = output->text; *at; at++)
		assert_true(*at == '\n' || (unsigned char)*at >= ' ');
	for (rest = output->text; (line = strsep(&rest, "\n"));) {
		assert_in_range(output->count, 0, LINES_MAX - 1);
		output->line[output->count++] = line;
	}
}

void output_json(struct output *output, int (*sink)(FILE *out, const struct report *report),
		 const struct report *report)
{
	output_text(output, sink, report);
	for (size_t i = 0; i < output->count; i++) {
		json_error_t error;

		/* Nothing but printable ASCII, whatever the names are. */
		for (const char *at = output->line[i]; *at; at++)
			assert_true(*at >= ' ' && *at < 0x7f);
		output->json[i] = json_loads(output->line[i], JSON_REJECT_DUPLICATES, &error);
		assert_true(json_is_object(output->json[i]));
	}
}

void output_free(struct output *output)
{
	for (size_t i = 0; i < output->count; i++)
		json_decref(output->json[i]);
	free(output->text);
}

size_t find_line(const struct output *output, size_t from, const char *text)
{
	while (from < output->count && !strstr(output->line[from], text))
		from++;
	return from;
}

bool has_line(const struct output *output, const char *text)
{
	return find_line(output, 0, text) < output->count;
}

void check_keys(json_t *object, const char *keys)
{
	char list[1024] = "";
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		if (list[0])
			strcat(list, " ");
		strcat(list, key);
	}
	assert_string_equal(list, keys);
}

void check_integer(json_t *object, const char *key, json_int_t expected)
{
	json_t *value = json_object_get(object, key);

	assert_true(json_is_integer(value));
	assert_int_equal(json_integer_value(value), expected);
}

void check_string(json_t *object, const char *key, const char *expected)
{
	assert_non_null(json_string_value(json_object_get(object, key)));
	assert_string_equal(json_string_value(json_object_get(object, key)), expected);
}

void check_dist(json_t *row, const char *key, uint64_t count, uint64_t sum, uint64_t max)
{
	json_t *dist = json_object_get(row, key);
	char keys[64];

	assert_true(json_is_object(dist));
	snprintf(keys, sizeof(keys), "count sum_ns max_ns%s%s",
		 count ? " p50_ns p90_ns p99_ns" : "",
		 json_object_get(dist, "open") ? " open" : "");
	check_keys(dist, keys);
	check_integer(dist, "count", count);
	check_integer(dist, "sum_ns", sum);
	check_integer(dist, "max_ns", max);
	if (count)
		assert_true(json_integer_value(json_object_get(dist, "p50_ns")) <=
				    json_integer_value(json_object_get(dist, "p90_ns")) &&
			    json_integer_value(json_object_get(dist, "p90_ns")) <=
				    json_integer_value(json_object_get(dist, "p99_ns")) &&
			    json_integer_value(json_object_get(dist, "p99_ns")) <= (json_int_t)max);
}

void check_open(json_t *row, const char *key, uint64_t count, uint64_t sum, uint64_t max)
{
	json_t *open = json_object_get(json_object_get(row, key), "open");

	assert_int_equal(!!open, !!count);
	if (!open)
		return;
	check_keys(open, "count sum_ns max_ns");
	check_integer(open, "count", count);
	check_integer(open, "sum_ns", sum);
	check_integer(open, "max_ns", max);
}
