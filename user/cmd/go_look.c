/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks: one snapshot of Go processes, or several at intervals, and what becomes more meanwhile. */
#include "cmd/go_look.h"

#include <errno.h>

#include "base/clock.h"
#include "base/random.h"
#include "cmd/session.h"

#define NS_PER_S 1000000000ULL
#define INTERVAL_MAX_NS (10 * NS_PER_S) /* with a duration alone */

void go_subject_clear(struct go_subject *subject)
{
	go_rows_free(&subject->rows);
	go_snapshot_clear(&subject->snapshot);
	go_course_free(subject->course);
	go_process_close(subject->process);
}

/* Takes a snapshot of @subject in the place of its last one. 0 or -ENOMEM. */
static int look_at(struct go_subject *subject, const struct go_view *view)
{
	struct go_snapshot snapshot = {0};
	struct go_rows rows = {0};
	enum go_refusal refusal = go_process_snapshot(subject->process, &snapshot);
	int err = 0;

	if (refusal == GO_READ)
		err = go_rows_make(&snapshot, go_process_symbols(subject->process), view, &rows);
	subject->ended = refusal;
	if (refusal != GO_READ || err) {
		go_snapshot_clear(&snapshot);
		return err;
	}
	subject->seen = true;
	go_rows_free(&subject->rows);
	go_snapshot_clear(&subject->snapshot);
	subject->snapshot = snapshot;
	subject->rows = rows;
	clock_gettime(CLOCK_REALTIME, &subject->time);
	if (subject->course)
		go_course_add(subject->course, &rows, snapshot.at);
	return 0;
}

int go_look(struct go_subject *subject, size_t subjects, const struct go_view *view)
{
	int err = 0;

	for (size_t i = 0; i < subjects && !err; i++)
		if (subject[i].ended == GO_READ)
			err = look_at(&subject[i], view);
	return err;
}

/* Whether there is a process to look at again. */
static bool any_left(const struct go_subject *subject, size_t subjects)
{
	for (size_t i = 0; i < subjects; i++)
		if (subject[i].ended == GO_READ)
			return true;
	return false;
}

/* Waits until the mono time @until, or until the user says stop. */
static void wait_until(uint64_t until)
{
	const struct timespec time = {.tv_sec = (time_t)(until / NS_PER_S),
				      .tv_nsec = (long)(until % NS_PER_S)};

	while (!session_stop &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

/* From one look to the next if only the duration is given: as often as growth needs. */
static uint64_t interval_of(uint64_t duration)
{
	const uint64_t needed = duration / GROWTH_SAMPLES;

	return !duration || needed > INTERVAL_MAX_NS ? INTERVAL_MAX_NS :
	       needed > NS_PER_S		     ? needed :
						       NS_PER_S;
}

/*
 * A time that a look comes early by, different each time. The period of a ticker often divides the
 * interval: looks that were regular would all meet it while its receivers run, and do not wait.
 */
static uint64_t jitter(uint64_t interval)
{
	return random_number() % (interval / 8);
}

int go_look_again(struct go_subject *subject, size_t subjects, const struct go_view *view,
		  uint64_t interval_ns, uint64_t duration_ns)
{
	const uint64_t interval = interval_ns ?: interval_of(duration_ns);
	uint64_t next = clock_mono();
	const uint64_t end = duration_ns ? next + duration_ns : UINT64_MAX;
	int err = go_look(subject, subjects, view);

	while (!err && !session_stop && any_left(subject, subjects) && next + interval <= end) {
		next += interval;
		wait_until(next - jitter(interval));
		if (!session_stop)
			err = go_look(subject, subjects, view);
		/* Looks that take longer than the interval do not follow at once. */
		if (clock_mono() > next + interval)
			next = clock_mono();
	}
	return err;
}
