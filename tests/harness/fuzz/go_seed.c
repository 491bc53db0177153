// SPDX-License-Identifier: GPL-2.0-only
/* TARGET PID FILE: makes an input of a Go process: as little of its memory as reads the same. */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness/fuzz/fuzz.h"
#include "harness/fuzz/go_memory.h"
#include "host/mapping.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define PAGES_MAX 4096
#define INPUT_MAX (32 << 20)
#define FILE_MAX 4096

/* A page of the process, with what was read of it and is not zero. */
struct page {
	uint64_t address;
	uint8_t byte[FUZZ_PAGE];
	bool kept[FUZZ_PAGE];
};

static pid_t pid;
static struct page page[PAGES_MAX];
static size_t pages;
static uint8_t input[INPUT_MAX];
static size_t head, used; /* bytes of the input: without memory, and all */

static void append(const void *bytes, size_t size)
{
	if (size > sizeof(input) - used)
		errx(1, "the process has too much memory");
	memcpy(input + used, bytes, size);
	used += size;
}

/* ---- what the kernel says of the process ----------------------------------------- */

static void add_files(void)
{
	const char *const files[] = FUZZ_FILES;
	uint8_t bytes[FILE_MAX];
	char path[64];

	for (uint8_t i = 0; i < LENGTH(files); i++) {
		struct fuzz_record record = {.kind = FUZZ_FILE, .what = i};
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		file = fopen(path, "re");
		if (!file)
			err(1, "%s", path);
		record.length = (uint32_t)fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
		append(&record, sizeof(record));
		append(bytes, record.length);
	}
}

/* Takes over the mapping that @line tells of; the program's are those of the first one's file. */
static void add_mapping(const char *line)
{
	static struct mapping mapping;
	static uint64_t program;
	struct fuzz_record record = {.kind = FUZZ_MAPPING};

	if (mapping_parse(line, &mapping))
		errx(1, "%s", line);
	program = program ?: mapping.inode;
	if (!strstr(line, " r") || mapping.start >> 63)
		return;
	record.address = mapping.start;
	record.length = (uint32_t)((mapping.end - mapping.start) / FUZZ_PAGE);
	if (mapping.writable)
		record.what |= FUZZ_WRITABLE;
	if (mapping.executable)
		record.what |= FUZZ_EXECUTABLE;
	if (mapping.inode == program)
		record.what |= FUZZ_PROGRAM;
	append(&record, sizeof(record));
}

static void add_mappings(void)
{
	char path[64], line[MAPPING_NAME_LEN];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), file))
		add_mapping(line);
	fclose(file);
}

/* ---- what is read of its memory -------------------------------------------------- */

static struct page *page_of(uint64_t address)
{
	const uint64_t start = address - address % FUZZ_PAGE;
	size_t at;

	for (at = 0; at < pages && page[at].address < start; at++)
		;
	if (at < pages && page[at].address == start)
		return &page[at];
	if (pages == PAGES_MAX)
		errx(1, "too many pages were read");
	memmove(&page[at + 1], &page[at], (pages++ - at) * sizeof(page[0]));
	memset(&page[at], 0, sizeof(page[0]));
	page[at].address = start;
	return &page[at];
}

static void keep(uint64_t address, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		struct page *own;

		if (!bytes[i])
			continue;
		own = page_of(address + i);
		own->byte[(address + i) % FUZZ_PAGE] = bytes[i];
		own->kept[(address + i) % FUZZ_PAGE] = true;
	}
}

static size_t read_live(uint64_t address, void *buffer, size_t size)
{
	size_t done = 0, part;

	for (; done < size; done += part) {
		const size_t rest = FUZZ_PAGE - (address + done) % FUZZ_PAGE;
		struct iovec to, from;

		part = rest < size - done ? rest : size - done;
		to = (struct iovec){(uint8_t *)buffer + done, part};
		from = (struct iovec){(void *)(uintptr_t)(address + done), part};
		if (process_vm_readv(pid, &to, 1, &from, 1, 0) != (ssize_t)part)
			break;
		keep(address + done, to.iov_base, part);
	}
	return done;
}

/* ---- as little of it as reads the same ------------------------------------------- */

/* Adds what is kept of a page. A short gap takes less room than another record. */
static void add_page(const struct page *own)
{
	size_t start = 0, end, gap;

	while (start < FUZZ_PAGE) {
		struct fuzz_record record = {.kind = FUZZ_MEMORY};

		if (!own->kept[start]) {
			start++;
			continue;
		}
		for (gap = 0, end = start; end < FUZZ_PAGE && gap < sizeof(record); end++)
			gap = own->kept[end] ? 0 : gap + 1;
		record.address = own->address + start;
		record.length = (uint32_t)(end - gap - start);
		append(&record, sizeof(record));
		for (; start < end - gap; start++)
			append(own->kept[start] ? &own->byte[start] : (const uint8_t *)"", 1);
	}
}

static bool reads_same(uint64_t wanted)
{
	used = head;
	for (size_t i = 0; i < pages; i++)
		add_page(&page[i]);
	fuzz_process(input, used);
	return fuzz_read() == wanted;
}

/* Drops the @size bytes at @at if nothing is missing without them. */
static void try_without(struct page *own, size_t at, size_t size, uint64_t wanted)
{
	bool kept[FUZZ_PAGE];

	if (!memchr(own->kept + at, true, size))
		return;
	memcpy(kept, own->kept + at, size);
	memset(own->kept + at, false, size);
	if (!reads_same(wanted))
		memcpy(own->kept + at, kept, size);
}

static void shrink(uint64_t wanted)
{
	for (size_t size = FUZZ_PAGE; size >= 8; size /= 4) {
		for (size_t i = 0; i < pages; i++)
			for (size_t at = 0; at < FUZZ_PAGE; at += size)
				try_without(&page[i], at, size, wanted);
		reads_same(wanted);
		fprintf(stderr, "%zu bytes\n", used);
	}
}

static void write_input(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(input, 1, used, file) != used || fclose(file))
		err(1, "%s", path);
}

int main(int argc, char **argv)
{
	uint64_t wanted;

	if (argc != 3)
		errx(2, "usage: TARGET PID FILE");
	pid = atoi(argv[1]);
	add_files();
	add_mappings();
	head = used;
	fuzz_process(input, head);
	fuzz_memory_from(read_live);
	wanted = fuzz_read();
	fuzz_memory_from(NULL);
	if (!wanted)
		errx(1, "the process cannot be read");
	if (!reads_same(wanted))
		errx(1, "what was read does not read the same");
	shrink(wanted);
	write_input(argv[2]);
	return 0;
}
