/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of Prometheus' text format 0.0.4: families, series, and numbers that nothing rounds. */
#ifndef DWELL_EXPORT_PROM_LINE_H
#define DWELL_EXPORT_PROM_LINE_H

#include <stddef.h>
#include <stdio.h>

#include "export/histogram.h"

#define PROM_LABELS_MAX 3

struct prom_label {
	const char *key, *value; /* @value: what label_write() makes has no control characters */
};

/* What comes before a family's series. Help texts never change: other files' are compared. */
void prom_family(FILE *out, const char *name, const char *type, const char *help);

/* A series with its first @count labels, and the blank before its value. */
void prom_series(FILE *out, const char *name, const char *suffix, const struct prom_label *label,
		 size_t count);

/* A family of one series without labels, and the blank before its value. */
void prom_single(FILE *out, const char *name, const char *type, const char *help);

/* A series' value, and the line's end: @count modulo 2^64, or @ns in seconds. */
void prom_count(FILE *out, wide count);
void prom_seconds(FILE *out, wide ns);

/* The buckets, the sum and the count of @histogram; there is room for one more @label. */
void prom_histogram(FILE *out, const char *name, const struct histogram *histogram,
		    struct prom_label label[PROM_LABELS_MAX], size_t labels);

#endif
