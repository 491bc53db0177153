// SPDX-License-Identifier: GPL-2.0-only
/* Names of functions, from the files of others: wherever those are, and whatever is in them. */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/report.h"
#include "tests_files.h"
#include "harness/live/workload.h"

#define MS 1000000ULL
#define BIT(number) (1ULL << (number))
#define NOBODY 65534
#define OWN_FRAMES __attribute__((noinline))

/* ---- a program that naps --------------------------------------------------------------- */

#define NAP_NS (50 * MS)
#define NAPS (60 * 1000 * MS / NAP_NS) /* it goes by itself at last */

static void OWN_FRAMES nap_once(void)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};

	/* Not the library's own, which has no frames. */
	syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &nap, NULL);
}

static void OWN_FRAMES nap_from_here(void)
{
	for (unsigned int i = 0; i < NAPS; i++)
		nap_once();
}

int files_nap(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	nap_from_here();
	return 0;
}

/* How it is kept from those who want to read it. */
struct program_plan {
	bool others;			 /* it is another user's, and nobody else may read it */
	bool private;			 /* it is on a file system that nobody else sees */
	bool forged;			 /* it is gone, and … */
	void (*forge)(const char *path); /* … that has its name (NULL: nothing) */
	struct dwell_manner manner;	 /* of dwell */
	const char *reason;		 /* NULL: it has names; else why it has none */
};

struct program {
	char directory[32], path[64];
	pid_t pid;
};

#define PROGRAM_NAME "dwell-napper"

static void copy_itself(const char *path, mode_t mode)
{
	const int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	const int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	static char buffer[1 << 16];
	ssize_t length;

	while ((length = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, (size_t)length) != length)
			break;
	if (length || fchmod(to, mode))
		live_abort("copying a program: %s", strerror(errno));
	close(from);
	close(to);
}

static void give_away(const struct program *program)
{
	if (chown(program->path, NOBODY, NOBODY) || chown(program->directory, NOBODY, NOBODY) ||
	    setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		live_abort("becoming nobody: %s", strerror(errno));
}

static void run_program(const struct program *program, const struct program_plan *plan)
{
	if (plan->private &&
	    (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	     mount("tmpfs", program->directory, "tmpfs", 0, "size=32m")))
		live_abort("a file system of one's own: %s", strerror(errno));
	copy_itself(program->path, 0700);
	if (plan->others)
		give_away(program);
	execl(program->path, PROGRAM_NAME, FILES_NAP, NULL);
	live_abort("%s: %s", program->path, strerror(errno));
}

/* Starts it, and returns when it naps. */
static void program_start(struct program *program, const struct program_plan *plan)
{
	int ready[2];
	char byte;

	strcpy(program->directory, "/tmp/dwell-live-XXXXXX");
	if (!mkdtemp(program->directory) || pipe2(ready, O_CLOEXEC))
		live_abort("preparing a program: %s", strerror(errno));
	snprintf(program->path, sizeof(program->path), "%s/" PROGRAM_NAME, program->directory);
	program->pid = fork();
	if (!program->pid)
		run_program(program, plan);
	close(ready[1]);
	if (program->pid < 0 || read(ready[0], &byte, 1)) /* ends with its exec */
		live_abort("starting a program");
	close(ready[0]);
	if (!proc_wait_state(program->pid, program->pid, 'S', 20))
		live_abort("the program does not nap");
	if (plan->forged && unlink(program->path))
		live_abort("%s: %s", program->path, strerror(errno));
	if (plan->forge)
		plan->forge(program->path);
}

static void program_end(struct program *program)
{
	kill(program->pid, SIGKILL);
	waitpid(program->pid, NULL, 0);
	unlink(program->path);
	rmdir(program->directory);
}

static void forge_fifo(const char *path)
{
	if (mkfifo(path, 0666))
		live_abort("mkfifo: %s", strerror(errno));
}

/* Another file of the same name: the begin of this very program. */
static void forge_program(const char *path)
{
	copy_itself(path, 0700);
	if (truncate(path, 1 << 14))
		live_abort("truncate: %s", strerror(errno));
}

/* ---- what dwell says ------------------------------------------------------------------- */

/* How often a frame of @stack has @text in it. */
static unsigned int count_frames(const json_t *stack, const char *text)
{
	unsigned int count = 0;
	const json_t *frame;
	size_t index;

	json_array_foreach(stack, index, frame)
		count += strstr(json_string_value(frame), text) != NULL;
	return count;
}

/* How often a program's frame in the ledger has @text in it. */
static unsigned int count_site_frames(const struct report *report, const char *text)
{
	unsigned int count = 0;
	const json_t *timer, *site;
	size_t i, j;

	json_array_foreach(report->timers, i, timer)
		json_array_foreach(json_object_get(timer, "site"), j, site)
			count += count_frames(json_object_get(site, "ustack"), text);
	return count;
}

static int64_t unnamed(const struct report *report, const char *reason)
{
	const json_t *reasons = json_object_get(report->loss, "unnamed");
	const json_t *count = json_object_get(reasons, reason);

	if (!json_is_integer(count))
		live_abort("the loss line does not say how many names are missing as %s", reason);
	return json_integer_value(count);
}

/* Where the timers of @pid are armed. */
static void read_sites(struct report *report, const struct dwell_manner *manner, pid_t pid)
{
	struct dwell_process run;
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	dwell_start(&run, manner,
		    DWELL_ARGUMENTS("timers", "--sites", "-j", "-d",
				    live_options.emulated ? "3s" : "500ms", "-p", number));
	dwell_wait(&run, live_slower(30, 4));
	report_read(report, &run);
	dwell_close(&run);
}

/* Whether this program's own symbols are there: the guests' one has none. */
static bool has_symbols(void)
{
	return !live_options.emulated;
}

/* A frame of the program, as it is told with its file. */
static const char *named_frame(void)
{
	return has_symbols() ? "nap_from_here [" PROGRAM_NAME "]" : "[" PROGRAM_NAME "]+0x";
}

static void run_program_case(const void *argument)
{
	const struct program_plan *const plan = argument;
	struct program program;
	struct report report;

	program_start(&program, plan);
	read_sites(&report, plan->manner.unprivileged ? &plan->manner : NULL, program.pid);
	if (!plan->reason && !count_site_frames(&report, named_frame()))
		live_fail("no frame is %s", named_frame());
	if (plan->reason) {
		live_expect("frames with the name of a function",
			    count_site_frames(&report, "nap_from_here"), 0);
		if (!unnamed(&report, plan->reason))
			live_fail("it does not say that names are missing: %s", plan->reason);
	}
	report_free(&report);
	program_end(&program);
}

/* ---- hostile files --------------------------------------------------------------------- */

#define HOSTILE_SIZE 0x4000
#define HOSTILE_SYMBOLS 20000000ULL
#define HOSTILE_FRAMES 8
#define MEMORY_MOST (300 << 10) /* KB, of any process of dwell */

struct hostile {
	char directory[32];
	const void *memory[HOSTILE_FRAMES];
	unsigned int frames;
};

/* An ELF file that claims @symbols of them, of which all but those in its first bytes are a hole. */
static void make_elf(int fd, uint64_t symbols)
{
	static struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		Elf64_Shdr section[3];
		char names[16];
	} file;

	memset(&file, 0, sizeof(file));
	file.header = (Elf64_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB,
			    EV_CURRENT},
		.e_type = ET_DYN,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(file.header),
		.e_shoff = sizeof(file.header) + sizeof(file.segment),
		.e_ehsize = sizeof(file.header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 3,
	};
	file.segment =
		(Elf64_Phdr){.p_type = PT_LOAD, .p_filesz = HOSTILE_SIZE, .p_memsz = HOSTILE_SIZE};
	file.section[1] = (Elf64_Shdr){
		.sh_type = SHT_SYMTAB,
		.sh_offset = HOSTILE_SIZE,
		.sh_size = symbols * sizeof(Elf64_Sym),
		.sh_link = 2,
		.sh_entsize = sizeof(Elf64_Sym),
	};
	file.section[2] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
				       .sh_offset = offsetof(__typeof__(file), names),
				       .sh_size = sizeof(file.names)};
	if (pwrite(fd, &file, sizeof(file), 0) != sizeof(file) ||
	    ftruncate(fd, HOSTILE_SIZE + (off_t)(symbols * sizeof(Elf64_Sym))))
		live_abort("writing a file: %s", strerror(errno));
}

static int hostile_file(const struct hostile *hostile, const char *name)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", hostile->directory, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0755);
	if (fd < 0)
		live_abort("%s: %s", path, strerror(errno));
	return fd;
}

/* Has it mapped as code by whoever inherits that. */
static void map_hostile(struct hostile *hostile, int fd)
{
	const void *memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	if (memory == MAP_FAILED)
		live_abort("mmap: %s", strerror(errno));
	hostile->memory[hostile->frames++] = memory;
	close(fd);
}

/* What unpacks to as much as a hostile file may. False: there is no program to make it with. */
static bool make_bomb(const struct hostile *hostile)
{
	char command[160];

	snprintf(command, sizeof(command),
		 "head -c 600000000 /dev/zero 2>/dev/null | xz -0 2>/dev/null >%s/packed",
		 hostile->directory);
	return !live_options.emulated && !system("xz --version >/dev/null 2>&1") &&
	       !system(command);
}

static void hostile_prepare(struct hostile *hostile)
{
	char path[96];
	int fd;

	*hostile = (struct hostile){.directory = "/tmp/dwell-live-XXXXXX"};
	if (!mkdtemp(hostile->directory))
		live_abort("mkdtemp: %s", strerror(errno));
	fd = hostile_file(hostile, "crowd");
	make_elf(fd, HOSTILE_SYMBOLS);
	map_hostile(hostile, fd);
	fd = hostile_file(hostile, "garbage");
	make_elf(fd, 1);
	if (pwrite(fd, "#!", 2, 0) != 2)
		live_abort("writing a file: %s", strerror(errno));
	map_hostile(hostile, fd);
	/* Before whatever may be so slow that the rest is not asked for. */
	fd = hostile_file(hostile, "fifo");
	make_elf(fd, 1);
	map_hostile(hostile, fd);
	fd = hostile_file(hostile, "changing");
	make_elf(fd, 1000000);
	map_hostile(hostile, fd);
	snprintf(path, sizeof(path), "%s/fifo", hostile->directory);
	unlink(path);
	forge_fifo(path);
	if (make_bomb(hostile))
		map_hostile(hostile, hostile_file(hostile, "packed"));
	else
		live_note("no xz: no packed file is tried");
}

static void hostile_end(const struct hostile *hostile)
{
	static const char *const names[] = {"crowd", "garbage", "changing", "fifo", "packed"};
	char path[96];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", hostile->directory, names[i]);
		unlink(path);
	}
	rmdir(hostile->directory);
}

/* What a function's frame begins with, on the machines that dwell runs on. */
struct frame {
	struct frame *caller;
	const void *return_address;
};

/* Naps, and has its caller be code in each of @hostile's files. */
static void OWN_FRAMES nap_within(const struct hostile *hostile)
{
	struct frame *volatile *const own = __builtin_frame_address(0);
	struct frame *const before = *own;
	struct frame forged[HOSTILE_FRAMES] = {0};

	for (unsigned int i = 0; i < hostile->frames; i++)
		forged[i] = (struct frame){i + 1 < hostile->frames ? &forged[i + 1] : NULL,
					   (const char *)hostile->memory[i] + 0x800 + 16 * i};
	*own = forged;
	nap_once();
	*own = before;
}

/* The file grows and shrinks as long as this runs. */
static void keep_changing(const struct hostile *hostile)
{
	const int fd = hostile_file(hostile, "changing");

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		make_elf(fd, 1000000);
		proc_sleep(MS / 5);
		if (ftruncate(fd, 0))
			_exit(1);
	}
}

static void be_hostile(struct work *work)
{
	const struct hostile *const hostile = work->argument;

	const pid_t changing = fork();

	if (!changing)
		keep_changing(hostile);
	work->tid[1] = changing;
	for (unsigned int i = 0; i < NAPS; i++)
		nap_within(hostile);
}

static void run_hostile(const void *argument)
{
	struct workload workload;
	struct hostile hostile;
	struct rusage usage;
	struct report report;
	uint64_t began;

	(void)argument;
	hostile_prepare(&hostile);
	workload_start(&workload, be_hostile, &hostile);
	workload_release(&workload);
	began = proc_now();
	read_sites(&report, NULL, workload.pid);
	live_note("it took %.1f s", (double)(proc_now() - began) / 1e9);
	if (!unnamed(&report, "too_large"))
		live_fail("a crowd of symbols is not told");
	if (unnamed(&report, "unreadable") < 2)
		live_fail("what is no program is not told");
	if (!count_site_frames(&report, "[fifo]+0x"))
		live_fail("the file whose name a FIFO has now was not read");
	getrusage(RUSAGE_CHILDREN, &usage);
	if (usage.ru_maxrss > MEMORY_MOST)
		live_fail("dwell took %ld KB", usage.ru_maxrss);
	live_note("no process of dwell took more than %ld KB", usage.ru_maxrss);
	report_free(&report);
	kill(workload.work->tid[1], SIGKILL);
	workload_leave(&workload);
	hostile_end(&hostile);
}

/* ---- the helper ends ------------------------------------------------------------------------ */

/* The child of @parent; 0: there is none. */
static pid_t child_of(pid_t parent)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	char path[300], text[512];
	const char *end;
	pid_t found = 0;

	while (proc && (entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		if (atoi(entry->d_name) <= 0 || proc_read(path, text, sizeof(text)) <= 0)
			continue;
		end = strrchr(text, ')');
		if (end && strlen(end) > 4 && atoi(end + 4) == parent)
			found = atoi(entry->d_name);
	}
	if (proc)
		closedir(proc);
	return found;
}

/* Whoever opens files for dwell is killed, for good or not, or stopped: it goes on. */
enum harm { KILL_ONE, STOP_ONE, KILL_ALL };

static void do_harm(const struct dwell_process *run, enum harm harm)
{
	const pid_t keeper = child_of(run->pid), opener = keeper ? child_of(keeper) : 0;

	if (!opener)
		live_abort("nobody opens files for dwell");
	if (harm == KILL_ALL)
		kill(keeper, SIGKILL);
	kill(opener, harm == STOP_ONE ? SIGSTOP : SIGKILL);
}

/* Waits until it has told a frame by name. */
static void await_name(const struct dwell_process *run)
{
	const uint64_t limit = proc_now() + (uint64_t)live_slower(20, 3) * 1000 * MS;
	static char text[1 << 20];
	ssize_t length;

	do {
		if (proc_now() > limit)
			live_abort("no stack has a name");
		proc_sleep(50 * MS);
		length = pread(run->out, text, sizeof(text) - 1, 0);
		text[length > 0 ? length : 0] = '\0';
	} while (!strstr(text, named_frame()));
}

static void check_harm(const struct report *report, const struct dwell_process *run, enum harm harm)
{
	const unsigned int count = (unsigned int)json_array_size(report->outliers);
	unsigned int last;

	last = count_frames(json_object_get(json_array_get(report->outliers, count - 1), "ustack"),
			    named_frame());
	if (harm == KILL_ALL) {
		live_expect("names in the last stack", last, 0);
		if (!unnamed(report, "helper") || !strstr(run->err_text, "have no names"))
			live_fail("it does not say that nobody reads files any more");
	} else if (harm == STOP_ONE && !unnamed(report, "too_slow")) {
		live_fail("it does not say that it had no answer");
	} else if (harm == KILL_ONE && !last) {
		live_fail("the last stack has no name");
	}
}

static void run_harmed(const void *argument)
{
	static const struct program_plan plain;
	const enum harm harm = *(const enum harm *)argument;
	struct program program;
	struct dwell_process run;
	struct report report;
	char number[16];

	program_start(&program, &plain);
	snprintf(number, sizeof(number), "%d", program.pid);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("outliers", "-v", "-j", "--user-stacks", "--blocked", "20ms",
				    "-p", number));
	dwell_wait_measuring(&run);
	await_name(&run);
	do_harm(&run, harm);
	/* Names are known for a second; who did not answer is waited for one. */
	proc_sleep((uint64_t)live_slower(5000, 3) * MS);
	dwell_interrupt(&run);
	dwell_wait(&run, live_slower(20, 3));
	report_read(&report, &run);
	check_harm(&report, &run, harm);
	report_free(&report);
	dwell_close(&run);
	program_end(&program);
}

/* ---- the table --------------------------------------------------------------------------- */

/* What measuring takes, and what of the rest. */
#define WITH(...)                                                                               \
	{                                                                                       \
		.unprivileged = true,                                                           \
		.capabilities = BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_SYSLOG) | __VA_ARGS__ \
	}

static const struct program_plan others = {.others = true};
static const struct program_plan private = {.private = true};
static const struct program_plan deleted = {.forged = true};
static const struct program_plan replaced = {.forged = true, .forge = forge_program};
static const struct program_plan by_fifo = {.forged = true, .forge = forge_fifo};
static const struct program_plan by_name = {
	.manner = WITH(BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH)),
};
static const struct program_plan refused = {.manner = WITH(0), .reason = "forbidden"};

static const enum harm kill_one = KILL_ONE, stop_one = STOP_ONE, kill_all = KILL_ALL;

const struct live_test tests_files[] = {
	{.name = "files-others", .run = run_program_case, .argument = &others},
	{.name = "files-private", .run = run_program_case, .argument = &private},
	{.name = "files-deleted", .run = run_program_case, .argument = &deleted},
	{.name = "files-replaced", .run = run_program_case, .argument = &replaced},
	{.name = "files-fifo", .run = run_program_case, .argument = &by_fifo},
	{.name = "files-by-name", .run = run_program_case, .argument = &by_name},
	{.name = "files-refused", .run = run_program_case, .argument = &refused},
	{.name = "files-hostile", .run = run_hostile, .seconds = 120},
	{.name = "files-helper-killed", .run = run_harmed, .argument = &kill_one},
	{.name = "files-helper-stopped", .run = run_harmed, .argument = &stop_one},
	{.name = "files-helper-gone", .run = run_harmed, .argument = &kill_all},
	{0},
};
