// SPDX-License-Identifier: GPL-2.0-only
/* dwell check: what this kernel and these privileges allow, what is missing and how to get it. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include <jansson.h>

#include "commands.h"
#include "features.h"
#include "message.h"
#include "output.h"
#include "source.h"
#include "source_clock.h"

static int ignore_record(void *context, const struct dwell_record *record)
{
	(void)context;
	(void)record;
	return 0;
}

/*
 * Finding everything is not the same as being able to: loads and attaches the
 * programs and takes them away again. 0 or a negative errno.
 */
static int try_programs(uint64_t *took_ns)
{
	const struct source_filter nobody = {.nr_tids = 1, .tids = {UINT32_MAX}};
	const struct source_request request = {.filter = &nobody};
	const struct intake intake = {.record = ignore_record};
	uint64_t began = clock_mono();
	struct source *source;
	int err = source_open(&source, &request, &intake);

	*took_ns = clock_mono() - began;
	source_close(source);
	return err;
}

static int verdict(const struct features *features, int tried)
{
	enum feature_id missing = features_first_missing(features);

	if (missing != FEATURES)
		return feature_list[missing].need == NEED_PRIVILEGE ? EXIT_PERMISSION : EXIT_KERNEL;
	if (tried == -EPERM || tried == -EACCES)
		return EXIT_PERMISSION;
	return tried ? EXIT_KERNEL : EXIT_DONE;
}

static const char *state_name(enum feature_state state)
{
	static const char *const names[] = {
		[FEATURE_FOUND] = "found",
		[FEATURE_MISSING] = "missing",
		[FEATURE_NOT_TOLD] = "unknown",
	};

	return names[state];
}

static void write_text(FILE *out, const struct features *features, const char *kernel, int tried,
		       uint64_t took_ns, int code)
{
	fprintf(out, "dwell %s on Linux %s\n\n", DWELL_VERSION, kernel);
	for (int i = 0; i < FEATURES; i++) {
		const struct feature *feature = &feature_list[i];

		fprintf(out, "%-8s %s\n", state_name(features->state[i]), feature->title);
		if (features->state[i] == FEATURE_FOUND)
			continue;
		fprintf(out, "         without it: %s\n", feature->without);
		if (feature->remedy)
			fprintf(out, "         to get it: %s\n", feature->remedy);
	}
	if (code == EXIT_DONE)
		fprintf(out,
			"\ndwell can measure here: its programs were loaded and attached in %llu ms.\n",
			(unsigned long long)took_ns / 1000000);
	else if (features_first_missing(features) != FEATURES)
		fprintf(out, "\ndwell cannot measure here: %s is missing.\n",
			feature_list[features_first_missing(features)].title);
	else
		fprintf(out, "\ndwell cannot measure here: %s.\n", strerror(-tried));
}

/* One object a line, like all of dwell's JSON. */
static int write_json(FILE *out, const struct features *features, const char *kernel, int code)
{
	static const char *const needs[] = {
		[NEED_PRIVILEGE] = "required",
		[NEED_KERNEL] = "required",
		[NEED_WANTED] = "wanted",
		[NEED_NOTHING] = "optional",
	};
	json_t *line = json_pack("{ss si ss ss sb si}", "kind", "check", "schema", 1, "version",
				 DWELL_VERSION, "kernel", kernel, "usable", code == EXIT_DONE,
				 "exit", code);
	int err = json_dumpf(line, out, JSON_COMPACT) || fputc('\n', out) < 0;

	json_decref(line);
	for (int i = 0; i < FEATURES && !err; i++) {
		const struct feature *feature = &feature_list[i];

		line = json_pack("{ss ss ss ss ss ss ss*}", "kind", "feature", "name",
				 feature->name, "title", feature->title, "state",
				 state_name(features->state[i]), "need", needs[feature->need],
				 "without", feature->without, "remedy", feature->remedy);
		err = json_dumpf(line, out, JSON_COMPACT) || fputc('\n', out) < 0;
		json_decref(line);
	}
	return err;
}

int cmd_check(const struct options *options)
{
	struct output output __attribute__((cleanup(output_discard)));
	struct features features;
	struct utsname kernel;
	uint64_t took_ns = 0;
	int err, tried = 0, code;

	if (output_open(&output, options->output))
		return EXIT_FAILED;
	uname(&kernel);
	err = features_detect(&features);
	if (err) {
		message_error("cannot tell what this kernel offers: %s", strerror(-err));
		return EXIT_FAILED;
	}
	if (features_first_missing(&features) == FEATURES)
		tried = try_programs(&took_ns);
	code = verdict(&features, tried);
	if (options->json)
		write_json(output.file, &features, kernel.release, code);
	else
		write_text(output.file, &features, kernel.release, tried, took_ns, code);
	return output_commit(&output) ? EXIT_FAILED : code;
}
