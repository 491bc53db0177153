/* SPDX-License-Identifier: GPL-2.0-only */
/* Wrapping: text for people, broken at blanks to fit a terminal. */
#ifndef DWELL_BASE_WRAP_H
#define DWELL_BASE_WRAP_H

#include <stddef.h>
#include <stdio.h>

#define WRAP_WIDTH 80 /* columns of a terminal */

/*
 * Writes @text, which is UTF-8, and a newline to @out. Lines are broken at blanks, and a word that
 * is too long stays whole. The first line goes on at @column, each other one begins with @lead.
 */
void wrap_put(FILE *out, const char *text, size_t column, const char *lead);

#endif
