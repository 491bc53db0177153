// SPDX-License-Identifier: GPL-2.0-only
/* Image: the executable of a process as it lies in memory, and what it says of its build. */
#include "go/image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "go/buildinfo.h"
#include "host/mapping.h"

#define PAGE 4096
/* Program headers that are read; Go has seven, a C compiler thirteen. */
#define HEADERS_MAX 64
#define AUXILIARY_MAX 64
/* The most bytes of one segment of notes that are read. */
#define NOTES_MAX 4096
#define NOTE_GO_BUILD_ID 4
/* A line of /proc/PID/maps as far as it is of interest: up to where a name begins. */
#define LINE_LEN 256

/* The program headers of an executable, and where it was loaded. */
struct program {
	Elf64_Phdr header[HEADERS_MAX];
	size_t headers;
	uint64_t bias;	     /* what is added to the addresses in the file */
	uint64_t at;	     /* address of the headers */
	uint64_t start, end; /* addresses of all that is loaded, in whole pages */
};

/* ---- program headers ------------------------------------------------------------- */

/* Opens a file of the process. Returns a file descriptor or a negative errno. */
static int open_proc(uint32_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return errno == ENOENT ? -ESRCH : errno == EPERM ? -EACCES : -errno;
}

/* Asks what the kernel told the program of its headers. 0, -ENOEXEC or another negative errno. */
static int find_headers(uint32_t pid, struct program *program)
{
	Elf64_auxv_t entry[AUXILIARY_MAX];
	uint64_t size = 0;
	ssize_t bytes;
	int fd = open_proc(pid, "auxv");

	if (fd < 0)
		return fd;
	bytes = read(fd, entry, sizeof(entry));
	close(fd);
	if (bytes <= 0)
		return -ESRCH; /* a process that is about to be gone has no memory any more */
	program->at = 0;
	program->headers = 0;
	for (size_t i = 0; i < (size_t)bytes / sizeof(entry[0]); i++) {
		if (entry[i].a_type == AT_PHDR)
			program->at = entry[i].a_un.a_val;
		else if (entry[i].a_type == AT_PHENT)
			size = entry[i].a_un.a_val;
		else if (entry[i].a_type == AT_PHNUM)
			program->headers = entry[i].a_un.a_val;
	}
	if (!program->at || size != sizeof(Elf64_Phdr) || program->headers > HEADERS_MAX)
		return -ENOEXEC;
	return 0;
}

/* Finds out where the program was loaded. False: its headers do not say it. */
static bool find_bias(struct program *program)
{
	const Elf64_Phdr *header;

	for (size_t i = 0; i < program->headers; i++) {
		header = &program->header[i];
		if (header->p_type == PT_PHDR) {
			program->bias = program->at - header->p_vaddr;
			return true;
		}
	}
	/* A static program of the GNU linker has its headers behind the one of the file. */
	for (size_t i = 0; i < program->headers; i++) {
		header = &program->header[i];
		if (header->p_type == PT_LOAD && !header->p_offset) {
			program->bias = program->at - sizeof(Elf64_Ehdr) - header->p_vaddr;
			return true;
		}
	}
	return false;
}

/* Finds the bounds of what is loaded. False: there are none that make sense. */
static bool find_bounds(struct program *program)
{
	const Elf64_Phdr *header;
	uint64_t start, end;

	program->start = UINT64_MAX;
	program->end = 0;
	for (size_t i = 0; i < program->headers; i++) {
		header = &program->header[i];
		if (header->p_type != PT_LOAD || !header->p_memsz)
			continue;
		start = program->bias + header->p_vaddr;
		end = start + header->p_memsz;
		if (end < start || end > UINT64_MAX - PAGE || header->p_filesz > header->p_memsz)
			return false;
		if (start < program->start)
			program->start = start - start % PAGE;
		if (end > program->end)
			program->end = (end + PAGE - 1) / PAGE * PAGE;
	}
	return program->start <= program->at && program->at < program->end;
}

static int read_program(struct go_memory *memory, struct program *program)
{
	int err = find_headers(go_memory_pid(memory), program);

	if (!err)
		err = go_memory_read(memory, program->at, program->header,
				     program->headers * sizeof(program->header[0]));
	if (err)
		return err == -EFAULT ? -ENOEXEC : err;
	return find_bias(program) && find_bounds(program) ? 0 : -ENOEXEC;
}

/* ---- build info and notes -------------------------------------------------------- */

static int find_buildinfo(struct go_memory *memory, const struct program *program,
			  struct go_image *image)
{
	const Elf64_Phdr *header;
	uint64_t start;
	int err;

	for (size_t i = 0; i < program->headers; i++) {
		header = &program->header[i];
		if (header->p_type != PT_LOAD || (header->p_flags & (PF_W | PF_X)) != PF_W)
			continue;
		start = program->bias + header->p_vaddr;
		err = go_buildinfo_find(memory, start, start + header->p_filesz, image);
		if (err != -ENOENT)
			return err;
	}
	return -ENOEXEC;
}

static void take_hexadecimal(const uint8_t *bytes, size_t size, char *text, size_t room)
{
	for (size_t i = 0; i < size && 2 * i + 2 < room; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

/* Takes a note of the name @name. Returns whether it is the best of build ids. */
static bool take_note(uint32_t type, const char *name, const uint8_t *text, size_t size,
		      struct go_image *image)
{
	if (type == NOTE_GO_BUILD_ID && !strcmp(name, "Go") && size && text[0]) {
		snprintf(image->build_id, sizeof(image->build_id), "%.*s", (int)size,
			 (const char *)text);
		return true;
	}
	if (type == NT_GNU_BUILD_ID && !strcmp(name, "GNU"))
		take_hexadecimal(text, size, image->build_id, sizeof(image->build_id));
	return false;
}

/* Goes through the notes in @notes. Returns whether the best of build ids is among them. */
static bool take_notes(const uint8_t *notes, size_t size, struct go_image *image)
{
	Elf64_Nhdr note;
	char name[4];
	size_t at = 0, text, end;

	while (at + sizeof(note) <= size) {
		memcpy(&note, notes + at, sizeof(note));
		/* Lengths of 32 bits cannot make these of 64 bits overflow. */
		text = at + sizeof(note) + ((size_t)note.n_namesz + 3) / 4 * 4;
		end = text + note.n_descsz;
		if (end > size)
			return false;
		memset(name, 0, sizeof(name));
		if (note.n_namesz <= sizeof(name))
			memcpy(name, notes + at + sizeof(note), note.n_namesz);
		name[sizeof(name) - 1] = '\0';
		if (take_note(note.n_type, name, notes + text, note.n_descsz, image))
			return true;
		at = (end + 3) / 4 * 4;
	}
	return false;
}

static int find_build_id(struct go_memory *memory, const struct program *program,
			 struct go_image *image)
{
	uint8_t notes[NOTES_MAX];
	const Elf64_Phdr *header;
	ssize_t size;

	for (size_t i = 0; i < program->headers; i++) {
		header = &program->header[i];
		if (header->p_type != PT_NOTE)
			continue;
		size = header->p_memsz < NOTES_MAX ? (ssize_t)header->p_memsz : NOTES_MAX;
		size = go_memory_read_some(memory, program->bias + header->p_vaddr, notes,
					   (size_t)size);
		if (size < 0)
			return (int)size;
		if (take_notes(notes, (size_t)size, image))
			break;
	}
	return 0;
}

/* ---- mappings -------------------------------------------------------------------- */

/* Whether the mapping is of the executable, whose first mapping has been taken before. */
static bool belongs(const struct go_image *image, const struct mapping *mapping)
{
	if (!mapping->inode) /* may be bss, which begins where a mapping ends */
		return image->mappings && image->mapping[image->mappings - 1].end == mapping->start;
	return mapping->inode == image->inode && mapping->major == image->major &&
	       mapping->minor == image->minor;
}

static int take_mapping(const struct program *program, const struct mapping *mapping,
			struct go_image *image)
{
	struct go_mapping *own;

	if (!image->mappings) {
		image->major = mapping->major;
		image->minor = mapping->minor;
		image->inode = mapping->inode;
	}
	if (!belongs(image, mapping))
		return 0;
	if (image->mappings == GO_MAPPINGS_MAX)
		return -EFBIG;
	own = &image->mapping[image->mappings++];
	own->start = mapping->start;
	own->end = mapping->end < program->end ? mapping->end : program->end;
	own->anonymous = !mapping->inode;
	own->offset = own->anonymous ? 0 : mapping->offset;
	own->writable = mapping->writable;
	own->executable = mapping->executable;
	return 0;
}

static int take_mappings(FILE *maps, const struct program *program, struct go_image *image)
{
	struct mapping mapping;
	char line[LINE_LEN];
	size_t bytes = 0;
	bool begins = true;
	int err;

	image->mappings = 0;
	errno = 0;
	while (bytes < MAPPING_BYTES_MAX && fgets(line, sizeof(line), maps)) {
		/* A long name takes several calls. */
		err = begins ? mapping_parse(line, &mapping) : 0;
		if (err)
			return err;
		bytes += strlen(line);
		if (begins && mapping.start >= program->end)
			return 0;
		if (begins && mapping.start >= program->start)
			err = take_mapping(program, &mapping, image);
		if (err)
			return err;
		begins = line[strlen(line) - 1] == '\n';
	}
	if (ferror(maps))
		return errno ? -errno : -EIO;
	return bytes >= MAPPING_BYTES_MAX ? -EFBIG : 0;
}

static int read_mappings(uint32_t pid, const struct program *program, struct go_image *image)
{
	int fd = open_proc(pid, "maps"), err;
	FILE *maps;

	if (fd < 0)
		return fd;
	maps = fdopen(fd, "r");
	if (!maps) {
		close(fd);
		return -ENOMEM;
	}
	err = take_mappings(maps, program, image);
	fclose(maps);
	/* A process that is about to be gone has no mappings any more. */
	return err ? err : image->mappings ? 0 : -ESRCH;
}

bool go_image_holds(const struct go_image *image, uint64_t address, uint64_t size)
{
	const struct go_mapping *mapping;

	for (size_t i = 0; i < image->mappings; i++) {
		mapping = &image->mapping[i];
		if (address < mapping->start)
			return false;
		if (address >= mapping->end)
			continue;
		if (size <= mapping->end - address)
			return true;
		size -= mapping->end - address;
		address = mapping->end;
	}
	return false;
}

int go_image_read(struct go_memory *memory, struct go_image *image)
{
	struct program program;
	int err;

	memset(image, 0, sizeof(*image));
	err = read_program(memory, &program);
	if (!err)
		err = find_buildinfo(memory, &program, image);
	if (!err)
		err = find_build_id(memory, &program, image);
	if (!err)
		err = read_mappings(go_memory_pid(memory), &program, image);
	return err;
}
