// SPDX-License-Identifier: GPL-2.0-only
/* Changes words of a made-up process as one who means harm would: pointers, lengths, counts. */
#include <stdlib.h>
#include <string.h>

#include "harness/fuzz/fuzz.h"
#include "harness/fuzz/go_memory.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define RECORDS_MAX 4096

/* libFuzzer has the one and calls the other. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

/* Where the records of an input begin. */
struct records {
	size_t at[RECORDS_MAX];
	size_t count;
};

static struct fuzz_record record_at(const uint8_t *data, size_t at)
{
	struct fuzz_record record;

	memcpy(&record, data + at, sizeof(record));
	return record;
}

static void find_records(const uint8_t *data, size_t size, struct records *records)
{
	size_t at = 0;

	records->count = 0;
	while (size - at >= sizeof(struct fuzz_record) && records->count < RECORDS_MAX) {
		const struct fuzz_record record = record_at(data, at);
		const size_t bytes = record.kind % FUZZ_KINDS == FUZZ_MAPPING ? 0 : record.length;

		if (bytes > size - at - sizeof(record))
			return;
		records->at[records->count++] = at;
		at += sizeof(record) + bytes;
	}
}

/* Whether @address is in a mapping of the program's file. */
static bool in_program(const uint8_t *data, const struct records *records, uint64_t address)
{
	for (size_t i = 0; i < records->count; i++) {
		const struct fuzz_record record = record_at(data, records->at[i]);

		if (record.kind % FUZZ_KINDS == FUZZ_MAPPING && record.what & FUZZ_PROGRAM &&
		    (address - record.address) / FUZZ_PAGE < record.length)
			return true;
	}
	return false;
}

/*
 * Finds a word of memory's bytes, mostly one that is aligned, and that the program made: tables
 * of the linker are many, and alike. NULL: none in some tries.
 */
static uint8_t *some_word(uint8_t *data, const struct records *records)
{
	for (int tries = 0; tries < 16 && records->count; tries++) {
		const size_t at = records->at[(size_t)rand() % records->count];
		const struct fuzz_record record = record_at(data, at);
		size_t offset;

		if (record.kind % FUZZ_KINDS == FUZZ_MAPPING || record.length < 8 ||
		    (tries < 8 && rand() % 4 && in_program(data, records, record.address)))
			continue;
		offset = (size_t)rand() % (record.length - 7);
		if (rand() % 8)
			offset -= (record.address + offset) % 8;
		if (offset <= record.length - 8)
			return data + at + sizeof(record) + offset;
	}
	return NULL;
}

static uint64_t some_value(uint8_t *data, const struct records *records, uint64_t value)
{
	static const uint64_t odd[] = {
		0,
		1,
		7,
		8,
		255,
		256,
		4095,
		4096,
		65535,
		1000000,
		INT32_MAX,
		UINT32_MAX,
		1ull << 32,
		1ull << 47,
		INT64_MAX,
		1ull << 63,
		UINT64_MAX - 7,
		UINT64_MAX,
	};
	const uint8_t *other;

	switch (rand() % 6) {
	case 0:
		return odd[(size_t)rand() % LENGTH(odd)];
	case 1: /* another address */
		return record_at(data, records->at[(size_t)rand() % records->count]).address;
	case 2: /* close by */
		return value + (uint64_t)(rand() % 33 - 16);
	case 3:
		return value ^ 1ull << rand() % 64;
	case 4: /* one half alone */
		return (value & 0xffffffff00000000) | (uint32_t)odd[(size_t)rand() % LENGTH(odd)];
	default: /* what stands elsewhere */
		other = some_word(data, records);
		if (other)
			memcpy(&value, other, sizeof(value));
		return value;
	}
}

/* Writes over the end of the input a copy of a part that comes while the process is read. */
static size_t add_late_word(uint8_t *data, size_t size, size_t max, const struct records *records)
{
	const size_t at = records->at[(size_t)rand() % records->count];
	struct fuzz_record record = record_at(data, at);
	uint64_t value;

	if (record.kind % FUZZ_KINDS != FUZZ_MEMORY || max - size < sizeof(record) + 8)
		return size;
	record.address += record.length ? (uint64_t)rand() % record.length & ~7ull : 0;
	record.length = 8;
	record.after = (uint16_t)(rand() % 256);
	value = some_value(data, records, record.address);
	memcpy(data + size, &record, sizeof(record));
	memcpy(data + size + sizeof(record), &value, sizeof(value));
	return size + sizeof(record) + sizeof(value);
}

static size_t mutate(uint8_t *data, size_t size, size_t max)
{
	static struct records records;
	uint64_t value;
	uint8_t *word;

	find_records(data, size, &records);
	word = some_word(data, &records);
	if (!word || rand() % 8 == 0)
		return LLVMFuzzerMutate(data, size, max);
	if (rand() % 8 == 0)
		return add_late_word(data, size, max, &records);
	memcpy(&value, word, sizeof(value));
	value = some_value(data, &records, value);
	memcpy(word, &value, sizeof(value));
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	srand(seed);
	for (int more = 1; more; more = rand() % 2)
		size = mutate(data, size, max);
	return size;
}
