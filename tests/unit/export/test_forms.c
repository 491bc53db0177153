/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests that text, JSON and journal agree: of one explanation they tell the same facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/text.h"
#include "export/journal.h"
#include "harness/unit/brief_names.h"
#include "harness/unit/runs.h"
#include "sink/incident_text.h"
#include "sink/outlier_json.h"
#include "sink/outlier_text.h"

#define VALUE_LEN 256

static char directory[] = "/tmp/dwell-forms-XXXXXX";
static char path[sizeof(directory) + 8];
static const struct outlier_clock clock_now = {.mono = BEGIN, .real = {.tv_sec = 1700000000}};

static const struct naming no_names = {0};

/* ---- the forms --------------------------------------------------------------- */

/* One outlier, as each form has it. */
struct forms {
	char *text; /* with details */
	char *line; /* as an incident */
	json_t *json;
	char entry[65536]; /* "FIELD=value" lines */
};

static void receive(int fd, char entry[65536])
{
	ssize_t got = recv(fd, entry, 65535, MSG_DONTWAIT);

	assert_true(got > 0);
	entry[got] = '\0';
}

static void write_entry(const struct incident *incident, const struct explanation *explanation,
			char entry[65536])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct journal journal;

	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(journal_open(&journal, path), 0);
	journal_incident(&journal, incident, explanation, &clock_now);
	receive(fd, entry);
	journal_close(&journal);
	close(fd);
	unlink(path);
}

static void write_forms(struct forms *forms, const struct dwell_outlier *outlier,
			const struct naming *naming)
{
	struct incident incident = {.worst = outlier, .count = 1, .tasks = 1};
	struct explanation explanation;
	char *json;
	size_t size;
	FILE *out;

	incident.kinds[outlier->measure] = 1;
	explain(&explanation, outlier, naming);
	out = open_memstream(&forms->text, &size);
	assert_int_equal(outlier_print(out, &explanation, &clock_now, true), 0);
	fclose(out);
	out = open_memstream(&forms->line, &size);
	assert_int_equal(incident_print(out, &incident, &explanation, &clock_now), 0);
	fclose(out);
	out = open_memstream(&json, &size);
	assert_int_equal(outlier_json(out, &explanation, &clock_now), 0);
	fclose(out);
	forms->json = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(forms->json);
	free(json);
	write_entry(&incident, &explanation, forms->entry);
}

static void free_forms(struct forms *forms)
{
	free(forms->text);
	free(forms->line);
	json_decref(forms->json);
}

static void text_has(const struct forms *forms, const char *fact)
{
	if (!strstr(forms->text, fact))
		fail_msg("no \"%s\" in %s", fact, forms->text);
}

/* The value of @field, or "": there is none. */
static const char *field(const struct forms *forms, const char *name)
{
	static char value[VALUE_LEN];
	const char *at = forms->entry;
	size_t length = strlen(name);

	while (at && (strncmp(at, name, length) != 0 || at[length] != '=')) {
		at = strchr(at, '\n');
		at += at != NULL;
	}
	if (!at)
		return "";
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(at + length + 1, "\n"),
		 at + length + 1);
	return value;
}

/* The string @key of @object; "": there is none. */
static const char *string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

static void numbers_agree(const struct forms *forms, const struct dwell_outlier *outlier)
{
	char wanted[VALUE_LEN], duration[TEXT_DURATION_LEN];

	text_has(forms, text_duration(duration, outlier->ns));
	assert_int_equal(json_integer_value(json_object_get(forms->json, "ns")), outlier->ns);
	snprintf(wanted, sizeof(wanted), "%llu", (unsigned long long)outlier->ns);
	assert_string_equal(field(forms, "DWELL_NS"), wanted);
	assert_int_equal(json_is_true(json_object_get(forms->json, "open")), outlier->open);
	assert_string_equal(field(forms, "DWELL_OPEN"), outlier->open ? "1" : "0");
	assert_int_equal(strstr(forms->text, "still is") != NULL, outlier->open);
}

/* What has a name or a word in all three. */
static void words_agree(const struct forms *forms)
{
	static const struct {
		const char *key, *field;
	} words[] = {
		{"what", "DWELL_WHAT"},	  {"cause", "DWELL_CAUSE"}, {"cgroup", "DWELL_CGROUP"},
		{"state", "DWELL_STATE"}, {"comm", "DWELL_COMM"},   {"syscall", "DWELL_SYSCALL"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *word = string(forms->json, words[i].key);

		assert_string_equal(field(forms, words[i].field), word);
		text_has(forms, word);
	}
}

static void culprits_agree(const struct forms *forms)
{
	const json_t *first = json_array_get(json_object_get(forms->json, "culprits"), 0);
	char wanted[VALUE_LEN] = "";

	assert_string_equal(field(forms, "DWELL_CULPRIT"), string(first, "comm"));
	if (first)
		snprintf(wanted, sizeof(wanted), "%lld",
			 json_integer_value(json_object_get(first, "pid")));
	assert_string_equal(field(forms, "DWELL_CULPRIT_PID"), wanted);
	if (!first)
		return;
	snprintf(wanted, sizeof(wanted), "%s[%lld]", string(first, "comm"),
		 json_integer_value(json_object_get(first, "pid")));
	text_has(forms, wanted);
}

static void wakers_agree(const struct forms *forms)
{
	const json_t *waker = json_object_get(forms->json, "waker");
	const char *told = field(forms, "DWELL_WAKER");
	char wanted[VALUE_LEN];

	assert_int_equal(*told != '\0', waker != NULL);
	if (!waker)
		return;
	snprintf(wanted, sizeof(wanted), "woken by %s\n", told);
	text_has(forms, wanted);
	assert_non_null(strstr(told, string(waker, "comm")));
	assert_non_null(strstr(told, string(waker, "function")));
}

/* Timers have no fields of their own; the line tells of them. */
static void timers_agree(const struct forms *forms)
{
	text_has(forms, string(forms->json, "callback"));
	text_has(forms, string(forms->json, "api"));
}

static void check(const struct dwell_outlier *outlier)
{
	const struct naming *const both[] = {&brief_names, &no_names};

	for (size_t i = 0; i < 2; i++) {
		struct forms forms;
		size_t length;

		write_forms(&forms, outlier, both[i]);
		/* The line comes first in all texts, and is the entry's message. */
		length = strlen(forms.line);
		assert_int_equal(strncmp(forms.text, forms.line, length), 0);
		forms.line[length - 1] = '\0';
		assert_string_equal(field(&forms, "MESSAGE"), forms.line);
		numbers_agree(&forms, outlier);
		words_agree(&forms);
		culprits_agree(&forms);
		wakers_agree(&forms);
		timers_agree(&forms);
		free_forms(&forms);
	}
}

/* Of @measure, with whatever any kind may have. */
static struct dwell_outlier outlier_with_all(enum dwell_measure measure)
{
	struct dwell_outlier outlier = ticker_outlier(measure);

	outlier.cgroup = 7;
	outlier.syscall = 74;
	outlier.function = HRTIMER_WAKEUP;
	outlier.lateness = outlier.runqueue = 12 * MS;
	outlier.expires = BEGIN;
	outlier.oncpu = 2 * MS;
	outlier.block = DWELL_BLOCK_D;
	outlier.waker = (struct dwell_waker){
		.pid = HOG, .tid = HOG, .comm = "hog", .depth = 2, .stack = {NVME, IRQ_EVENT}};
	ticker_add_run(&outlier, 0, 0);
	ticker_add_run(&outlier, HOG, 24 * MS);
	return outlier;
}

static void all_forms_tell_the_same_of_each_kind(void **state)
{
	(void)state;
	for (int measure = 0; measure < DWELL_MEASURES; measure++) {
		struct dwell_outlier outlier = outlier_with_all((enum dwell_measure)measure);

		check(&outlier);
		outlier.open = 1;
		outlier.cgroup = 0;
		check(&outlier);
	}
}

static void all_forms_tell_the_same_of_each_waker(void **state)
{
	struct dwell_outlier outlier = outlier_with_all(DWELL_BLOCKED);

	(void)state;
	outlier.waker.depth = 1; /* a task */
	check(&outlier);
	outlier.waker.timer = 1;
	outlier.waker.function = HRTIMER_WAKEUP;
	check(&outlier);
	memset(&outlier.waker, 0, sizeof(outlier.waker));
	check(&outlier);
}

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", directory);
	return setenv("TZ", "UTC", 1);
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_forms_tell_the_same_of_each_kind),
		cmocka_unit_test(all_forms_tell_the_same_of_each_waker),
	};

	return cmocka_run_group_tests_name("forms", tests, make_directory, remove_directory);
}
