/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON for machines: members of objects from what dwell knows, and one object a line. */
#ifndef DWELL_BASE_JSON_H
#define DWELL_BASE_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* Drops the reference when it goes out of scope. */
static inline void json_put(json_t **json)
{
	json_decref(*json);
}
#define json_auto __attribute__((cleanup(json_put))) json_t

/*
 * Each sets @key of @object to what it is given, and returns 0 or -ENOMEM: so
 * the results of several may be or-ed. An @object or a value of NULL, for which
 * there was no memory, is -ENOMEM too.
 */

/* Takes over the reference to @value, whatever it returns. */
int json_set(json_t *object, const char *key, json_t *value);

/* JSON's integers end at 2^63 - 1: more becomes that. */
int json_set_count(json_t *object, const char *key, uint64_t value);

/* What is no number (NaN, infinite) is left out. */
int json_set_ratio(json_t *object, const char *key, double value);

/* The name in the first @length bytes at @name, whatever bytes they are. */
int json_set_name(json_t *object, const char *key, const char *name, size_t length);

/* @name, or where there is none @format of @number. */
int json_set_resolved(json_t *object, const char *key, const char *name, const char *format,
		      uint64_t number);

/* What json_set_resolved() sets, as a new reference; NULL without memory. */
json_t *json_resolved(const char *name, const char *format, uint64_t number);

/* What JSON calls that enum dwell_block: "S", "D", …; what is none: "other". */
const char *json_block(uint32_t block);

/* Writes @object and the end of the line, in ASCII only. 0 or a negative errno. */
int json_write_line(FILE *out, const json_t *object);

#endif
