/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON for machines: members of objects, and one object a line. */
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <linux/types.h>

#include "base/text.h"

#define NAME_LEN 4096

/* Keys stay in the order in which they were set; only ASCII reaches a terminal. */
#define FLAGS (JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6))

int json_set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) ? -ENOMEM : 0;
}

int json_set_count(json_t *object, const char *key, uint64_t value)
{
	return json_set(object, key,
			json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

int json_set_ratio(json_t *object, const char *key, double value)
{
	return isfinite(value) ? json_set(object, key, json_real(value)) : 0;
}

static json_t *json_name(const char *name, size_t length)
{
	char clean[NAME_LEN];

	return json_string(text_utf8(clean, sizeof(clean), name, length));
}

int json_set_name(json_t *object, const char *key, const char *name, size_t length)
{
	return json_set(object, key, json_name(name, length));
}

json_t *json_resolved(const char *name, const char *format, uint64_t number)
{
	return name ? json_name(name, strlen(name)) : json_sprintf(format, number);
}

int json_set_resolved(json_t *object, const char *key, const char *name, const char *format,
		      uint64_t number)
{
	return json_set(object, key, json_resolved(name, format, number));
}

int json_write_line(FILE *out, const json_t *object)
{
	errno = 0;
	if (json_dumpf(object, out, FLAGS) || fputc('\n', out) == EOF)
		return errno ? -errno : -EIO;
	return 0;
}
