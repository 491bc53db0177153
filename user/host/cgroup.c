/* SPDX-License-Identifier: GPL-2.0-only */
/* Cgroups: the hierarchy that counts for scheduling, and what its groups may use. */
#include "host/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static void free_string(char **string)
{
	free(*string);
}

/* ---- which hierarchy ------------------------------------------------------ */

/* The fields of a line of mountinfo that matter here. They point into the line. */
struct mount {
	dev_t device;
	char *shown; /* the part of the hierarchy that the mount shows: "/" is all of it */
	char *point;
	char *type;
	char *options; /* of the hierarchy: v1 controllers are among them */
};

/* Undoes mountinfo's escapes in place, such as \040 for a blank. */
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

/* Splits @line in place. False if it is not a line of mountinfo. */
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

/* Whether @word is in the comma-separated @list. */
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
 * How much of the hierarchy a mount shows, for comparison with other mounts. In a cgroup
 * namespace "/" is the namespace's own part, and each ".." before it is one level further
 * out.
 */
static int extent(const char *shown)
{
	int levels = 0;

	while (!strncmp(shown, "/..", 3) && (shown[3] == '/' || !shown[3])) {
		levels++;
		shown += 3;
	}
	if (*shown && strcmp(shown, "/") != 0)
		return 0; /* only a part */
	return 1 + levels;
}

/*
 * How good a source of names and ids @mount is: 0 unless it is a cgroup mount that counts
 * for scheduling, and higher the more of its hierarchy it shows.
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

/* Whether @path leads to @mount itself, and not to another mount on top of it. */
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

/* Sets *id to that of the directory "@before/@name" in the hierarchy. 0 or a negative errno. */
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
	 * A path that a person copied from a shell counts if it leads to a directory of this
	 * hierarchy, through whichever link or mount.
	 */
	if (name[0] == '/' && !directory_id(hierarchy, hierarchy->root, name, id))
		return 0;
	return directory_id(hierarchy, hierarchy->mount, name, id);
}

/* ---- quotas ---------------------------------------------------------------- */

/* Reads the first line of @directory/@name, "A B" or "A"; "max" is -1. Returns how many it has. */
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

/* The own quota of the group in @directory, in CPUs; 0: none. */
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

double cgroup_quota(const struct cgroup_hierarchy *hierarchy, const char *path, size_t *owner)
{
	char directory[2 * PATH_MAX];
	size_t root = strlen(hierarchy->mount);
	double least = 0, own;

	*owner = 0;
	if ((size_t)snprintf(directory, sizeof(directory), "%s%s", hierarchy->mount, path) >=
	    sizeof(directory))
		return 0;
	for (char *end = directory + strlen(directory); end && end >= directory + root;
	     end = strrchr(directory, '/')) {
		*end = '\0';
		own = own_quota(hierarchy, directory);
		if (own <= 0 || (least && own >= least))
			continue;
		least = own;
		*owner = (size_t)(end - directory) - root;
	}
	return least;
}
