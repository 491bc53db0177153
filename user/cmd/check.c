// SPDX-License-Identifier: GPL-2.0-only
/* dwell check: what this kernel and these privileges allow, what is missing, and how to get it. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/message.h"
#include "base/output.h"
#include "cmd/commands.h"
#include "cmd/session.h"
#include "source/features.h"
#include "source/live.h"

/*
 * Opens and closes a source for @request. Sets *@took_ns to the time of opening if it is 0. 0 or
 * a negative errno.
 */
static int try_source(const struct source_request *request, uint64_t *took_ns)
{
	const struct intake nobody = {0};
	uint64_t began = clock_mono();
	struct source *source;
	int err = source_live_open(&source, request, &nobody);

	if (!*took_ns)
		*took_ns = clock_mono() - began;
	source_close(source);
	return err;
}

/*
 * Loads and attaches all programs of all commands, for found features may still fail. 0 or a
 * negative errno; adds what was refused to @reductions.
 */
static int try_programs(struct reductions *reductions, uint64_t *took_ns)
{
	/* No task has this name: programs for filters are tried too, and measure nothing. */
	const struct source_filter nobody = {.nr_comms = 1, .comms = {"\1"}};
	struct source_outliers outliers = {.user_stacks = true};
	struct source_request request = {
		.filter = &nobody,
		.outliers = &outliers,
		.ledger = {.wanted = true, .sites = true, .wheel = true},
		.reductions = reductions,
	};
	int err;

	for (int i = 0; i < DWELL_MEASURES; i++)
		outliers.rule[i] = (struct outlier_rule){.floor_ns = 1000000000, .adaptive = true};
	err = try_source(&request, took_ns);
	if (err)
		return err;
	request.outliers = NULL;
	request.ledger = (struct source_ledger){.wanted = true, .alone = true};
	return try_source(&request, took_ns);
}

static int verdict(const struct features *features, int tried)
{
	enum feature_id missing = features_first_missing(features);

	if (missing != FEATURES)
		return feature_list[missing].need == NEED_PRIVILEGE ? EXIT_PERMISSION : EXIT_KERNEL;
	if (tried == -EPERM || tried == -EACCES)
		return EXIT_PERMISSION;
	if (tried == -EOPNOTSUPP)
		return EXIT_KERNEL;
	return tried ? EXIT_FAILED : EXIT_DONE;
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

/* What was found out. */
struct findings {
	struct features features;
	struct reductions reductions;
	struct utsname kernel;
	int tried;	  /* 0, or the negative errno of loading everything */
	uint64_t took_ns; /* to load and attach the programs of `dwell summary` and more */
	enum exit_code code;
};

static void write_features(FILE *out, const struct features *features)
{
	for (int i = 0; i < FEATURES; i++) {
		const struct feature *feature = &feature_list[i];

		fprintf(out, "%-8s %s\n", state_name(features->state[i]), feature->title);
		if (features->state[i] == FEATURE_FOUND)
			continue;
		fprintf(out, "         without it: %s\n", feature->without);
		if (feature->remedy)
			fprintf(out, "         to get it: %s\n", feature->remedy);
	}
}

static void write_text(FILE *out, const struct findings *found)
{
	const struct reductions *reductions = &found->reductions;

	fprintf(out, "dwell %s on Linux %s\n\n", DWELL_VERSION, found->kernel.release);
	write_features(out, &found->features);
	for (size_t i = 0; i < reductions->count; i++)
		fprintf(out, "refused  %s: %s\n         without it: %s\n", reductions->list[i].name,
			reduction_reason(&reductions->list[i]), reductions->list[i].lost);
	if (found->code == EXIT_DONE)
		fprintf(out,
			"\ndwell can measure here%s: its programs were loaded and attached in %llu ms.\n",
			reductions->count ? ", with less to tell" : "",
			(unsigned long long)found->took_ns / 1000000);
	else if (features_first_missing(&found->features) != FEATURES)
		fprintf(out, "\ndwell cannot measure here: %s is missing.\n",
			feature_list[features_first_missing(&found->features)].title);
	else if (reductions->required[0])
		fprintf(out, "\ndwell cannot measure here: the kernel refused %s: %s.\n",
			reductions->required, strerror(reductions->error));
	else
		fprintf(out, "\ndwell cannot measure here: %s.\n", strerror(-found->tried));
}

/*
 * Writes one object on a line. Takes over the reference to @line; NULL: no memory. 0,
 * -ENOMEM, or -EIO, which the end of the output tells more of.
 */
static int write_line(FILE *out, json_t *line)
{
	bool failed = !line || json_dumpf(line, out, JSON_COMPACT) || fputc('\n', out) < 0;

	json_decref(line);
	if (!failed)
		return 0;
	return ferror(out) ? -EIO : -ENOMEM;
}

static int write_feature_lines(FILE *out, const struct features *features)
{
	static const char *const needs[] = {
		[NEED_PRIVILEGE] = "required",
		[NEED_KERNEL] = "required",
		[NEED_WANTED] = "wanted",
		[NEED_NOTHING] = "optional",
	};
	int err = 0;

	for (int i = 0; i < FEATURES && !err; i++) {
		const struct feature *feature = &feature_list[i];

		err = write_line(out, json_pack("{ss ss ss ss ss ss ss*}", "kind", "feature",
						"name", feature->name, "title", feature->title,
						"state", state_name(features->state[i]), "need",
						needs[feature->need], "without", feature->without,
						"remedy", feature->remedy));
	}
	return err;
}

static int write_json(FILE *out, const struct findings *found)
{
	const struct reductions *reductions = &found->reductions;
	int err =
		write_line(out, json_pack("{ss si ss ss sb si}", "kind", "check", "schema", 1,
					  "version", DWELL_VERSION, "kernel", found->kernel.release,
					  "usable", found->code == EXIT_DONE, "exit", found->code));

	if (!err)
		err = write_feature_lines(out, &found->features);
	for (size_t i = 0; i < reductions->count && !err; i++)
		err = write_line(out, json_pack("{ss ss ss ss ss}", "kind", "refusal", "name",
						reductions->list[i].name, "need", "optional",
						"lost", reductions->list[i].lost, "reason",
						reduction_reason(&reductions->list[i])));
	if (!err && reductions->required[0])
		err = write_line(out, json_pack("{ss ss ss ss}", "kind", "refusal", "name",
						reductions->required, "need", "required", "reason",
						strerror(reductions->error)));
	return err;
}

int cmd_check(const struct options *options)
{
	struct output output __attribute__((cleanup(output_discard)));
	struct findings found = {0};
	int err;

	if (output_open(&output, options->output))
		return EXIT_FAILED;
	limits_raise_files();
	uname(&found.kernel);
	session_refuse_proc(&found.reductions);
	err = features_detect(&found.features);
	if (err) {
		message_error("cannot tell what this kernel offers: %s", strerror(-err));
		return EXIT_FAILED;
	}
	if (features_first_missing(&found.features) == FEATURES)
		found.tried = try_programs(&found.reductions, &found.took_ns);
	found.code = verdict(&found.features, found.tried);
	if (!options->json) {
		write_text(output.file, &found);
	} else if (write_json(output.file, &found) == -ENOMEM) {
		message_error("cannot write all of it: out of memory");
		return EXIT_FAILED;
	}
	return output_commit(&output) ? EXIT_FAILED : (int)found.code;
}
