/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables: lines of cells, in columns as wide as their widest cell, under headings of two levels. */
#include "sink/table.h"

#include <stdbool.h>
#include <string.h>

#include "base/saturate.h"
#include "base/text.h"
#include "sink/cell.h"

/* ---- widths --------------------------------------------------------------- */

/* Whether the column at @at is in the same group as the one before it. */
static bool continues_group(const struct table *table, size_t at)
{
	return at > 0 && at < table->count && table->column[at]->group &&
	       table->column[at]->group == table->column[at - 1]->group;
}

/* Blanks before the column at @at: two set a group apart. */
static size_t gap(const struct table *table, size_t at)
{
	return at == 0 ? 0 : table->column[at]->group && !continues_group(table, at) ? 2 : 1;
}

/* The width of the group that begins at @at; *@next is set to the column after the group. */
static size_t group_width(const struct table *table, size_t at, size_t *next)
{
	size_t width = table->width[at++];

	for (; continues_group(table, at); at++)
		width += gap(table, at) + table->width[at];
	*next = at;
	return width;
}

static void add_column(struct table *table, const struct column *column)
{
	table->width[table->count] = strlen(column->heading);
	table->column[table->count++] = column;
}

void table_choose(struct table *table, const struct column *columns, size_t count,
		  unsigned int shown)
{
	size_t next;

	table->count = 0;
	for (size_t i = 0; i < count; i++)
		if ((columns[i].shown & shown) && columns[i].type != COLUMN_CGROUP)
			add_column(table, &columns[i]);
	for (size_t i = 0; i < count; i++)
		if ((columns[i].shown & shown) && columns[i].type == COLUMN_CGROUP)
			add_column(table, &columns[i]);
	/* A group is at least as wide as its name. */
	for (size_t at = 0; at < table->count; at = next) {
		const char *name = table->column[at]->group;
		size_t width = group_width(table, at, &next);

		if (name && width < strlen(name))
			table->width[at] += strlen(name) - width;
	}
}

/* ---- writing ------------------------------------------------------------ */

/* Writes "-" for a missing value; but growth is a remark, and stays blank. */
static void write_cell(char *cell, const struct table *table, size_t at, struct line *line)
{
	cell[0] = '\0';
	table->write(cell, line, table->column[at]);
	if (!cell[0] && table->column[at]->type != COLUMN_GROWTH)
		strcpy(cell, "-");
}

void table_widen(struct table *table, struct line *line)
{
	char cell[CELL_LEN];

	for (size_t i = 0; i < table->count; i++) {
		size_t width;

		write_cell(cell, table, i, line);
		width = text_columns(cell);
		if (table->width[i] < width)
			table->width[i] = width;
	}
}

static void pad(FILE *out, size_t count, char with)
{
	while (count--)
		fputc(with, out);
}

static bool stands_left(const struct column *column)
{
	switch (column->type) {
	case COLUMN_COMM:
	case COLUMN_CGROUP:
	case COLUMN_API:
	case COLUMN_CALLBACK:
	case COLUMN_STATE:
	case COLUMN_GROWTH:
		return true;
	default:
		return false;
	}
}

/*
 * Writes @text into the column at @at, after @blanks that earlier columns left. Leaves its own
 * blanks in @blanks, so that no line ends in blanks.
 */
static void put_cell(FILE *out, const struct table *table, size_t at, const char *text,
		     size_t *blanks)
{
	/* A name may have changed, and be wider, since the line was measured. */
	size_t rest = saturating_subtract(table->width[at], text_columns(text));
	bool left = stands_left(table->column[at]);

	*blanks += gap(table, at) + (left ? 0 : rest);
	if (text[0]) {
		pad(out, *blanks, ' ');
		fputs(text, out);
		*blanks = 0;
	}
	*blanks += left ? rest : 0;
}

void table_put_line(FILE *out, const struct table *table, struct line *line)
{
	char cell[CELL_LEN];
	size_t blanks = 0;

	for (size_t i = 0; i < table->count; i++) {
		write_cell(cell, table, i, line);
		put_cell(out, table, i, cell, &blanks);
	}
	fputc('\n', out);
}

/* Writes the names of the groups, each centred over its columns in a line of dashes. */
static void put_groups(FILE *out, const struct table *table)
{
	size_t blanks = 0, next;

	for (size_t at = 0; at < table->count; at = next) {
		const char *name = table->column[at]->group;
		size_t width = group_width(table, at, &next), dashes;

		blanks += gap(table, at);
		if (!name) {
			blanks += width;
			continue;
		}
		dashes = width - strlen(name);
		pad(out, blanks, ' ');
		pad(out, dashes / 2, '-');
		fputs(name, out);
		pad(out, dashes - dashes / 2, '-');
		blanks = 0;
	}
	fputc('\n', out);
}

void table_put_headings(FILE *out, const struct table *table)
{
	size_t blanks = 0;

	put_groups(out, table);
	for (size_t i = 0; i < table->count; i++)
		put_cell(out, table, i, table->column[i]->heading, &blanks);
	fputc('\n', out);
}
