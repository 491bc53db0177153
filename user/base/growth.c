/* SPDX-License-Identifier: GPL-2.0-only */
/* Growth: whether a number, sampled now and then, keeps growing, and how fast. */
#include "base/growth.h"

#define THIRDS 3
/* The least part of the lasting rise that each third contributes: less means a single step. */
#define THIRD_PART 0.05
/* The least slope of the last third, relative to the whole: with less the growth has ended. */
#define LAST_PART (1.0 / 3)
/* Standard errors: a few in a thousand courses of mere noise have a steeper slope. */
#define ERRORS 4

/* The straight line closest to some samples. */
struct line {
	double per_s;
	double from;
	double to;
	double variance; /* of @per_s, from the distances of the samples to the line */
};

static double seconds(const uint64_t *at, size_t i)
{
	return (double)(at[i] - at[0]) / 1e9;
}

/* Fits a line by least squares. If all times are equal, it has no slope. */
static struct line fit_line(const uint64_t *at, const double *value, size_t count)
{
	double mean_t = 0, mean_v = 0, spread = 0, common = 0, rest = 0;
	struct line line = {0};

	for (size_t i = 0; i < count; i++) {
		mean_t += seconds(at, i) / (double)count;
		mean_v += value[i] / (double)count;
	}
	for (size_t i = 0; i < count; i++) {
		double t = seconds(at, i) - mean_t;

		spread += t * t;
		common += t * (value[i] - mean_v);
	}
	line.per_s = spread > 0 ? common / spread : 0;
	line.from = mean_v - line.per_s * mean_t;
	line.to = line.from + line.per_s * seconds(at, count - 1);
	for (size_t i = 0; i < count; i++) {
		double off = value[i] - line.from - line.per_s * seconds(at, i);

		rest += off * off;
	}
	if (spread > 0 && count > 2)
		line.variance = rest / (double)(count - 2) / spread;
	return line;
}

static double least_of(const double *value, size_t count)
{
	double least = value[0];

	for (size_t i = 1; i < count; i++)
		if (value[i] < least)
			least = value[i];
	return least;
}

/*
 * The rise that the number does not fall back from: the rise of the thirds' minima,
 * extrapolated to all samples. 0 if one of the thirds does not contribute.
 */
static double lasting_rise(const double *value, size_t count)
{
	double least[THIRDS], rise;

	for (size_t third = 0; third < THIRDS; third++) {
		size_t first = count * third / THIRDS, end = count * (third + 1) / THIRDS;

		least[third] = least_of(value + first, end - first);
	}
	rise = least[THIRDS - 1] - least[0];
	for (size_t third = 1; third < THIRDS; third++)
		if (least[third] <= least[third - 1] ||
		    least[third] - least[third - 1] < THIRD_PART * rise)
			return 0;
	return rise * THIRDS / (THIRDS - 1);
}

static bool still_rises(const uint64_t *at, const double *value, size_t count, double per_s)
{
	size_t first = count * (THIRDS - 1) / THIRDS;

	return fit_line(at + first, value + first, count - first).per_s >= LAST_PART * per_s;
}

/* Whether the rise stands out from the samples' scatter, so that chance hardly explains it. */
static bool stands_out(const double *value, size_t count, const struct line *line)
{
	size_t i = 1;

	while (i < count && value[i] >= value[i - 1])
		i++;
	return i == count || line->per_s * line->per_s >= ERRORS * ERRORS * line->variance;
}

struct growth growth_judge(const uint64_t *at, const double *value, size_t count, double least,
			   double share)
{
	struct growth none = {0};
	double lasting;
	struct line line;

	if (count < GROWTH_SAMPLES)
		return none;
	lasting = lasting_rise(value, count);
	line = fit_line(at, value, count);
	if (least < share * line.from)
		least = share * line.from;
	if (lasting <= 0 || lasting < least || line.per_s <= 0 || line.to - line.from < least)
		return none;
	if (!still_rises(at, value, count, line.per_s) || !stands_out(value, count, &line))
		return none;
	return (struct growth){
		.grows = true, .per_s = line.per_s, .from = line.from, .to = line.to};
}
