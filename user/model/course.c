/* SPDX-License-Identifier: GPL-2.0-only */
/* Courses of ledgers of timers: taking samples, thinning them out, and adding courses up. */
#include "model/course.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"
#include "model/state.h"

/* Keeps every second sample, so that there is room for as many again. */
static void halve_course(struct course *course)
{
	for (size_t i = 0; i < COURSE_SAMPLES / 2; i++) {
		course->outstanding[i] = course->outstanding[2 * i + 1];
		course->armed[i] = course->armed[2 * i + 1];
	}
	memset(course->outstanding + COURSE_SAMPLES / 2, 0, sizeof(course->outstanding) / 2);
	memset(course->armed + COURSE_SAMPLES / 2, 0, sizeof(course->armed) / 2);
}

void course_add(struct course *sum, const struct course *course)
{
	for (size_t i = 0; i < COURSE_SAMPLES; i++) {
		sum->outstanding[i] += course->outstanding[i];
		sum->armed[i] += course->armed[i];
	}
}

static void halve_samples(struct model *model)
{
	struct ledger *ledger;

	for (size_t i = 0; i < COURSE_SAMPLES / 2; i++)
		model->sample_at[i] = model->sample_at[2 * i + 1];
	model->samples = COURSE_SAMPLES / 2;
	model->sample_every *= 2;
	for (int i = 0; i < 2; i++) {
		ledger = i ? model->user_ledgers : model->kernel_ledgers;
		for (; ledger; ledger = ledger->hh.next)
			if (ledger->course)
				halve_course(ledger->course);
	}
}

static int note_sample(struct ledger *ledger, size_t at)
{
	uint64_t armed = ledger->sums.counts.armed;

	if (ledger->earlier)
		armed = saturating_add(armed, ledger->earlier->counts.armed);
	/* A new course begins with zeros: the ledger counted nothing before. */
	if (!ledger->course)
		ledger->course = calloc(1, sizeof(*ledger->course));
	if (!ledger->course)
		return -ENOMEM;
	ledger->course->armed[at] = armed;
	ledger->course->outstanding[at] = ledger->sums.counts.outstanding;
	return 0;
}

int model_sample(struct model *model, uint64_t at)
{
	struct ledger *ledger;
	int err = 0;

	leavers_free(model);
	if (!model->sample_every)
		model->sample_every = 1;
	if (++model->sample_skipped < model->sample_every)
		return 0;
	model->sample_skipped = 0;
	if (model->samples == COURSE_SAMPLES)
		halve_samples(model);
	for (ledger = model->user_ledgers; ledger && !err; ledger = ledger->hh.next)
		err = note_sample(ledger, model->samples);
	for (ledger = model->kernel_ledgers; ledger && !err; ledger = ledger->hh.next)
		err = note_sample(ledger, model->samples);
	model->sample_at[model->samples++] = at;
	return err;
}
