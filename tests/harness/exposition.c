// SPDX-License-Identifier: GPL-2.0-only
/* Prometheus' text format, taken apart and held to all its rules, for the tests of what writes it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "harness/exposition.h"

#define rule(holds) ((holds) ? (void)0 : exposition_broken(#holds, __LINE__))

/* ---- words ------------------------------------------------------------------- */

/* Moves *@at behind a name of letters, digits and "_". */
static void pass_name(char **at)
{
	rule(isalpha((unsigned char)**at) || **at == '_');
	while (isalnum((unsigned char)**at) || **at == '_')
		(*at)++;
}

/* The same behind a value in quotes, which is not empty and has no other escapes than allowed. */
static void pass_value(char **at)
{
	rule(*(*at)++ == '"');
	rule(**at != '"');
	for (; **at != '"'; (*at)++) {
		rule((unsigned char)**at >= ' ' && **at != 0x7f);
		if (**at == '\\')
			rule(strchr("\\\"n", *++(*at)) != NULL);
	}
	(*at)++;
}

/* Digits, and perhaps a point and more of them: no sign, no exponent, no locale. */
static void check_number(const char *text)
{
	size_t whole = strspn(text, "0123456789");

	rule(whole > 0);
	if (text[whole] == '.')
		whole += 1 + strspn(text + whole + 1, "0123456789");
	rule(text[whole] == '\0');
	rule(isdigit((unsigned char)text[whole - 1]));
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) && !strcmp(text + length - strlen(end), end);
}

/* ---- a series ---------------------------------------------------------------- */

/* The names of @labels' keys, a blank behind each; those of one series differ. */
static char *keys_of(char *labels)
{
	char *keys = calloc(1, strlen(labels) + 2), *at = labels;

	rule(keys != NULL);
	while (*at) {
		char *begin = at, key[64] = " ";

		pass_name(&at);
		strncat(key, begin, at - begin);
		strcat(key, " ");
		rule(strncmp(key, " __", 3) != 0);
		rule(*at++ == '=');
		pass_value(&at);
		if (!strcmp(key, " le ")) {
			/* Nothing comes behind it here, so that what is before it names a histogram. */
			rule(*at == '\0');
			break;
		}
		rule(!strstr(keys, key + 1));
		strcat(keys, key + 1);
		if (*at == ',')
			rule(*++at != '\0');
		else
			rule(*at == '\0');
	}
	return keys;
}

/* Checks a sample's labels against those of its family's first. */
static void check_labels(struct exposition_family *family, const char *series, bool bucket)
{
	const char *brace = strchr(series, '{');
	char *labels, *keys;

	rule(!brace || ends_with(brace, "}"));
	labels = strdup(brace ? brace + 1 : "}");
	rule(labels != NULL);
	labels[strlen(labels) - 1] = '\0';
	rule(!brace || *labels);
	keys = keys_of(labels);
	rule(bucket == (strstr(labels, "le=\"") != NULL));
	if (family->keys)
		rule(!strcmp(family->keys, keys));
	else
		family->keys = strdup(keys);
	free(keys);
	free(labels);
}

static void add_sample(struct exposition *exposition, char *line)
{
	struct exposition_family *family = &exposition->family[exposition->families - 1];
	struct exposition_sample *sample = &exposition->sample[exposition->samples];
	size_t length = strlen(family->name);
	char *value = strrchr(line, ' ');
	const char *suffix = line + length;
	bool histogram = !strcmp(family->type, "histogram"), bucket;

	rule(exposition->families > 0);
	rule(value != NULL);
	*value++ = '\0';
	check_number(value);
	rule(!strncmp(line, family->name, length));
	bucket = histogram && !strncmp(suffix, "_bucket{", 8);
	if (histogram)
		rule(bucket || !strncmp(suffix, "_sum", 4) || !strncmp(suffix, "_count", 6));
	else
		rule(*suffix == '{' || !*suffix);
	check_labels(family, line, bucket);
	*sample = (struct exposition_sample){line, value, exposition->families - 1};
	exposition->samples++;
	family->count++;
}

/* ---- families ---------------------------------------------------------------- */

static void add_help(struct exposition *exposition, char *line)
{
	struct exposition_family *family = &exposition->family[exposition->families++];
	char *at = line;

	*family = (struct exposition_family){.name = line, .first = exposition->samples};
	pass_name(&at);
	rule(*at == ' ');
	*at = '\0';
	rule(!strncmp(family->name, "dwell_", 6));
	for (size_t i = 0; i + 1 < exposition->families; i++)
		rule(strcmp(exposition->family[i].name, family->name) != 0);
	/* A text, in which nothing has to be escaped. */
	rule(at[1] != '\0');
	rule(!strchr(at + 1, '\\'));
}

static void add_type(struct exposition *exposition, char *line)
{
	struct exposition_family *family = &exposition->family[exposition->families - 1];
	char *type = strchr(line, ' ');

	rule(type != NULL);
	*type++ = '\0';
	rule(!strcmp(line, family->name));
	rule(!family->type);
	rule(family->count == 0);
	rule(!strcmp(type, "counter") || !strcmp(type, "gauge") || !strcmp(type, "histogram"));
	rule(!strcmp(type, "counter") == ends_with(line, "_total"));
	rule(!(ends_with(line, "_count") || ends_with(line, "_sum") || ends_with(line, "_bucket")));
	family->type = type;
}

static void add_line(struct exposition *exposition, char *line)
{
	if (!strncmp(line, "# HELP ", 7)) {
		add_help(exposition, line + 7);
	} else if (!strncmp(line, "# TYPE ", 7)) {
		add_type(exposition, line + 7);
	} else {
		rule(exposition->family[exposition->families - 1].type != NULL);
		add_sample(exposition, line);
	}
}

/* ---- histograms -------------------------------------------------------------- */

/* @series with its part @suffix: the same name and labels, but "le". */
static void check_part(const struct exposition_family *family,
		       const struct exposition_sample *sample, const char *suffix,
		       const char *labels)
{
	char series[2048];

	snprintf(series, sizeof(series), "%s%s%s", family->name, suffix, labels);
	rule(!strcmp(sample->series, series));
}

/* Checks the histogram that begins at @sample. Returns how many samples it has. */
static size_t check_histogram(const struct exposition_family *family,
			      const struct exposition_sample *sample, char les[1024])
{
	unsigned long long last = 0, count;
	char labels[1024], *le;
	double last_le = -1;
	size_t i = 0;

	les[0] = '\0';
	for (bool more = true; more; i++) {
		le = strstr(sample[i].series, "le=\"");
		rule(le != NULL);
		strcat(les, le);
		more = strncmp(le, "le=\"+Inf\"", 9) != 0;
		rule(strtod(le + 4, NULL) > last_le);
		last_le = strtod(le + 4, NULL);
		rule(!strchr(sample[i].value, '.'));
		count = strtoull(sample[i].value, NULL, 10);
		rule(count >= last);
		last = count;
		snprintf(labels, sizeof(labels), "%.*s", (int)(le - strchr(sample[i].series, '{')),
			 strchr(sample[i].series, '{'));
		/* The comma before "le" ends the others. */
		labels[strlen(labels) - 1] = '}';
	}
	check_part(family, &sample[i], "_sum", labels);
	check_part(family, &sample[i + 1], "_count", labels);
	rule(!strcmp(sample[i + 1].value, sample[i - 1].value));
	return i + 2;
}

/* All histograms of all families have the same buckets. */
static void check_histograms(const struct exposition *exposition)
{
	char first[1024] = "", les[1024];

	for (size_t i = 0; i < exposition->families; i++) {
		const struct exposition_family *family = &exposition->family[i];
		size_t at = 0;

		if (strcmp(family->type, "histogram") != 0)
			continue;
		while (at < family->count) {
			at += check_histogram(family, &exposition->sample[family->first + at], les);
			if (!first[0])
				strcpy(first, les);
			rule(!strcmp(first, les));
		}
		rule(at == family->count);
	}
}

/* ---- the whole --------------------------------------------------------------- */

static int compare_samples(const void *a, const void *b)
{
	const struct exposition_sample *x = a, *y = b;

	return strcmp(x->series, y->series);
}

/* From here on samples are in order, for exposition_value(). */
static void check_duplicates(struct exposition *exposition)
{
	qsort(exposition->sample, exposition->samples, sizeof(*exposition->sample),
	      compare_samples);
	for (size_t i = 1; i < exposition->samples; i++)
		rule(strcmp(exposition->sample[i - 1].series, exposition->sample[i].series) != 0);
}

void exposition_parse(struct exposition *exposition, const char *text, size_t bytes)
{
	size_t lines = 0;
	char *line, *rest;
	json_t *utf8;

	memset(exposition, 0, sizeof(*exposition));
	rule(bytes > 0 && text[bytes - 1] == '\n' && strlen(text) == bytes);
	utf8 = json_string(text); /* checks it */
	rule(utf8 != NULL);
	json_decref(utf8);
	for (size_t i = 0; i < bytes; i++)
		lines += text[i] == '\n';
	exposition->text = strdup(text);
	exposition->lines = strdup(text);
	exposition->bytes = bytes;
	exposition->family = calloc(lines, sizeof(*exposition->family));
	exposition->sample = calloc(lines, sizeof(*exposition->sample));
	rule(exposition->text && exposition->lines && exposition->family && exposition->sample);
	exposition->lines[bytes - 1] = '\0';
	for (rest = exposition->lines; (line = strsep(&rest, "\n"));)
		add_line(exposition, line);
	for (size_t i = 0; i < exposition->families; i++)
		rule(exposition->family[i].count > 0);
	check_histograms(exposition);
	check_duplicates(exposition);
}

void exposition_free(struct exposition *exposition)
{
	for (size_t i = 0; i < exposition->families; i++)
		free(exposition->family[i].keys);
	free(exposition->family);
	free(exposition->sample);
	free(exposition->lines);
	free(exposition->text);
	memset(exposition, 0, sizeof(*exposition));
}

const char *exposition_value(const struct exposition *exposition, const char *series)
{
	struct exposition_sample key = {.series = (char *)series}, *found;

	found = bsearch(&key, exposition->sample, exposition->samples, sizeof(key),
			compare_samples);
	return found ? found->value : NULL;
}

void exposition_check_monotone(const struct exposition *before, const struct exposition *after)
{
	for (size_t i = 0; i < before->samples; i++) {
		const struct exposition_sample *sample = &before->sample[i];
		const char *value = exposition_value(after, sample->series);

		if (value && strcmp(before->family[sample->family].type, "gauge") != 0)
			rule(strtold(value, NULL) >= strtold(sample->value, NULL));
	}
}
