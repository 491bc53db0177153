/* SPDX-License-Identifier: GPL-2.0-only */
/* Courses: how the rows of one process come and go from snapshot to snapshot. */
#ifndef DWELL_GO_COURSE_H
#define DWELL_GO_COURSE_H

#include <stdbool.h>

#include "go/view.h"

struct go_course;

/* A course of rows as @view groups them. NULL: no memory. Ended by go_course_free(). */
struct go_course *go_course_new(const struct go_view *view);
void go_course_free(struct go_course *course);

/*
 * Takes in the counts of all rows at mono time @at; go_rows_make() made them with the course's
 * view, but without a limit. Their names must outlive the course. Rows beyond the most that are
 * followed, or that there is no memory for, are not judged.
 */
void go_course_add(struct go_course *course, const struct go_rows *rows, int64_t at);

/* Sets the growth of each row of @rows, and the number of samples it was judged by. */
void go_course_judge(struct go_course *course, struct go_rows *rows);

#endif
