/* SPDX-License-Identifier: GPL-2.0-only */
/* Cells of tables: numbers, durations and names, each in the room that a cell has. */
#include "sink/cell.h"

#include <inttypes.h>
#include <string.h>

#include "base/saturate.h"
#include "base/text.h"

#define COMM_WIDTH 24 /* columns: any comm of valid text fits; a hostile one is cut */
#define SYMBOL_WIDTH 48

/* ---- numbers -------------------------------------------------------------- */

void cell_text(char *cell, const char *text)
{
	snprintf(cell, CELL_LEN, "%s", text);
}

void cell_number(char *cell, uint64_t number)
{
	snprintf(cell, CELL_LEN, "%" PRIu64, number);
}

void cell_duration(char *cell, uint64_t ns)
{
	char text[TEXT_DURATION_LEN];

	cell_text(cell, text_duration(text, ns));
}

void cell_percentile(char *cell, const struct dist *dist, unsigned int per_mille)
{
	if (dist_count(dist))
		cell_duration(cell, dist_percentile(dist, per_mille));
}

void cell_max(char *cell, const struct dist *dist)
{
	if (dist_count(dist))
		cell_duration(cell, dist->max);
}

void cell_count(char *cell, uint64_t count)
{
	char text[TEXT_DURATION_LEN];

	if (count)
		cell_text(cell, text_count(text, count));
}

void cell_decimal(char *cell, double value)
{
	if (!(value > 0)) /* nor what is no number */
		return;
	if (value < 0.05)
		cell_text(cell, "<0.1");
	else if (value < 99.95)
		snprintf(cell, CELL_LEN, "%.1f", value);
	else
		cell_count(cell, saturating_round(value));
}

void cell_rate(char *cell, uint64_t count, const struct report *report)
{
	cell_decimal(cell, (double)count / report_seconds(report));
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
