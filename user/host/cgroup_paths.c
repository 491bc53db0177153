// SPDX-License-Identifier: GPL-2.0-only
/* Paths of cgroups by id, found by a walk through the hierarchy. */
#include "host/cgroup_paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define PATH_BYTES_MAX (32 << 20)

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

struct entry {
	uint64_t id;
	char *path; /* owned */
};

struct entries {
	struct entry *entry;
	size_t count;
	size_t room;
	size_t bytes; /* of all paths */
};

struct cgroup_paths {
	struct cgroup_hierarchy hierarchy;
	uint64_t refresh_ns;
	uint64_t walked_at; /* mono */
	bool walked;
	struct entries known; /* ascending ids */
};

static void entries_clear(struct entries *entries)
{
	while (entries->count)
		free(entries->entry[--entries->count].path);
	free(entries->entry);
	*entries = (struct entries){0};
}

/* Whether there is no more room: many groups or long names must not use up dwell's memory. */
static bool is_full(const struct entries *entries)
{
	return entries->count >= CGROUP_WALK_MAX || entries->bytes >= PATH_BYTES_MAX;
}

/* Appends a group and takes @path over, also after an error. 0 or -ENOMEM (a NULL @path too). */
static int entries_append(struct entries *entries, uint64_t id, char *path)
{
	if (path && entries->count == entries->room) {
		size_t room = entries->room ? 2 * entries->room : 64;
		struct entry *larger = reallocarray(entries->entry, room, sizeof(*larger));

		if (!larger) {
			free(path);
			return -ENOMEM;
		}
		entries->entry = larger;
		entries->room = room;
	}
	if (!path)
		return -ENOMEM;
	entries->entry[entries->count++] = (struct entry){.id = id, .path = path};
	entries->bytes += strlen(path) + 1;
	return 0;
}

static int compare_ids(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

static struct entry *entries_find(const struct entries *entries, uint64_t id)
{
	struct entry key = {.id = id};

	if (!entries->count)
		return NULL;
	return bsearch(&key, entries->entry, entries->count, sizeof(key), compare_ids);
}

/* Opens the group at @path for reading; a symbolic link there is not followed. NULL: gone. */
static DIR *open_group(const struct cgroup_hierarchy *hierarchy, const char *path,
		       struct stat *info)
{
	char whole[PATH_MAX];
	DIR *directory;
	int fd;

	if (snprintf(whole, sizeof(whole), "%s%s", hierarchy->mount, path) >= (int)sizeof(whole))
		return NULL;
	fd = open(whole, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, info) || info->st_dev != hierarchy->device) {
		close(fd);
		return NULL;
	}
	directory = fdopendir(fd);
	if (!directory)
		close(fd);
	return directory;
}

static bool may_be_group(const struct dirent *item)
{
	return (item->d_type == DT_DIR || item->d_type == DT_UNKNOWN) &&
	       strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0;
}

/*
 * Gives entry @position its id, and appends the groups below it. The id stays 0 if the
 * group has vanished. 0 or -ENOMEM.
 */
static int read_group(const struct cgroup_hierarchy *hierarchy, struct entries *entries,
		      size_t position)
{
	const char *path = entries->entry[position].path;
	const char *above = strcmp(path, "/") != 0 ? path : "";
	struct stat info;
	DIR *directory
		__attribute__((cleanup(close_directory))) = open_group(hierarchy, path, &info);
	struct dirent *item;
	char *below;

	if (!directory)
		return 0;
	entries->entry[position].id = info.st_ino;
	while (!is_full(entries) && (item = readdir(directory))) {
		if (!may_be_group(item))
			continue;
		if (asprintf(&below, "%s/%s", above, item->d_name) < 0)
			below = NULL;
		if (entries_append(entries, 0, below))
			return -ENOMEM;
	}
	return 0;
}

/* Finds all groups, ancestors first. @entries is also the list of those to read. 0 or -ENOMEM. */
static int walk(const struct cgroup_hierarchy *hierarchy, struct entries *entries)
{
	size_t i;
	int err;

	err = entries_append(entries, 0, strdup("/"));
	for (i = 0; !err && i < entries->count; i++)
		err = read_group(hierarchy, entries, i);
	return err;
}

/* Drops the entries without an id and sorts the others by it. */
static void tidy(struct entries *entries)
{
	size_t i, kept = 0;

	for (i = 0; i < entries->count; i++) {
		if (entries->entry[i].id)
			entries->entry[kept++] = entries->entry[i];
		else
			free(entries->entry[i].path);
	}
	entries->count = kept;
	if (kept)
		qsort(entries->entry, kept, sizeof(*entries->entry), compare_ids);
}

/* Moves entries that only @old has to @found while there is room, to keep removed groups' paths. */
static void keep_removed(struct entries *found, struct entries *old)
{
	size_t i, walked = found->count;
	struct entries view;

	for (i = 0; i < old->count && !is_full(found); i++) {
		view = (struct entries){.entry = found->entry, .count = walked};
		if (entries_find(&view, old->entry[i].id))
			continue;
		/* The path is taken over in any case; without memory it is forgotten. */
		(void)entries_append(found, old->entry[i].id, old->entry[i].path);
		old->entry[i].path = NULL;
	}
	tidy(found);
}

/* Reads the hierarchy anew. Without memory, the known paths stay. */
static void refresh(struct cgroup_paths *paths)
{
	struct entries found __attribute__((cleanup(entries_clear))) = {0};
	struct entries old;

	if (walk(&paths->hierarchy, &found))
		return;
	tidy(&found);
	keep_removed(&found, &paths->known);
	old = paths->known;
	paths->known = found;
	found = old; /* freed on return */
}

struct cgroup_paths *cgroup_paths_new(const struct cgroup_hierarchy *hierarchy, uint64_t refresh_ns)
{
	struct cgroup_paths *paths = calloc(1, sizeof(*paths));

	if (!paths)
		return NULL;
	paths->hierarchy = *hierarchy;
	paths->refresh_ns = refresh_ns;
	return paths;
}

void cgroup_paths_free(struct cgroup_paths *paths)
{
	if (!paths)
		return;
	entries_clear(&paths->known);
	free(paths);
}

const char *cgroup_path(struct cgroup_paths *paths, uint64_t id)
{
	struct entry *entry = entries_find(&paths->known, id);

	if (!entry && (!paths->walked || clock_mono() - paths->walked_at >= paths->refresh_ns)) {
		refresh(paths);
		/* The time after the walk counts: slow walks must not follow each other at once. */
		paths->walked_at = clock_mono();
		paths->walked = true;
		entry = entries_find(&paths->known, id);
	}
	return entry ? entry->path : NULL;
}
