/* SPDX-License-Identifier: GPL-2.0-only */
/* Cells of tables: values of columns, and names, cut to the width of a cell. */
#include "sink/cell.h"

#include <inttypes.h>
#include <string.h>

#include "base/saturate.h"
#include "base/text.h"

#define COMM_WIDTH 24 /* columns of a terminal: any comm of valid text fits, a hostile one is cut */
#define SYMBOL_WIDTH 48
#define NS_PER_S 1e9

/* ---- numbers -------------------------------------------------------------- */

void cell_text(char *cell, const char *text)
{
	snprintf(cell, CELL_LEN, "%s", text);
}

static void put_number(char *cell, uint64_t number)
{
	snprintf(cell, CELL_LEN, "%" PRIu64, number);
}

static void put_duration(char *cell, uint64_t ns)
{
	char text[TEXT_DURATION_LEN];

	cell_text(cell, text_duration(text, ns));
}

/* Writes nothing for 0. */
static void put_count(char *cell, uint64_t count)
{
	char text[TEXT_DURATION_LEN];

	if (count)
		cell_text(cell, text_count(text, count));
}

/* Writes a small value with one decimal, a tiny one as "<0.1", and nothing for 0. */
static void put_decimal(char *cell, double value)
{
	if (!(value > 0)) /* NaN is no positive number either */
		return;
	if (value < 0.05)
		cell_text(cell, "<0.1");
	else if (value < 99.95)
		snprintf(cell, CELL_LEN, "%.1f", value);
	else
		put_count(cell, saturating_round(value));
}

char *cell_amount(char *cell, double value)
{
	cell[0] = '\0';
	put_decimal(cell, value);
	if (!cell[0])
		cell_text(cell, "0");
	return cell;
}

/* ---- names ---------------------------------------------------------------- */

void cell_comm(char *cell, const char comm[DWELL_COMM_LEN])
{
	text_escape_columns(cell, CELL_LEN, COMM_WIDTH, comm, DWELL_COMM_LEN);
}

void cell_cgroup(char *cell, const struct report *report, uint64_t id)
{
	const char *path = naming_cgroup(&report->naming, id);

	if (path)
		text_escape(cell, CELL_LEN, path, strlen(path));
	else
		snprintf(cell, CELL_LEN, "#%" PRIu64, id);
}

void cell_callback(char *cell, const struct report *report, uint64_t function)
{
	const char *name = naming_callback(&report->naming, function);

	if (name)
		text_escape_columns(cell, CELL_LEN, SYMBOL_WIDTH, name, strlen(name));
	else
		snprintf(cell, CELL_LEN, "0x%" PRIx64, function);
}

/* ---- values of columns ------------------------------------------------------ */

/* Writes a second decimal below 1 %, or most callbacks would look alike. */
static void put_fine(char *cell, double percent)
{
	if (percent >= 0.995)
		put_decimal(cell, percent);
	else if (percent >= 0.005)
		snprintf(cell, CELL_LEN, "%.2f", percent);
	else if (percent > 0)
		cell_text(cell, "<0.01");
}

/* Writes @ns as a duration or as a percentage of the window; nothing for 0. */
static void put_sum(char *cell, enum column_type type, uint64_t ns, const struct report *report)
{
	double percent = (double)ns / report_seconds(report) / NS_PER_S * 100;

	if (type == COLUMN_SHARE)
		put_decimal(cell, percent);
	else if (type == COLUMN_FINE_SHARE)
		put_fine(cell, percent);
	else if (ns)
		put_duration(cell, ns);
}

static void mark_open(char *cell, bool open)
{
	if (open)
		strcat(cell, "+");
}

/* Marks a sum only if what is open changes the text that is shown. */
static void put_sums(char *cell, enum column_type type, const struct value *value,
		     const struct report *report)
{
	char without[CELL_LEN] = "";

	put_sum(without, type, value->closed, report);
	put_sum(cell, type, value->number, report);
	mark_open(cell, strcmp(cell, without));
}

/* Writes a percentage; nothing if the whole is 0. */
static void put_percent(char *cell, const struct value *value)
{
	if (value->of)
		cell_amount(cell, (double)value->number / (double)value->of * 100);
}

/* Writes a part and its whole: "48us/50us". */
static void put_pair(char *cell, const struct value *value)
{
	char part[TEXT_DURATION_LEN], whole[TEXT_DURATION_LEN];

	snprintf(cell, CELL_LEN, "%s/%s", text_duration(part, value->number),
		 text_duration(whole, value->of));
}

/* Writes "+1.0/s". */
static void put_growth(char *cell, const struct growth *growth)
{
	char text[CELL_LEN];

	snprintf(cell, CELL_LEN, "+%.32s/s", cell_amount(text, growth->per_s));
}

void cell_value(char *cell, const struct column *column, const struct value *value,
		const struct report *report)
{
	switch (column->type) {
	case COLUMN_ID:
		put_number(cell, value->number);
		break;
	case COLUMN_CALLBACK:
		cell_callback(cell, report, value->number);
		break;
	case COLUMN_COUNT:
		put_count(cell, value->number);
		break;
	case COLUMN_RATE:
		put_decimal(cell, (double)value->number / report_seconds(report));
		break;
	case COLUMN_TIME:
	case COLUMN_SHARE:
	case COLUMN_FINE_SHARE:
		put_sums(cell, column->type, value, report);
		break;
	case COLUMN_PERCENTILE:
	case COLUMN_MAX:
		put_duration(cell, value->number);
		mark_open(cell, value->number > value->closed);
		break;
	case COLUMN_PERCENT:
		put_percent(cell, value);
		break;
	case COLUMN_PAIR:
		put_pair(cell, value);
		break;
	case COLUMN_GROWTH:
		put_growth(cell, value->growth);
		break;
	default:
		break;
	}
}
