// SPDX-License-Identifier: GPL-2.0-only
/* Functions of programs by address, from the symbol tables of their files. */
#include "host/user_symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define NAMES_BITS 12
#define NAMES (1 << NAMES_BITS) /* how many are kept */
#define FRESH_NS 1000000000ULL
#define NAME_LEN 800 /* of the longest */
/* How many slow processes are remembered, and for how long. */
#define SLOW_PROCESSES 64
#define SLOW_NS 60000000000ULL

struct name {
	uint32_t pid; /* 0: this place is free */
	uint64_t address;
	uint64_t at; /* mono */
	char *text;  /* NULL: nothing is known */
};

/* A process that made dwell wait for the helper. */
struct slow {
	uint32_t pid;
	uint32_t outcome; /* enum file_outcome, given without asking; FILE_FOUND: ask as usual */
	uint64_t at;	  /* mono */
};

struct user_symbols {
	struct file_helper *helper;
	struct name name[NAMES];
	struct slow slow[SLOW_PROCESSES];
	unsigned int next_slow;
	uint64_t unnamed[FILE_OUTCOMES];
};

struct user_symbols *user_symbols_new(struct file_helper *helper)
{
	struct user_symbols *symbols = calloc(1, sizeof(*symbols));

	if (symbols)
		symbols->helper = helper;
	return symbols;
}

void user_symbols_free(struct user_symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < NAMES; i++)
		free(symbols->name[i].text);
	free(symbols);
}

const uint64_t *user_symbols_unnamed(const struct user_symbols *symbols)
{
	return symbols->unnamed;
}

/* ---- asking --------------------------------------------------------------------- */

/* The entry of process @pid; NULL: it was not slow lately. */
static struct slow *find_slow(struct user_symbols *symbols, uint32_t pid)
{
	for (size_t i = 0; i < SLOW_PROCESSES; i++)
		if (symbols->slow[i].pid == pid && clock_mono() - symbols->slow[i].at < SLOW_NS)
			return &symbols->slow[i];
	return NULL;
}

/*
 * Notes that an answer about process @pid was slow. A single slow answer may be due to a
 * large file, whose table is kept afterwards. A process that stays slow is not asked about,
 * since it would use up everybody's time.
 */
static void note_slow(struct user_symbols *symbols, uint32_t pid, const struct file_answer *answer)
{
	struct slow *slow = find_slow(symbols, pid);
	uint32_t outcome = slow ? FILE_TOO_SLOW : FILE_FOUND;

	if (file_helper_failed(answer))
		outcome = answer->outcome;
	if (!slow)
		slow = &symbols->slow[symbols->next_slow++ % SLOW_PROCESSES];
	*slow = (struct slow){pid, outcome, clock_mono()};
}

/* Asks the helper, unless that is known to be in vain. */
static void ask(struct user_symbols *symbols, uint32_t pid, uint64_t address,
		struct file_answer *answer)
{
	const struct slow *slow = find_slow(symbols, pid);

	if (slow && slow->outcome != FILE_FOUND)
		*answer = (struct file_answer){.outcome = slow->outcome};
	else if (!file_helper_name(symbols->helper, pid, address, answer))
		note_slow(symbols, pid, answer);
}

/* Writes the text for @answer; "" if nothing is known. */
static void describe(const struct file_answer *answer, char *text, size_t size)
{
	if (answer->outcome == FILE_FOUND && *answer->function)
		snprintf(text, size, "%s [%s]", answer->function, answer->file);
	else if (*answer->file && !answer->is_file)
		snprintf(text, size, "%s+0x%" PRIx64, answer->file, answer->offset);
	else if (answer->outcome == FILE_FOUND && *answer->file)
		snprintf(text, size, "[%s]+0x%" PRIx64, answer->file, answer->offset);
	else if (*answer->file)
		snprintf(text, size, "[%s]", answer->file);
	else
		text[0] = '\0';
}

/* ---- names ----------------------------------------------------------------------- */

static struct name *place_of(struct user_symbols *symbols, uint32_t pid, uint64_t address)
{
	const uint64_t hash = (address ^ (uint64_t)pid << 40) * 0x9e3779b97f4a7c15ULL;

	return &symbols->name[hash >> (64 - NAMES_BITS)];
}

/* Asks for @address, and puts its name into the place @name. */
static void learn(struct user_symbols *symbols, struct name *name, uint32_t pid, uint64_t address)
{
	struct file_answer answer;
	char text[NAME_LEN];

	ask(symbols, pid, address, &answer);
	if (answer.outcome != FILE_FOUND)
		symbols->unnamed[answer.outcome]++;
	describe(&answer, text, sizeof(text));
	free(name->text);
	*name = (struct name){pid, address, clock_mono(), *text ? strdup(text) : NULL};
}

int user_symbols_name(struct user_symbols *symbols, uint32_t pid, uint64_t address, char *buffer,
		      size_t size)
{
	struct name *name = place_of(symbols, pid, address);

	if (size)
		buffer[0] = '\0';
	if (!pid)
		return -ENOENT;
	if (name->pid != pid || name->address != address || clock_mono() - name->at >= FRESH_NS)
		learn(symbols, name, pid, address);
	if (!name->text)
		return -ENOENT;
	snprintf(buffer, size, "%s", name->text);
	return 0;
}
