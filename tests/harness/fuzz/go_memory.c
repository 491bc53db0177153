// SPDX-License-Identifier: GPL-2.0-only
/* A Go process that never ran: an input is its memory, and what is in its folder of /proc. */
#include "harness/fuzz/go_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "go/memory.h"
#include "harness/fuzz/fuzz.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define PARTS_MAX 4096
#define LATE_MAX 64
#define WORK_MAX (64 << 20)
#define PIECE_WORK 256
#define MAPPINGS_MAX 64

static const char *const files[] = FUZZ_FILES;

/* Bytes of the input. */
struct part {
	uint64_t address;
	const uint8_t *data;
	uint32_t length;
	uint16_t after;
};

struct mapping {
	uint64_t start, end;
	uint8_t rights;
};

struct go_memory {
	struct part part[PARTS_MAX]; /* each lies over those before it */
	size_t parts;
	bool sorted; /* they are in the order of their addresses, and none lies over another */
	struct part late[LATE_MAX]; /* come while it is read, over all others */
	size_t lates;
	struct mapping mapping[MAPPINGS_MAX]; /* by address */
	size_t mappings;
	struct part file[LENGTH(files)];
	uint64_t reads;
	uint64_t work, limit; /* bytes, about */
};

static struct go_memory memory;
static size_t (*other)(uint64_t address, void *buffer, size_t size);

void fuzz_memory_from(size_t (*source)(uint64_t address, void *buffer, size_t size))
{
	other = source;
}

/* ---- the input ------------------------------------------------------------------- */

static void map(const struct fuzz_record *record)
{
	const uint64_t start = record->address & -(uint64_t)FUZZ_PAGE;
	const uint64_t end = start + (uint64_t)record->length * FUZZ_PAGE;
	size_t at = memory.mappings;

	if (at == MAPPINGS_MAX || end <= start)
		return;
	while (at && memory.mapping[at - 1].start > start)
		at--;
	if ((at && memory.mapping[at - 1].end > start) ||
	    (at < memory.mappings && memory.mapping[at].start < end))
		return;
	memmove(&memory.mapping[at + 1], &memory.mapping[at],
		(memory.mappings++ - at) * sizeof(memory.mapping[0]));
	memory.mapping[at] = (struct mapping){start, end, record->what};
}

static void take(const struct fuzz_record *record, const uint8_t *data)
{
	const struct part part = {record->address, data, record->length, record->after};
	const struct part *last = memory.parts ? &memory.part[memory.parts - 1] : NULL;

	if (record->kind % FUZZ_KINDS == FUZZ_FILE) {
		memory.file[record->what % LENGTH(files)] = part;
		return;
	}
	if (part.after) {
		if (memory.lates < LATE_MAX)
			memory.late[memory.lates++] = part;
		return;
	}
	if (memory.parts == PARTS_MAX)
		return;
	if (last && (part.address < last->address || part.address - last->address < last->length))
		memory.sorted = false;
	memory.part[memory.parts++] = part;
}

void fuzz_process(const uint8_t *data, size_t size)
{
	struct fuzz_record record;

	memory.parts = memory.lates = memory.mappings = 0;
	memory.sorted = true;
	memory.reads = memory.work = 0;
	memory.limit = WORK_MAX;
	memset(memory.file, 0, sizeof(memory.file));
	while (size >= sizeof(record)) {
		memcpy(&record, data, sizeof(record));
		data += sizeof(record);
		size -= sizeof(record);
		if (record.kind % FUZZ_KINDS == FUZZ_MAPPING) {
			map(&record);
			continue;
		}
		if (record.length > size)
			break;
		take(&record, data);
		data += record.length;
		size -= record.length;
	}
}

void fuzz_image(struct go_image *image)
{
	*image = (struct go_image){0};
	for (size_t i = 0; i < memory.mappings && image->mappings < GO_MAPPINGS_MAX; i++) {
		const struct mapping *mapping = &memory.mapping[i];
		const bool anonymous = !(mapping->rights & FUZZ_PROGRAM);

		if (anonymous &&
		    (!image->mappings || image->mapping[image->mappings - 1].end != mapping->start))
			continue;
		image->mapping[image->mappings++] = (struct go_mapping){
			.start = mapping->start,
			.end = mapping->end,
			.writable = mapping->rights & FUZZ_WRITABLE,
			.executable = mapping->rights & FUZZ_EXECUTABLE,
			.anonymous = anonymous,
		};
	}
}

uint64_t fuzz_hash(uint64_t hash, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3;
	return hash;
}

uint64_t fuzz_hash_text(uint64_t hash, const char *text)
{
	return text ? fuzz_hash(hash, text, strlen(text) + 1) : fuzz_hash(hash, "\xff", 1);
}

/* ---- /proc/PID ------------------------------------------------------------------- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

static void write_maps(int fd)
{
	for (size_t i = 0; i < memory.mappings; i++) {
		const struct mapping *mapping = &memory.mapping[i];
		const bool program = mapping->rights & FUZZ_PROGRAM;

		dprintf(fd, "%" PRIx64 "-%" PRIx64 " r%c%cp %" PRIx64 " 00:0%d %d\n",
			mapping->start, mapping->end, mapping->rights & FUZZ_WRITABLE ? 'w' : '-',
			mapping->rights & FUZZ_EXECUTABLE ? 'x' : '-',
			program ? mapping->start - memory.mapping[0].start : 0, program, program);
	}
}

/* Opens a file of the process; it is empty if the process has none of that name. */
static int open_file(const char *name)
{
	const int fd = memfd_create(name, MFD_CLOEXEC);

	assert(fd >= 0);
	if (!strcmp(name, "maps"))
		write_maps(fd);
	for (size_t i = 0; i < LENGTH(files); i++)
		if (!strcmp(name, files[i]) && memory.file[i].length)
			assert(write(fd, memory.file[i].data, memory.file[i].length) > 0);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* The linker puts this in place of open(). */
int __wrap_open(const char *path, int flags, ...)
{
	char folder[32];
	va_list list;
	mode_t mode;

	snprintf(folder, sizeof(folder), "/proc/%d/", getpid());
	if (!strncmp(path, folder, strlen(folder)))
		return open_file(path + strlen(folder));
	va_start(list, flags);
	mode = va_arg(list, mode_t);
	va_end(list);
	return __real_open(path, flags, mode);
}

/* ---- go/memory.h ----------------------------------------------------------------- */

int go_memory_open(uint32_t pid, struct go_memory **result)
{
	*result = pid == (uint32_t)getpid() ? &memory : NULL;
	return *result ? 0 : -ESRCH;
}

void go_memory_close(struct go_memory *closed)
{
	assert(!closed || closed == &memory);
}

uint32_t go_memory_pid(const struct go_memory *read)
{
	assert(read == &memory);
	return (uint32_t)getpid();
}

bool go_memory_same(const struct go_memory *read)
{
	assert(read == &memory);
	return true;
}

/* Stands for time, so that an input has the same outcome each time. */
void go_memory_limit(struct go_memory *read, uint64_t ns)
{
	assert(read == &memory && ns);
	memory.limit = memory.work + WORK_MAX;
}

bool go_memory_spent(const struct go_memory *read)
{
	assert(read == &memory);
	return memory.work > memory.limit;
}

/* How many of the @size bytes at @address are mapped, from the first one on. */
static size_t mapped(uint64_t address, size_t size)
{
	uint64_t until = address;

	for (size_t i = 0; i < memory.mappings && until - address < size; i++)
		if (memory.mapping[i].start <= until && until < memory.mapping[i].end)
			until = memory.mapping[i].end;
	return until - address < size ? (size_t)(until - address) : size;
}

/* Writes what of @part is in the @size bytes at @address. */
static void overlay(const struct part *part, uint64_t address, uint8_t *buffer, size_t size)
{
	const uint64_t skip = part->address < address ? address - part->address : 0;
	const uint64_t at = part->address > address ? part->address - address : 0;
	uint64_t length = part->length;

	if (skip >= length || at >= size)
		return;
	length -= skip;
	memcpy(buffer + at, part->data + skip, length < size - at ? length : size - at);
}

/* The first part that may hold @address or more. */
static size_t first_part(uint64_t address)
{
	size_t low = 0, high = memory.sorted ? memory.parts : 0;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (memory.part[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : 0;
}

static size_t copy(uint64_t address, void *buffer, size_t size)
{
	const size_t there = mapped(address, size);

	if (other)
		return other(address, buffer, size);
	memory.work += PIECE_WORK + there;
	memset(buffer, 0, there);
	for (size_t i = first_part(address); i < memory.parts && there; i++) {
		const struct part *part = &memory.part[i];

		if (memory.sorted && part->address > address && part->address - address >= there)
			break;
		overlay(part, address, buffer, there);
	}
	for (size_t i = 0; i < memory.lates && there; i++)
		if (memory.late[i].after <= memory.reads)
			overlay(&memory.late[i], address, buffer, there);
	return there;
}

ssize_t go_memory_read_some(struct go_memory *read, uint64_t address, void *buffer, size_t size)
{
	assert(read == &memory);
	memory.reads++;
	return go_memory_spent(&memory) ? -ETIME : (ssize_t)copy(address, buffer, size);
}

int go_memory_read(struct go_memory *read, uint64_t address, void *buffer, size_t size)
{
	const ssize_t bytes = go_memory_read_some(read, address, buffer, size);

	return bytes < 0 ? (int)bytes : bytes == (ssize_t)size ? 0 : -EFAULT;
}

int go_memory_gather(struct go_memory *read, struct go_piece *pieces, size_t count)
{
	assert(read == &memory);
	memory.reads++;
	if (go_memory_spent(&memory))
		return -ETIME;
	for (size_t i = 0; i < count; i++)
		pieces[i].read = copy(pieces[i].address, pieces[i].buffer, pieces[i].size) ==
				 pieces[i].size;
	return 0;
}
