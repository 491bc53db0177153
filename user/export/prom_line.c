// SPDX-License-Identifier: GPL-2.0-only
/* Lines of Prometheus' text format 0.0.4: families, series, and numbers without rounding. */
#include "export/prom_line.h"

#include <inttypes.h>

#define NS_PER_S 1000000000ULL

void prom_family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Writes a label's value between its quotes. A value has no control characters to escape. */
static void put_value(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			putc('\\', out);
		putc(*value, out);
	}
}

void prom_series(FILE *out, const char *name, const char *suffix, const struct prom_label *label,
		 size_t count)
{
	fprintf(out, "%s%s", name, suffix);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%c%s=\"", i ? ',' : '{', label[i].key);
		put_value(out, label[i].value);
		putc('"', out);
	}
	fputs(count ? "} " : " ", out);
}

/* Numbers are put together here, so that no locale changes them and none is rounded. */
void prom_count(FILE *out, wide count)
{
	fprintf(out, "%" PRIu64 "\n", (uint64_t)count);
}

#define SECONDS_LEN 32

/* Writes @ns in seconds with all their decimals, without zeros at the end. Returns @buffer. */
static char *write_seconds(char buffer[SECONDS_LEN], wide ns)
{
	uint64_t whole = (uint64_t)(ns / NS_PER_S);
	int length = snprintf(buffer, SECONDS_LEN, "%" PRIu64 ".%09" PRIu64, whole,
			      (uint64_t)(ns % NS_PER_S));

	while (buffer[length - 1] == '0')
		buffer[--length] = '\0';
	if (buffer[length - 1] == '.')
		buffer[--length] = '\0';
	return buffer;
}

void prom_seconds(FILE *out, wide ns)
{
	char seconds[SECONDS_LEN];

	fprintf(out, "%s\n", write_seconds(seconds, ns));
}

void prom_single(FILE *out, const char *name, const char *type, const char *help)
{
	prom_family(out, name, type, help);
	prom_series(out, name, "", NULL, 0);
}

void prom_histogram(FILE *out, const char *name, const struct histogram *histogram,
		    struct prom_label label[PROM_LABELS_MAX], size_t labels)
{
	char seconds[SECONDS_LEN];
	wide count = 0;

	label[labels].key = "le";
	for (unsigned int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		label[labels].value =
			i < HISTOGRAM_BOUNDS ? write_seconds(seconds, histogram_bound(i)) : "+Inf";
		count += histogram->bucket[i];
		prom_series(out, name, "_bucket", label, labels + 1);
		prom_count(out, count);
	}
	prom_series(out, name, "_sum", label, labels);
	prom_seconds(out, histogram->sum);
	prom_series(out, name, "_count", label, labels);
	prom_count(out, count);
}
