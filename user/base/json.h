/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON for machines: members of objects, and one object a line. */
#ifndef DWELL_BASE_JSON_H
#define DWELL_BASE_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* Drops the reference of a json_auto variable when that goes out of scope. */
static inline void json_put(json_t **json)
{
	json_decref(*json);
}
#define json_auto __attribute__((cleanup(json_put))) json_t

/*
 * Each json_set function sets @key of @object and returns 0 or -ENOMEM, so that results
 * can be or'ed. A NULL @object or value also returns -ENOMEM: there was no memory for it.
 */

/* Takes over the reference to @value, also after an error. */
int json_set(json_t *object, const char *key, json_t *value);

/* A larger @value than 2^63 - 1 becomes 2^63 - 1, the largest integer in JSON. */
int json_set_count(json_t *object, const char *key, uint64_t value);

/* A @value that JSON cannot express (NaN, infinite) is left out, and 0 returned. */
int json_set_ratio(json_t *object, const char *key, double value);

/*
 * Sets a name of any bytes. It ends after @length bytes or before a NUL, and is cut to
 * 4,095 bytes of UTF-8; invalid bytes become U+FFFD.
 */
int json_set_name(json_t *object, const char *key, const char *name, size_t length);

/* Sets @name, or if that is NULL, @number printed by @format, which takes one uint64_t. */
int json_set_resolved(json_t *object, const char *key, const char *name, const char *format,
		      uint64_t number);

/* Returns a new reference to the value that json_set_resolved() sets; NULL without memory. */
json_t *json_resolved(const char *name, const char *format, uint64_t number);

/* Writes @object and a newline to @out, in ASCII only. 0 or a negative errno. */
int json_write_line(FILE *out, const json_t *object);

#endif
