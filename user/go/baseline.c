/* SPDX-License-Identifier: GPL-2.0-only */
/* Baselines: a snapshot that was saved, to compare a later one with. */
#include "go/baseline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/saturate.h"
#include "base/text.h"

#define SCHEMA 1
#define NAME_LEN 4096 /* as json_set_name() cuts names */
#define KEY_LEN (3 * NAME_LEN)
#define TEXT_LEN 256

/* A row of the file; those of equal keys are one. */
struct saved {
	uint64_t count;
	UT_hash_handle hh;
	size_t length;
	char key[];
};

struct go_baseline {
	char build_id[TEXT_LEN];
	char version[TEXT_LEN];
	size_t headers, processes, lines;
	uint64_t said; /* timers and goroutines that the process had, as its line says */
	uint64_t seen; /* those of all rows */
	struct saved *saved;
};

/* What a row is found by: its table or kind, and its names, each ended by a NUL. */
struct key {
	char text[KEY_LEN];
	size_t length;
};

void go_baseline_free(struct go_baseline *baseline)
{
	struct saved *saved, *next;

	if (!baseline)
		return;
	HASH_ITER(hh, baseline->saved, saved, next) {
		HASH_DEL(baseline->saved, saved);
		free(saved);
	}
	free(baseline);
}

const char *go_baseline_build_id(const struct go_baseline *baseline)
{
	return baseline->build_id;
}

const char *go_baseline_version(const struct go_baseline *baseline)
{
	return baseline->version;
}

/* ---- keys ------------------------------------------------------------------------- */

/* Adds @name (NULL: none) in the form in which JSON has it. */
static void key_add(struct key *key, const char *name)
{
	char *end = key->text + key->length;

	text_utf8(end, KEY_LEN - key->length < NAME_LEN ? KEY_LEN - key->length : NAME_LEN,
		  name ?: "", name ? strlen(name) : 0);
	key->length += strlen(end) + 1;
}

static void key_make(struct key *key, const char *kind, const char *owner, const char *creator)
{
	key->length = 0;
	key_add(key, kind);
	key_add(key, owner);
	key_add(key, creator);
}

static struct saved *find(const struct go_baseline *baseline, const struct key *key)
{
	struct saved *saved;

	HASH_FIND(hh, baseline->saved, key->text, key->length, saved);
	return saved;
}

static int add(struct go_baseline *baseline, const struct key *key, uint64_t count)
{
	struct saved *saved = find(baseline, key);

	if (!saved) {
		saved = calloc(1, sizeof(*saved) + key->length);
		if (!saved)
			return -ENOMEM;
		saved->length = key->length;
		memcpy(saved->key, key->text, key->length);
		HASH_ADD(hh, baseline->saved, key, key->length, saved);
		if (!saved->hh.tbl) {
			free(saved);
			return -ENOMEM;
		}
	}
	saved->count = saturating_add(saved->count, count);
	return 0;
}

/* ---- reading ------------------------------------------------------------------------ */

static const char *string_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int take_header(struct go_baseline *baseline, const json_t *line, const char **why)
{
	if (json_integer_value(json_object_get(line, "schema")) != SCHEMA) {
		*why = "another version of dwell has written it";
		return -EINVAL;
	}
	if (strcmp(string_of(line, "by") ?: "", "site") != 0) {
		*why = "its rows are no sites";
		return -EINVAL;
	}
	baseline->headers++;
	return 0;
}

/* The count at @key; 0: there is none. */
static uint64_t count_of(const json_t *object, const char *key)
{
	const json_int_t count = json_integer_value(json_object_get(object, key));

	return count > 0 ? (uint64_t)count : 0;
}

static int take_process(struct go_baseline *baseline, const json_t *line, const char **why)
{
	if (baseline->processes++) {
		*why = "it tells of several processes";
		return -EINVAL;
	}
	snprintf(baseline->build_id, sizeof(baseline->build_id), "%s",
		 string_of(line, "build_id") ?: "");
	snprintf(baseline->version, sizeof(baseline->version), "%s",
		 string_of(line, "version") ?: "");
	baseline->said = saturating_add(count_of(line, "timers"), count_of(line, "goroutines"));
	return 0;
}

static int take_row(struct go_baseline *baseline, const json_t *line, const char *kind,
		    const char *owner, const char **why)
{
	const json_t *count = json_object_get(line, "count");
	struct key key;

	if (!kind || !json_is_integer(count) || json_integer_value(count) < 0) {
		*why = "a row has no kind or count";
		return -EINVAL;
	}
	key_make(&key, kind, owner, string_of(line, "created_by"));
	baseline->seen = saturating_add(baseline->seen, count_of(line, "count"));
	return add(baseline, &key, count_of(line, "count"));
}

/* Lines of kinds that it does not know are passed over. */
static int take_line(struct go_baseline *baseline, const char *text, size_t length,
		     const char **why)
{
	json_auto *line = json_loadb(text, length, 0, NULL);
	const char *kind = string_of(line, "kind");

	if (!kind) {
		*why = "it is no output of dwell";
		return -EINVAL;
	}
	if (++baseline->lines > GO_BASELINE_LINES_MAX) {
		*why = "it has too many lines";
		return -EFBIG;
	}
	if (!strcmp(kind, "header"))
		return take_header(baseline, line, why);
	if (!strcmp(kind, "go"))
		return take_process(baseline, line, why);
	if (!strcmp(kind, "go_timers"))
		return take_row(baseline, line, string_of(line, "what"), string_of(line, "owner"),
				why);
	if (!strcmp(kind, "goroutines"))
		return take_row(baseline, line, kind, string_of(line, "place"), why);
	return 0;
}

/* Reads all of @file to *text, which the caller frees. 0 or a negative errno. */
static int read_all(FILE *file, char **text, size_t *length, const char **why)
{
	size_t room = 0;

	for (*length = 0; !feof(file);) {
		if (*length == room) {
			char *more = realloc(*text, room = room ? 2 * room : 65536);

			if (!more)
				return -ENOMEM;
			*text = more;
		}
		*length += fread(*text + *length, 1, room - *length, file);
		if (ferror(file)) {
			*why = strerror(errno);
			return errno ? -errno : -EIO;
		}
		if (*length > GO_BASELINE_BYTES_MAX) {
			*why = "it is too large";
			return -EFBIG;
		}
	}
	return 0;
}

static int take_lines(struct go_baseline *baseline, const char *text, size_t length,
		      const char **why)
{
	int err = 0;

	while (length && !err) {
		const char *end = memchr(text, '\n', length);
		size_t line = end ? (size_t)(end - text) : length;

		if (line)
			err = take_line(baseline, text, line, why);
		line += end != NULL;
		text += line;
		length -= line;
	}
	if (!err && (!baseline->headers || !baseline->processes)) {
		*why = "it tells of no Go process";
		return -EINVAL;
	}
	/* Rows that -n or --leaks left out would seem new. */
	if (!err && baseline->seen != baseline->said) {
		*why = "it does not have all rows of the process";
		return -EINVAL;
	}
	return err;
}

int go_baseline_read(FILE *file, struct go_baseline **baseline, const char **why)
{
	struct go_baseline *made = calloc(1, sizeof(*made));
	auto_free char *text = NULL;
	size_t length = 0;
	int err;

	*baseline = NULL;
	*why = "out of memory";
	err = made ? read_all(file, &text, &length, why) : -ENOMEM;
	if (!err)
		err = take_lines(made, text, length, why);
	if (err)
		go_baseline_free(made);
	else
		*baseline = made;
	return err;
}

/* ---- comparing ------------------------------------------------------------------------ */

/*
 * What has changed of a row with @count, which @grows while dwell looks, or not. False: nothing
 * that is worth a line.
 */
static bool judge(const struct go_baseline *baseline, const struct key *key, uint64_t count,
		  bool grows, struct go_change *change)
{
	const struct saved *saved = find(baseline, key);
	const uint64_t before = saved ? saved->count : 0;
	const uint64_t more = saturating_subtract(count, before);

	*change = (struct go_change){
		.compared = true,
		.before = before,
		.grew = more >= GO_GREW_LEAST && (double)more >= GO_GREW_SHARE * (double)before,
	};
	return grows || change->grew || (!before && count);
}

static size_t compare_timers(const struct go_baseline *baseline, struct go_rows *rows)
{
	static const char *const kinds[] = {
#define X(id, name, text, plural) [GO_##id] = name,
		GO_TIMER_KIND_LIST(X)
#undef X
	};
	size_t kept = 0, grown = 0;
	struct key key;

	for (size_t i = 0; i < rows->timers; i++) {
		struct go_timer_row row = rows->timer[i];

		key_make(&key, kinds[row.kind], row.owner, row.creator);
		if (!judge(baseline, &key, row.count, row.growth.grows, &row.change))
			continue;
		grown += row.change.grew;
		rows->timer[kept++] = row;
	}
	rows->unchanged += rows->timers - kept;
	rows->timers = kept;
	return grown;
}

static size_t compare_goroutines(const struct go_baseline *baseline, struct go_rows *rows)
{
	size_t kept = 0, grown = 0;
	struct key key;

	for (size_t i = 0; i < rows->goroutines; i++) {
		struct go_goroutine_row row = rows->goroutine[i];

		key_make(&key, "goroutines", row.place, row.creator);
		if (!judge(baseline, &key, row.count, row.growth.grows, &row.change))
			continue;
		grown += row.change.grew;
		rows->goroutine[kept++] = row;
	}
	rows->unchanged += rows->goroutines - kept;
	rows->goroutines = kept;
	return grown;
}

size_t go_baseline_compare(const struct go_baseline *baseline, struct go_rows *rows)
{
	return compare_timers(baseline, rows) + compare_goroutines(baseline, rows);
}
