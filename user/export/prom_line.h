/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of Prometheus' text format 0.0.4: families, series, and numbers without rounding. */
#ifndef DWELL_EXPORT_PROM_LINE_H
#define DWELL_EXPORT_PROM_LINE_H

#include <stddef.h>
#include <stdio.h>

#include "export/histogram.h"

#define PROM_LABELS_MAX 3

struct prom_label {
	const char *key, *value; /* @value has no control characters, as from label_write() */
};

/* Failed writes show in the error flag of @out. */

/*
 * Writes the lines before a family's series. @help must never change: the node exporter compares
 * it with that in other files.
 */
void prom_family(FILE *out, const char *name, const char *type, const char *help);

/* Writes the name, the suffix and the first @count labels of a series, and a blank. */
void prom_series(FILE *out, const char *name, const char *suffix, const struct prom_label *label,
		 size_t count);

/* Writes a family whose one series has no labels, up to the blank before the value. */
void prom_single(FILE *out, const char *name, const char *type, const char *help);

/* Write a series' value and end the line: @count modulo 2^64, or @ns in seconds. */
void prom_count(FILE *out, wide count);
void prom_seconds(FILE *out, wide ns);

/*
 * Writes the buckets, the sum and the count of @histogram, in seconds, with the first @labels
 * labels. Uses label[@labels] for the bucket: @labels must be below PROM_LABELS_MAX.
 */
void prom_histogram(FILE *out, const char *name, const struct histogram *histogram,
		    struct prom_label label[PROM_LABELS_MAX], size_t labels);

#endif
