/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of cgroup.c: choice of the hierarchy, names to ids, ids to paths, quotas. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <cmocka.h>

#include "host/cgroup.h"
#include "host/cgroup_paths.h"

#define FIXTURES "tests/unit/fixtures/"

/* A directory that plays the file system's root, made anew for each test. */
static char root[64];

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/dwell-test-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *below(const char *path)
{
	static char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	return whole;
}

/* Makes the directory @path below the root, with all above it. */
static void make_directory(const char *path)
{
	char part[PATH_MAX];
	size_t i;

	for (i = 1; i <= strlen(path); i++) {
		if (path[i] && path[i] != '/')
			continue;
		snprintf(part, sizeof(part), "%s%.*s", root, (int)i, path);
		if (mkdir(part, 0755))
			assert_int_equal(errno, EEXIST);
	}
}

static uint64_t inode(const char *path)
{
	struct stat info;

	assert_int_equal(stat(below(path), &info), 0);
	return info.st_ino;
}

/* Copies the fixture @name to below the root, with the number of the root's own device in it. */
static const char *mountinfo(const char *name)
{
	static char path[PATH_MAX];
	char line[1024], *mark;
	struct stat info;
	FILE *in, *out;

	snprintf(path, sizeof(path), FIXTURES "%s", name);
	in = fopen(path, "r");
	if (!in)
		fail_msg("cannot open %s: run the test in the project's root", path);
	snprintf(path, sizeof(path), "%s/%s", root, name);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(stat(root, &info), 0);
	while (fgets(line, sizeof(line), in)) {
		mark = strstr(line, "@DEVICE@");
		if (mark)
			fprintf(out, "%.*s%u:%u%s", (int)(mark - line), line, major(info.st_dev),
				minor(info.st_dev), mark + strlen("@DEVICE@"));
		else
			fputs(line, out);
	}
	fclose(in);
	fclose(out);
	return path;
}

/* Detects with fixture @name; @mount is the mount point that must come out. */
static void detects(const char *name, bool v1, const char *mount, struct cgroup_hierarchy *found)
{
	struct cgroup_hierarchy hierarchy;

	assert_int_equal(cgroup_detect(mountinfo(name), root, &hierarchy), 0);
	assert_int_equal(hierarchy.v1, v1);
	assert_string_equal(hierarchy.mount, below(mount));
	assert_string_equal(hierarchy.root, root);
	if (found)
		*found = hierarchy;
}

static void v2_is_unified(void **state)
{
	(void)state;
	make_directory("/sys/fs/cgroup");
	detects("mountinfo.v2", false, "/sys/fs/cgroup", NULL);
}

static void v1_is_the_cpu_controllers(void **state)
{
	(void)state;
	make_directory("/sys/fs/cgroup/cpu,cpuacct");
	make_directory("/sys/fs/cgroup/cpuset");
	make_directory("/sys/fs/cgroup/systemd");
	detects("mountinfo.v1", true, "/sys/fs/cgroup/cpu,cpuacct", NULL);
}

static void hybrid_prefers_v1_cpu(void **state)
{
	(void)state;
	make_directory("/sys/fs/cgroup/cpu");
	make_directory("/sys/fs/cgroup/cpuacct");
	make_directory("/sys/fs/cgroup/unified");
	detects("mountinfo.hybrid", true, "/sys/fs/cgroup/cpu", NULL);
	/* "cpuacct", "cpuset" and a hierarchy named "cpu" are not the cpu controller. */
	make_directory("/sys/fs/cgroup/cpuset");
	make_directory("/sys/fs/cgroup/systemd");
	detects("mountinfo.hybrid-cpu-unified", false, "/sys/fs/cgroup/unified", NULL);
}

static void namespace_takes_the_widest_mount(void **state)
{
	(void)state;
	make_directory("/sys/fs/cgroup");
	make_directory("/part");
	detects("mountinfo.namespace", false, "/sys/fs/cgroup", NULL);
	make_directory("/outer");
	detects("mountinfo.namespace", false, "/outer", NULL);
	make_directory("/host/sys/fs/cgroup");
	detects("mountinfo.namespace", false, "/host/sys/fs/cgroup", NULL);
}

static void container_takes_the_part_it_has(void **state)
{
	(void)state;
	make_directory("/sys/fs/cgroup");
	detects("mountinfo.container", false, "/sys/fs/cgroup", NULL);
}

static void odd_mount_points(void **state)
{
	(void)state;
	make_directory("/mnt/my cgroups\\\tx");
	make_directory("/relative");
	make_directory("/no-separator");
	make_directory("/cut");
	detects("mountinfo.odd", false, "/mnt/my cgroups\\\tx", NULL);
}

static void a_covered_mount_is_passed_over(void **state)
{
	(void)state;
	/* The directory there is on another device than the line says. */
	make_directory("/sys/fs/cgroup");
	make_directory("/second");
	detects("mountinfo.covered", false, "/second", NULL);
}

static void no_hierarchy(void **state)
{
	struct cgroup_hierarchy hierarchy;

	(void)state;
	make_directory("/sys/fs/cgroup/memory");
	assert_int_equal(cgroup_detect(mountinfo("mountinfo.none"), root, &hierarchy), -ENOENT);
	/* Mounted, says the file, but not there. */
	assert_int_equal(cgroup_detect(mountinfo("mountinfo.v2"), "/nowhere", &hierarchy), -ENOENT);
	assert_int_equal(cgroup_detect(below("/missing"), root, &hierarchy), -ENOENT);
	assert_int_equal(cgroup_detect(root, root, &hierarchy), -EIO);
}

static void root_may_end_with_slashes(void **state)
{
	struct cgroup_hierarchy hierarchy;
	char slashed[80];

	(void)state;
	make_directory("/sys/fs/cgroup");
	snprintf(slashed, sizeof(slashed), "%s//", root);
	assert_int_equal(cgroup_detect(mountinfo("mountinfo.v2"), slashed, &hierarchy), 0);
	assert_string_equal(hierarchy.mount, below("/sys/fs/cgroup"));
}

static void random_mountinfo_does_no_harm(void **state)
{
	static const char pieces[] = "0123 /:-,\\040\n\t cgroup cpu";
	struct cgroup_hierarchy hierarchy;
	unsigned int seed = 11, round, i;
	char path[PATH_MAX];

	(void)state;
	snprintf(path, sizeof(path), "%s", below("/random"));
	for (round = 0; round < 300; round++) {
		FILE *file = fopen(path, "w");
		unsigned int length = (unsigned int)rand_r(&seed) % 600;

		assert_non_null(file);
		for (i = 0; i < length; i++)
			fputc(rand_r(&seed) % 8 ? pieces[rand_r(&seed) % (sizeof(pieces) - 1)] :
						  rand_r(&seed),
			      file);
		fclose(file);
		assert_int_equal(cgroup_detect(path, root, &hierarchy), -ENOENT);
	}
}

/* ---- names and ids ---------------------------------------------------------- */

static void names_of_a_group(void **state)
{
	static const char *const names[] = {
		"/system.slice/a b",
		"system.slice/a b",
		"//system.slice//a b/",
		"/sys/fs/cgroup/cpu,cpuacct/system.slice/a b",
		"/sys/fs/cgroup/cpu/system.slice/a b",
		"system.slice/../system.slice/a b",
	};
	struct cgroup_hierarchy hierarchy;
	uint64_t id;
	size_t i;

	(void)state;
	make_directory("/sys/fs/cgroup/cpu,cpuacct/system.slice/a b");
	make_directory("/sys/fs/cgroup/cpuset");
	/* As systemd makes it. */
	assert_int_equal(symlink("cpu,cpuacct", below("/sys/fs/cgroup/cpu")), 0);
	detects("mountinfo.v1", true, "/sys/fs/cgroup/cpu,cpuacct", &hierarchy);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		id = 0;
		assert_int_equal(cgroup_id(&hierarchy, names[i], &id), 0);
		assert_int_equal(id, inode("/sys/fs/cgroup/cpu,cpuacct/system.slice/a b"));
	}
}

static void slash_is_the_whole_hierarchy(void **state)
{
	/* The root directory of a live host is on another device than its cgroups. */
	struct cgroup_hierarchy hierarchy = {.root = ""};
	struct stat info;
	uint64_t id;

	(void)state;
	if (stat("/proc", &info))
		skip();
	hierarchy.device = info.st_dev;
	strcpy(hierarchy.mount, "/proc");
	assert_int_equal(cgroup_id(&hierarchy, "/", &id), 0);
	assert_int_equal(id, info.st_ino);
	/* Outside of it, though it is there. */
	assert_int_equal(cgroup_id(&hierarchy, "../", &id), -EXDEV);
}

static void names_of_no_group(void **state)
{
	struct cgroup_hierarchy hierarchy;
	char longest[2 * PATH_MAX];
	uint64_t id = 42;
	FILE *file;

	(void)state;
	make_directory("/sys/fs/cgroup/a");
	file = fopen(below("/sys/fs/cgroup/a/cgroup.procs"), "w");
	assert_non_null(file);
	fclose(file);
	detects("mountinfo.v2", false, "/sys/fs/cgroup", &hierarchy);
	assert_int_equal(cgroup_id(&hierarchy, "", &id), -EINVAL);
	assert_int_equal(cgroup_id(&hierarchy, "/missing", &id), -ENOENT);
	assert_int_equal(cgroup_id(&hierarchy, "missing", &id), -ENOENT);
	assert_int_equal(cgroup_id(&hierarchy, "/sys/fs/cgroup/missing", &id), -ENOENT);
	assert_int_equal(cgroup_id(&hierarchy, "a/cgroup.procs", &id), -ENOTDIR);
	assert_int_equal(cgroup_id(&hierarchy, "../../../../../../../proc", &id), -EXDEV);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(cgroup_id(&hierarchy, longest, &id), -ENAMETOOLONG);
	assert_int_equal(id, 42);
}

static void paths_of_ids(void **state)
{
	struct cgroup_hierarchy hierarchy;
	struct cgroup_paths *paths;

	(void)state;
	make_directory("/sys/fs/cgroup/system.slice/cron.service");
	make_directory("/sys/fs/cgroup/user.slice/\x1b[31m\n");
	detects("mountinfo.v2", false, "/sys/fs/cgroup", &hierarchy);
	paths = cgroup_paths_new(&hierarchy, UINT64_MAX);
	assert_non_null(paths);
	assert_string_equal(cgroup_path(paths, inode("/sys/fs/cgroup")), "/");
	assert_string_equal(cgroup_path(paths, inode("/sys/fs/cgroup/system.slice")),
			    "/system.slice");
	assert_string_equal(cgroup_path(paths, inode("/sys/fs/cgroup/system.slice/cron.service")),
			    "/system.slice/cron.service");
	assert_string_equal(cgroup_path(paths, inode("/sys/fs/cgroup/user.slice/\x1b[31m\n")),
			    "/user.slice/\x1b[31m\n");
	/* Nothing but groups: files, links and what is outside are none. */
	assert_null(cgroup_path(paths, inode("")));
	assert_null(cgroup_path(paths, 0));
	assert_null(cgroup_path(paths, UINT64_MAX));
	cgroup_paths_free(paths);
}

static void links_are_not_followed(void **state)
{
	struct cgroup_hierarchy hierarchy;
	struct cgroup_paths *paths;

	(void)state;
	make_directory("/sys/fs/cgroup/a");
	make_directory("/outside/secret");
	assert_int_equal(symlink("../../../../outside", below("/sys/fs/cgroup/a/link")), 0);
	assert_int_equal(access(below("/sys/fs/cgroup/a/link/secret"), F_OK), 0);
	assert_int_equal(symlink("..", below("/sys/fs/cgroup/a/loop")), 0);
	detects("mountinfo.v2", false, "/sys/fs/cgroup", &hierarchy);
	paths = cgroup_paths_new(&hierarchy, UINT64_MAX);
	assert_non_null(paths);
	assert_string_equal(cgroup_path(paths, inode("/sys/fs/cgroup/a")), "/a");
	assert_null(cgroup_path(paths, inode("/outside")));
	assert_null(cgroup_path(paths, inode("/outside/secret")));
	cgroup_paths_free(paths);
}

static void unknown_ids_read_again_but_not_at_once(void **state)
{
	struct cgroup_hierarchy hierarchy;
	struct cgroup_paths *eager, *lazy;

	(void)state;
	make_directory("/sys/fs/cgroup/old");
	detects("mountinfo.v2", false, "/sys/fs/cgroup", &hierarchy);
	eager = cgroup_paths_new(&hierarchy, 0);
	lazy = cgroup_paths_new(&hierarchy, UINT64_MAX);
	assert_non_null(eager);
	assert_non_null(lazy);
	assert_string_equal(cgroup_path(eager, inode("/sys/fs/cgroup/old")), "/old");
	assert_string_equal(cgroup_path(lazy, inode("/sys/fs/cgroup/old")), "/old");
	make_directory("/sys/fs/cgroup/new");
	assert_string_equal(cgroup_path(eager, inode("/sys/fs/cgroup/new")), "/new");
	assert_null(cgroup_path(lazy, inode("/sys/fs/cgroup/new")));
	assert_string_equal(cgroup_path(lazy, inode("/sys/fs/cgroup/old")), "/old");
	cgroup_paths_free(lazy);
	cgroup_paths_free(eager);
}

static void removed_groups_keep_their_paths(void **state)
{
	struct cgroup_hierarchy hierarchy;
	struct cgroup_paths *paths;
	char from[PATH_MAX];
	uint64_t id;

	(void)state;
	make_directory("/sys/fs/cgroup/gone/below");
	detects("mountinfo.v2", false, "/sys/fs/cgroup", &hierarchy);
	paths = cgroup_paths_new(&hierarchy, 0);
	assert_non_null(paths);
	id = inode("/sys/fs/cgroup/gone/below");
	assert_string_equal(cgroup_path(paths, id), "/gone/below");
	/* Moved out, not removed, so that no other directory can get its inode number. */
	make_directory("/outside");
	snprintf(from, sizeof(from), "%s", below("/sys/fs/cgroup/gone"));
	assert_int_equal(rename(from, below("/outside/kept")), 0);
	make_directory("/sys/fs/cgroup/new");
	assert_string_equal(cgroup_path(paths, inode("/sys/fs/cgroup/new")), "/new");
	assert_string_equal(cgroup_path(paths, id), "/gone/below");
	/* The whole hierarchy goes away. */
	snprintf(from, sizeof(from), "%s", below("/sys"));
	assert_int_equal(rename(from, below("/outside/sys")), 0);
	assert_null(cgroup_path(paths, 1));
	assert_string_equal(cgroup_path(paths, id), "/gone/below");
	cgroup_paths_free(paths);
}

static void renamed_groups_get_the_new_path(void **state)
{
	struct cgroup_hierarchy hierarchy;
	struct cgroup_paths *paths;
	char from[PATH_MAX];
	uint64_t id;

	(void)state;
	make_directory("/sys/fs/cgroup/before/x");
	detects("mountinfo.v2", false, "/sys/fs/cgroup", &hierarchy);
	paths = cgroup_paths_new(&hierarchy, 0);
	assert_non_null(paths);
	id = inode("/sys/fs/cgroup/before/x");
	assert_string_equal(cgroup_path(paths, id), "/before/x");
	snprintf(from, sizeof(from), "%s", below("/sys/fs/cgroup/before"));
	assert_int_equal(rename(from, below("/sys/fs/cgroup/after")), 0);
	assert_null(cgroup_path(paths, 1));
	assert_string_equal(cgroup_path(paths, id), "/after/x");
	cgroup_paths_free(paths);
}

static void many_and_deep_groups(void **state)
{
	struct cgroup_hierarchy hierarchy;
	struct cgroup_paths *paths;
	char path[PATH_MAX];
	uint64_t deepest;
	size_t length;
	int i;

	(void)state;
	make_directory("/sys/fs/cgroup");
	for (i = 0; i < 2000; i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/group-%d", i);
		make_directory(path);
	}
	/* Far deeper than file descriptors would last, if one stayed open at each level. */
	length = (size_t)snprintf(path, sizeof(path), "/sys/fs/cgroup");
	for (i = 0; i < 1200; i++)
		length += (size_t)snprintf(path + length, sizeof(path) - length, "/d");
	make_directory(path);
	deepest = inode(path);
	detects("mountinfo.v2", false, "/sys/fs/cgroup", &hierarchy);
	paths = cgroup_paths_new(&hierarchy, UINT64_MAX);
	assert_non_null(paths);
	assert_string_equal(cgroup_path(paths, deepest), path + strlen("/sys/fs/cgroup"));
	for (i = 0; i < 2000; i += 37) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/group-%d", i);
		assert_string_equal(cgroup_path(paths, inode(path)), strrchr(path, '/'));
	}
	cgroup_paths_free(paths);
}

static void a_missing_hierarchy_has_no_paths(void **state)
{
	struct cgroup_hierarchy hierarchy = {.mount = "/nowhere"};
	struct cgroup_paths *paths = cgroup_paths_new(&hierarchy, 0);

	(void)state;
	assert_non_null(paths);
	assert_null(cgroup_path(paths, 1));
	cgroup_paths_free(paths);
	cgroup_paths_free(NULL);
}

/* Writes @text to the file @path below the root. */
static void write_quota(const char *path, const char *text)
{
	FILE *file = fopen(below(path), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void check_quota(const struct cgroup_hierarchy *hierarchy, const char *path, double expected,
			const char *expected_owner)
{
	size_t owner;

	assert_true(cgroup_quota(hierarchy, path, &owner) == expected);
	assert_int_equal(owner, strlen(expected_owner));
	assert_memory_equal(path, expected_owner, owner);
}

static void quotas_of_groups(void **state)
{
	struct cgroup_hierarchy hierarchy = {0};

	(void)state;
	make_directory("/a/b/c");
	snprintf(hierarchy.mount, sizeof(hierarchy.mount), "%s", root);
	write_quota("/a/cpu.max", "200000 100000\n");
	write_quota("/a/b/cpu.max", "50000 100000\n");
	write_quota("/a/b/c/cpu.max", "max 100000\n");
	check_quota(&hierarchy, "/", 0, "");
	check_quota(&hierarchy, "/a", 2, "/a");
	check_quota(&hierarchy, "/a/b", 0.5, "/a/b");
	check_quota(&hierarchy, "/a/b/c", 0.5, "/a/b");
	check_quota(&hierarchy, "/a/gone", 2, "/a");
	write_quota("/a/b/cpu.max", "nonsense\n");
	check_quota(&hierarchy, "/a/b", 2, "/a");
	write_quota("/a/b/cpu.max", "-1 0\n");
	check_quota(&hierarchy, "/a/b", 2, "/a");

	hierarchy.v1 = true;
	write_quota("/a/cpu.cfs_quota_us", "25000\n");
	write_quota("/a/cpu.cfs_period_us", "100000\n");
	write_quota("/a/b/cpu.cfs_quota_us", "-1\n");
	write_quota("/a/b/cpu.cfs_period_us", "100000\n");
	check_quota(&hierarchy, "/a/b", 0.25, "/a");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(v2_is_unified),
		TEST(v1_is_the_cpu_controllers),
		TEST(hybrid_prefers_v1_cpu),
		TEST(namespace_takes_the_widest_mount),
		TEST(container_takes_the_part_it_has),
		TEST(odd_mount_points),
		TEST(a_covered_mount_is_passed_over),
		TEST(no_hierarchy),
		TEST(root_may_end_with_slashes),
		TEST(random_mountinfo_does_no_harm),
		TEST(names_of_a_group),
		TEST(slash_is_the_whole_hierarchy),
		TEST(names_of_no_group),
		TEST(paths_of_ids),
		TEST(links_are_not_followed),
		TEST(unknown_ids_read_again_but_not_at_once),
		TEST(removed_groups_keep_their_paths),
		TEST(renamed_groups_get_the_new_path),
		TEST(many_and_deep_groups),
		TEST(a_missing_hierarchy_has_no_paths),
		TEST(quotas_of_groups),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
