/* SPDX-License-Identifier: GPL-2.0-only */
/* Cgroups: the hierarchy that counts for scheduling, and the names of its groups. */
#include "host/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"

#define PATH_BYTES_MAX (32 << 20)

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static void free_string(char **string)
{
	free(*string);
}

/* ---- which hierarchy ------------------------------------------------------ */

/* One line of mountinfo, as far as it matters here. Points into the line. */
struct mount {
	dev_t device;
	char *shown; /* what part of the hierarchy the mount shows: "/" is all of it */
	char *point;
	char *type;
	char *options; /* of the hierarchy: v1 controllers are among them */
};

/* Undoes mountinfo's escapes in place: \040 is a blank. */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
		    text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* Takes @line apart, in place. False if it is not a line of mountinfo. */
static bool parse_mount(char *line, struct mount *mount)
{
	unsigned int major, minor;
	char *field, *rest = line;
	int number;

	/* 36 35 98:0 /shown /point options [optional fields] - type source options */
	for (number = 0; (field = strsep(&rest, " \n")); number++) {
		if (number == 2 && sscanf(field, "%u:%u", &major, &minor) == 2)
			mount->device = makedev(major, minor);
		else if (number == 3)
			mount->shown = field;
		else if (number == 4)
			mount->point = field;
		else if (number >= 6 && !strcmp(field, "-"))
			break;
	}
	mount->type = strsep(&rest, " \n");
	strsep(&rest, " \n");
	mount->options = strsep(&rest, " \n");
	if (!mount->options)
		return false;
	unescape(mount->shown);
	unescape(mount->point);
	return mount->shown[0] == '/' && mount->point[0] == '/';
}

/* Whether @word is one of the words in @list, which commas separate. */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (;;) {
		size_t here = strcspn(list, ",");

		if (here == length && !memcmp(list, word, length))
			return true;
		if (!list[here])
			return false;
		list += here + 1;
	}
}

/*
 * How much of the hierarchy a mount shows, to compare mounts by. In a cgroup
 * namespace "/" is the namespace's own part, and each ".." before it goes one
 * level further out.
 */
static int extent(const char *shown)
{
	int levels = 0;

	while (!strncmp(shown, "/..", 3) && (shown[3] == '/' || !shown[3])) {
		levels++;
		shown += 3;
	}
	if (*shown && strcmp(shown, "/") != 0)
		return 0; /* a part of something */
	return 1 + levels;
}

/*
 * How good a source of names and ids @mount is: 0 for what is no cgroup mount
 * that counts for scheduling, more for more of it.
 */
static int worth(const struct mount *mount)
{
	const int cpu_v1 = 1 << 20; /* above any extent */

	if (!strcmp(mount->type, "cgroup") && has_word(mount->options, "cpu"))
		return cpu_v1 + extent(mount->shown) + 1;
	if (!strcmp(mount->type, "cgroup2"))
		return extent(mount->shown) + 1;
	return 0;
}

/* Whether @path leads to @mount, and not to another one on top of it. */
static bool reachable(const struct mount *mount, const char *path)
{
	struct stat info;

	return !stat(path, &info) && S_ISDIR(info.st_mode) && info.st_dev == mount->device;
}

int cgroup_detect(const char *mountinfo, const char *root, struct cgroup_hierarchy *hierarchy)
{
	FILE *file __attribute__((cleanup(close_file))) = fopen(mountinfo, "re");
	char *line __attribute__((cleanup(free_string))) = NULL;
	size_t room = 0, length = strlen(root);
	int best = 0;

	if (!file)
		return -errno;
	memset(hierarchy, 0, sizeof(*hierarchy));
	while (length && root[length - 1] == '/')
		length--;
	if (length >= sizeof(hierarchy->root))
		return -ENAMETOOLONG;
	memcpy(hierarchy->root, root, length);
	while (getline(&line, &room, file) >= 0) {
		struct mount mount = {0};
		char path[PATH_MAX];

		if (!parse_mount(line, &mount) || worth(&mount) <= best)
			continue;
		if (snprintf(path, sizeof(path), "%s%s", hierarchy->root, mount.point) >=
			    (int)sizeof(path) ||
		    !reachable(&mount, path))
			continue;
		best = worth(&mount);
		hierarchy->v1 = !strcmp(mount.type, "cgroup");
		hierarchy->device = mount.device;
		strcpy(hierarchy->mount, path);
	}
	if (ferror(file))
		return -EIO;
	return best ? 0 : -ENOENT;
}

/* ---- name -> id ----------------------------------------------------------- */

/* The id of the directory "@before/@name" if it belongs to the hierarchy; else as cgroup_id(). */
static int directory_id(const struct cgroup_hierarchy *hierarchy, const char *before,
			const char *name, uint64_t *id)
{
	char path[PATH_MAX];
	struct stat info;

	if (snprintf(path, sizeof(path), "%s/%s", before, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (stat(path, &info))
		return -errno;
	if (info.st_dev != hierarchy->device)
		return -EXDEV;
	if (!S_ISDIR(info.st_mode))
		return -ENOTDIR;
	*id = info.st_ino;
	return 0;
}

int cgroup_id(const struct cgroup_hierarchy *hierarchy, const char *name, uint64_t *id)
{
	if (!*name)
		return -EINVAL;
	/*
	 * What a person copied from a shell is a directory of this hierarchy,
	 * whichever link or mount it was reached by.
	 */
	if (name[0] == '/' && !directory_id(hierarchy, hierarchy->root, name, id))
		return 0;
	return directory_id(hierarchy, hierarchy->mount, name, id);
}

/* ---- quotas ---------------------------------------------------------------- */

/* The first line of @directory/@file as "A B" or "A"; "max" is -1. How many there were. */
static int read_numbers(const char *directory, const char *name, double numbers[2])
{
	char path[PATH_MAX + 32], line[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	if (!strncmp(line, "max", 3)) {
		numbers[0] = -1;
		return 1;
	}
	return sscanf(line, "%lf %lf", &numbers[0], &numbers[1]);
}

/* In CPUs, of the group in @directory itself; 0: none. */
static double own_quota(const struct cgroup_hierarchy *hierarchy, const char *directory)
{
	double numbers[2] = {0}, period[2] = {0};

	if (!hierarchy->v1) {
		if (read_numbers(directory, "cpu.max", numbers) < 2)
			return 0;
		period[0] = numbers[1];
	} else if (read_numbers(directory, "cpu.cfs_quota_us", numbers) < 1 ||
		   read_numbers(directory, "cpu.cfs_period_us", period) < 1) {
		return 0;
	}
	return numbers[0] > 0 && period[0] > 0 ? numbers[0] / period[0] : 0;
}

double cgroup_quota(const struct cgroup_hierarchy *hierarchy, const char *path)
{
	char directory[2 * PATH_MAX];
	size_t root = strlen(hierarchy->mount);
	double least = 0, own;

	if ((size_t)snprintf(directory, sizeof(directory), "%s%s", hierarchy->mount, path) >=
	    sizeof(directory))
		return 0;
	for (char *end = directory + strlen(directory); end && end >= directory + root;
	     end = strrchr(directory, '/')) {
		*end = '\0';
		own = own_quota(hierarchy, directory);
		if (own > 0 && (!least || own < least))
			least = own;
	}
	return least;
}

/* ---- id -> path ----------------------------------------------------------- */

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

/* A container may have made many groups, or long names: neither may cost dwell its memory. */
static bool is_full(const struct entries *entries)
{
	return entries->count >= CGROUP_WALK_MAX || entries->bytes >= PATH_BYTES_MAX;
}

/* Appends a group; @path becomes its own, also on failure. 0 or -ENOMEM. */
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

/* Opens the group at @path for reading, through no symbolic link at its end. NULL: gone. */
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
 * Gives entry @position its id and appends what lies below it; the id stays 0
 * if it has vanished. 0 or -ENOMEM.
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

/* Finds all groups, ancestors first. The list itself is what is still to be read. 0 or -ENOMEM. */
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

/* Moves what only @old has to @found, within the limit: removed groups keep their names. */
static void keep_removed(struct entries *found, struct entries *old)
{
	size_t i, walked = found->count;
	struct entries view;

	for (i = 0; i < old->count && !is_full(found); i++) {
		view = (struct entries){.entry = found->entry, .count = walked};
		if (entries_find(&view, old->entry[i].id))
			continue;
		/* The path is taken over in any case; without memory the name is forgotten. */
		(void)entries_append(found, old->entry[i].id, old->entry[i].path);
		old->entry[i].path = NULL;
	}
	tidy(found);
}

/* Reads the hierarchy anew; without memory, what was known stays. */
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
		/* After the walk: a slow one must not be followed by the next at once. */
		paths->walked_at = clock_mono();
		paths->walked = true;
		entry = entries_find(&paths->known, id);
	}
	return entry ? entry->path : NULL;
}
