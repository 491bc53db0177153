// SPDX-License-Identifier: GPL-2.0-only
/* Settings: which behaviour of timers GODEBUG has chosen for a Go process. */
#include "go/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define SETTING "asynctimerchan"
/* Of the environment: what is beyond cannot be told from what is not set. */
#define ENVIRONMENT_MAX (1 << 20)
#define LAST 26 /* the last Go 1 whose timers can be as they were before 1.23 */

bool go_settings_find(const char *settings, const char *key, char *value, size_t size)
{
	size_t length = strlen(key);
	bool found = false;

	while (*settings) {
		size_t item = strcspn(settings, ",");

		if (item > length && !strncmp(settings, key, length) && settings[length] == '=') {
			snprintf(value, size, "%.*s", (int)(item - length - 1),
				 settings + length + 1);
			found = true;
		}
		settings += item;
		settings += *settings == ',';
	}
	return found;
}

/* Reads the environment that the process was started with; it ends with two NULs. */
static char *read_environment(uint32_t pid)
{
	auto_free char *text = calloc(1, ENVIRONMENT_MAX + 2);
	char path[64], *whole;
	FILE *file;

	if (!text)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/environ", pid);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	if (!fread(text, 1, ENVIRONMENT_MAX, file))
		*text = '\0';
	fclose(file);
	whole = text;
	text = NULL;
	return whole;
}

/* The runtime takes the first GODEBUG that there is, but the last value within it. */
static bool find_in_environment(uint32_t pid, char *value, size_t size)
{
	static const char name[] = "GODEBUG=";
	auto_free char *environment = read_environment(pid);

	for (const char *at = environment; at && *at; at += strlen(at) + 1) {
		if (!strncmp(at, name, sizeof(name) - 1))
			return go_settings_find(at + sizeof(name) - 1, SETTING, value, size);
	}
	return false;
}

enum go_semantics go_settings_semantics(uint32_t pid, const struct go_layout *layout,
					const struct go_image *image, char *why, size_t size)
{
	const char *where;
	char value[16];

	if (!layout->heaps) {
		snprintf(why, size, "Go 1.%u", layout->minor);
		return GO_SEMANTICS_OLD;
	}
	snprintf(why, size, "Go %u.%u", layout->major, layout->minor);
	if (layout->major > 1 || layout->minor > LAST)
		return GO_SEMANTICS_SYNC;
	if (find_in_environment(pid, value, sizeof(value)))
		where = "the environment";
	else if (go_settings_find(image->godebug, SETTING, value, sizeof(value)))
		where = "the build info";
	else
		return GO_SEMANTICS_SYNC;
	snprintf(why, size, SETTING "=%s in %s", value, where);
	/* 2 is for who debugs the runtime: it too leaves timers out that nobody waits on. */
	return !strcmp(value, "1") ? GO_SEMANTICS_ASYNC : GO_SEMANTICS_SYNC;
}
