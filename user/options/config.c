/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration file: values of options that the command line does not give. */
#include "options/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "base/text.h"
#include "options/table.h"
#include "options/values.h"

#define BLANKS " \t\r\n\v\f" /* the library trims these too */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define SECTION_LIST_LEN 256
#define KEY_LIST_LEN 512

/* All zeros is nothing yet; ended by reader_clear(). */
struct reader {
	const struct options *given;
	struct options *options;
	FILE *file;
	char *text; /* the line that is being read */
	size_t size;
	unsigned int line; /* the number of that line, from 1 */
	char *error;
	int err; /* 0 or the negative errno that ended the reading */
};

static void reader_clear(struct reader *reader)
{
	if (reader->file)
		fclose(reader->file);
	free(reader->text);
}

/* Writes what is wrong with @line to the reader's error. Returns -EINVAL. */
static int __attribute__((format(printf, 3, 4)))
refuse(struct reader *reader, unsigned int line, const char *format, ...)
{
	va_list arguments;
	size_t used = (size_t)snprintf(reader->error, OPTIONS_ERROR_LEN,
				       "%.256s:%u: ", reader->given->daemon.config, line);

	va_start(arguments, format);
	vsnprintf(reader->error + used, OPTIONS_ERROR_LEN - used, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* ---- sections and keys ------------------------------------------------------ */

static void append(char *list, size_t size, const char *name, const char *brackets)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%.1s%s%s", used ? ", " : "", brackets, name,
		 *brackets ? brackets + 1 : "");
}

/* The section whose name is the @length bytes of @name; SECTIONS if there is none. */
static enum option_section find_section(const char *name, size_t length)
{
	int section;

	for (section = 0; section < SECTIONS; section++)
		if (section_names[section] && strlen(section_names[section]) == length &&
		    !strncmp(section_names[section], name, length))
			break;
	return (enum option_section)section;
}

static int refuse_section(struct reader *reader, const char *name, size_t length)
{
	char list[SECTION_LIST_LEN] = "";

	for (int section = 0; section < SECTIONS; section++)
		if (section_names[section])
			append(list, sizeof(list), section_names[section], "[]");
	return refuse(reader, reader->line, "there is no section [%.*s]: give one of %s",
		      length < 64 ? (int)length : 64, name, list);
}

static const struct option_spec *find_key(const char *name)
{
	const struct option_spec *option = option_named(name, strlen(name));

	return option && option_in_file(option) ? option : NULL;
}

static int refuse_key(struct reader *reader, enum option_section section, const char *name)
{
	char list[KEY_LIST_LEN] = "";

	for (size_t i = 0; i < option_specs_count; i++)
		if (option_specs[i].section == section && option_in_file(&option_specs[i]))
			append(list, sizeof(list), option_specs[i].name, "");
	return refuse(reader, reader->line, "there is no '%.64s' in [%s]: its keys are %s", name,
		      section_names[section], list);
}

/* ---- lines ------------------------------------------------------------------ */

/*
 * Checks a section's line here: the library ignores what follows the section, and has no
 * callback for it. 0 or -EINVAL.
 */
static int check_section(struct reader *reader, const char *line)
{
	const char *name = line + 1;
	size_t length = strcspn(name, "]");
	const char *rest = name + length;

	if (!*rest)
		return refuse(reader, reader->line, "the section's name does not end: give ']'");
	if (find_section(name, length) == SECTIONS)
		return refuse_section(reader, name, length);
	rest += 1 + strspn(rest + 1, BLANKS);
	if (*rest && !strchr(";#", *rest))
		return refuse(reader, reader->line,
			      "'%.64s' stands behind a section: give it a line of its own", rest);
	return 0;
}

/* Checks the @length bytes of the line, for which the library has @room. 0 or -EINVAL. */
static int check_line(struct reader *reader, size_t length, size_t room)
{
	if (memchr(reader->text, '\0', length))
		return refuse(reader, reader->line, "a NUL byte: is this a text file?");
	if (!text_is_utf8(reader->text, length))
		return refuse(reader, reader->line, "not UTF-8: write the file in that encoding");
	if (length > room)
		return refuse(reader, reader->line, "the line is longer than %zu bytes: shorten it",
			      room);
	return 0;
}

/* The library's fgets(): returns the next line, or NULL at the end and after an error. */
static char *next_line(char *buffer, int size, void *context)
{
	struct reader *reader = context;
	const char *line;
	ssize_t length;

	if (reader->err)
		return NULL;
	errno = 0;
	length = getline(&reader->text, &reader->size, reader->file);
	if (length < 0) {
		reader->err = feof(reader->file) ? 0 : -errno;
		return NULL;
	}
	reader->line++;
	/* The library would take a full buffer for a part of a line. */
	reader->err = check_line(reader, (size_t)length, (size_t)size - 2);
	if (reader->err)
		return NULL;
	while (length && strchr(BLANKS, reader->text[length - 1]))
		reader->text[--length] = '\0';
	line = reader->text;
	if (reader->line == 1 && !strncmp(line, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)))
		line += strlen(BYTE_ORDER_MARK);
	/* The library would take an indented line for more of the value before it. */
	line += strspn(line, BLANKS);
	if (*line == '[')
		reader->err = check_section(reader, line);
	return reader->err ? NULL : strcpy(buffer, line);
}

static bool is_given(const struct reader *reader, const struct option_spec *option)
{
	return reader->given->given & option_bit(option);
}

/* Reads @value. If the command line has the option, its value is checked and not used. */
static int read_value(struct reader *reader, const struct option_spec *key, const char *value)
{
	struct options unused __attribute__((cleanup(options_clear))) = {.command = COMMAND_DAEMON};
	char reason[OPTIONS_ERROR_LEN];
	struct parser parser = {
		.options = is_given(reader, key) ? &unused : reader->options,
		.option = key,
		.dashes = "",
		.error = reason,
	};
	int err = key->read(&parser, value);

	return err == -EINVAL ? refuse(reader, reader->line, "%s", reason) : err;
}

/* Takes one key from the library. Returns 1, or 0 after an error. */
static int take_key(void *context, const char *section_name, const char *name, const char *value)
{
	enum option_section section = find_section(section_name, strlen(section_name));
	const struct option_spec *key = find_key(name);
	struct reader *reader = context;

	if (section == SECTIONS)
		reader->err = refuse(reader, reader->line,
				     "'%.64s' stands before any section: give one first, such as "
				     "[%s]",
				     name, section_names[key ? key->section : SECTION_EXPORT]);
	else if (key && key->section != section)
		reader->err = refuse(reader, reader->line, "%s is not of [%s]: move it to [%s]",
				     key->name, section_name, section_names[key->section]);
	else if (!key)
		reader->err = refuse_key(reader, section, name);
	else if (*value)
		reader->err = read_value(reader, key, value);
	return !reader->err;
}

/* ---- the file --------------------------------------------------------------- */

/*
 * Opens the file. A missing file is no error unless the command line names it. 0 or a negative
 * errno.
 */
static int open_file(struct reader *reader)
{
	bool named = is_given(reader, option_named("config", strlen("config")));

	reader->file = fopen(reader->given->daemon.config, "re");
	if (reader->file || (errno == ENOENT && !named))
		return 0;
	return -errno;
}

static int read_file(struct reader *reader)
{
	int line = ini_parse_stream(next_line, reader, take_key, reader);

	/* The library goes on after a line that it cannot read, and returns the first such line. */
	if (line > 0 && (!reader->err || (unsigned int)line < reader->line))
		return refuse(reader, (unsigned int)line,
			      "neither a [section] nor key = value: make it one, or a comment "
			      "with #");
	return reader->err;
}

int config_read(const struct options *given, struct options *options, char error[OPTIONS_ERROR_LEN])
{
	struct reader reader __attribute__((cleanup(reader_clear))) = {
		.given = given, .options = options, .error = error};
	int err;

	error[0] = '\0';
	err = options_copy(given, options);
	if (err)
		return err;
	err = open_file(&reader);
	if (!err && reader.file)
		err = read_file(&reader);
	if (err && err != -ENOMEM && !error[0])
		snprintf(error, OPTIONS_ERROR_LEN, "%.256s: %s", given->daemon.config,
			 strerror(-err));
	return err;
}
