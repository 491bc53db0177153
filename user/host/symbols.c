/* SPDX-License-Identifier: GPL-2.0-only */
/* Symbols: the kernel's functions by address and by name. */
#include "host/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define READ_SIZE (256 << 10)

/* ---- reading the file ----------------------------------------------------- */

/* A function in the file; the names point into the line and do not end with a NUL. */
struct function {
	uint64_t address;
	const char *name;
	size_t length;	      /* of the name without the compiler's suffix */
	size_t full_length;   /* of the name with it */
	const char *module;   /* without brackets */
	size_t module_length; /* 0: the kernel itself */
};

/* Takes a function. Returns 0 to go on, a positive number to stop, or a negative errno. */
typedef int (*function_intake)(void *context, const struct function *function);

/* Findings about the file as a whole. */
struct census {
	size_t functions;
	bool shows_addresses;
};

/* The length of @name without .llvm.N, .constprop.N, .isra.N and what follows them. */
static size_t own_length(const char *name, size_t length)
{
	static const char *const appended[] = {".llvm.", ".constprop.", ".isra."};
	const char *dot = name;
	size_t i, left;

	while ((dot = memchr(dot, '.', length - (size_t)(dot - name)))) {
		left = length - (size_t)(dot - name);
		for (i = 0; i < sizeof(appended) / sizeof(appended[0]); i++)
			if (dot > name && left > strlen(appended[i]) &&
			    !memcmp(dot, appended[i], strlen(appended[i])))
				return (size_t)(dot - name);
		dot++;
	}
	return length;
}

/* Reads "address type name[\t[module]]" from @line to @end. False if it is no function. */
static bool parse_function(const char *line, const char *end, struct function *function)
{
	const char *at = line, *tab;
	int digit;

	*function = (struct function){0};
	for (; at < end && (digit = text_hex_digit(*at)) >= 0; at++)
		function->address = function->address << 4 | (unsigned int)digit;
	/* Text only: 't', 'T', and weak functions. */
	if (at == line || at - line > 16 || end - at < 4 || at[0] != ' ' || at[2] != ' ' ||
	    !memchr("tTwW", at[1], 4))
		return false;
	function->name = at + 3;
	tab = memchr(function->name, '\t', (size_t)(end - function->name));
	function->full_length = (size_t)((tab ? tab : end) - function->name);
	if (tab && end - tab > 3 && tab[1] == '[' && end[-1] == ']') {
		function->module = tab + 2;
		function->module_length = (size_t)(end - 1 - function->module);
	}
	function->length = own_length(function->name, function->full_length);
	return function->full_length != 0;
}

/*
 * Hands the functions on the complete lines of @text to @intake. Returns how many bytes
 * were used; *result is the last result of @intake.
 */
static size_t take_lines(const char *text, size_t length, function_intake intake, void *context,
			 struct census *census, int *result)
{
	const char *line = text, *limit = text + length, *end;
	struct function function;

	*result = 0;
	while (!*result && (end = memchr(line, '\n', (size_t)(limit - line)))) {
		if (parse_function(line, end, &function)) {
			census->functions++;
			census->shows_addresses |= function.address != 0;
			if (function.address)
				*result = intake(context, &function);
		}
		line = end + 1;
	}
	return (size_t)(line - text);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void free_buffer(char **buffer)
{
	free(*buffer);
}

/*
 * Hands every function in the file @fd to @intake, until that stops. 0; -EPERM: there are
 * functions, but no addresses; another negative errno.
 */
static int for_each_function(int fd, function_intake intake, void *context)
{
	char *buffer __attribute__((cleanup(free_buffer))) = NULL;
	struct census census = {0};
	size_t kept = 0, used;
	ssize_t got;
	int result;

	buffer = malloc(READ_SIZE);
	if (!buffer)
		return -ENOMEM;
	do {
		got = read(fd, buffer + kept, READ_SIZE - 1 - kept);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		kept += (size_t)got;
		if (!got && kept)
			buffer[kept++] = '\n'; /* the last line may lack its own */
		used = take_lines(buffer, kept, intake, context, &census, &result);
		if (result)
			return result < 0 ? result : 0;
		kept -= used;
		memmove(buffer, buffer + used, kept);
		if (kept == READ_SIZE - 1)
			kept = 0; /* no function's line is that long */
	} while (got);
	return census.functions && !census.shows_addresses ? -EPERM : 0;
}

/* ---- names -> addresses --------------------------------------------------- */

struct wanted {
	const char *const *names;
	uint64_t *addresses;
	bool *exact; /* found without a suffix */
	size_t count;
	size_t missing; /* not found without a suffix */
};

static int take_wanted(void *context, const struct function *function)
{
	bool exact = function->length == function->full_length;
	struct wanted *wanted = context;
	size_t i;

	for (i = 0; i < wanted->count; i++) {
		const char *name = wanted->names[i];

		/* The file's name may hold any bytes, and has no NUL at its end. */
		if (wanted->exact[i] || strlen(name) != function->length ||
		    memcmp(name, function->name, function->length) != 0)
			continue;
		if (exact || !wanted->addresses[i])
			wanted->addresses[i] = function->address;
		wanted->exact[i] = exact;
		wanted->missing -= exact;
	}
	return !wanted->missing;
}

static void free_flags(bool **flags)
{
	free(*flags);
}

int symbols_addresses(const char *kallsyms, const char *const *names, uint64_t *addresses,
		      size_t count)
{
	int fd __attribute__((cleanup(close_fd))) = open(kallsyms, O_RDONLY | O_CLOEXEC);
	bool *exact __attribute__((cleanup(free_flags))) = calloc(count + 1, sizeof(*exact));
	struct wanted wanted = {names, addresses, exact, count, count};
	int err;

	memset(addresses, 0, count * sizeof(*addresses));
	if (fd < 0)
		return -errno;
	if (!exact)
		return -ENOMEM;
	err = for_each_function(fd, take_wanted, &wanted);
	if (err)
		memset(addresses, 0, count * sizeof(*addresses));
	return err;
}

/* ---- addresses -> names --------------------------------------------------- */

struct symbol {
	uint64_t address;
	uint32_t name; /* offset in the text; ascends in the order of the file */
};

struct symbols {
	int fd;		       /* -1: already read, or it could not be opened */
	int error;	       /* of opening or reading; negative errno or 0 */
	struct symbol *symbol; /* ascending addresses, no address twice */
	size_t count;
	size_t room; /* bytes at @symbol */
	char *text;  /* all names, each with a NUL */
	size_t used;
	size_t size;
};

/*
 * Makes room for @more bytes behind the @used ones of @buffer, which has *size bytes.
 * Returns the buffer, moved if need be. NULL without memory, and @buffer is unchanged.
 */
static void *reserve(void *buffer, size_t used, size_t more, size_t *size)
{
	size_t wanted = *size ? *size : 1 << 16;

	if (*size - used >= more)
		return buffer;
	while (wanted - used < more)
		wanted *= 2;
	buffer = realloc(buffer, wanted);
	if (buffer)
		*size = wanted;
	return buffer;
}

static int take_symbol(void *context, const struct function *function)
{
	size_t bytes = function->length + function->module_length + sizeof(" []");
	struct symbols *symbols = context;
	struct symbol *symbol;
	char *text;

	if (symbols->used + bytes > UINT32_MAX)
		return -EFBIG;
	text = reserve(symbols->text, symbols->used, bytes, &symbols->size);
	if (!text)
		return -ENOMEM;
	symbols->text = text;
	symbol = reserve(symbols->symbol, symbols->count * sizeof(*symbol), sizeof(*symbol),
			 &symbols->room);
	if (!symbol)
		return -ENOMEM;
	symbols->symbol = symbol;

	symbol[symbols->count].address = function->address;
	symbol[symbols->count++].name = (uint32_t)symbols->used;
	text = mempcpy(text + symbols->used, function->name, function->length);
	if (function->module_length) {
		text = mempcpy(text, " [", 2);
		text = mempcpy(text, function->module, function->module_length);
		*text++ = ']';
	}
	*text++ = '\0';
	symbols->used = (size_t)(text - symbols->text);
	return 0;
}

static int compare_symbols(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->name > b->name) - (a->name < b->name);
}

/* Sorts the symbols by address, and keeps each address's first name in the file. */
static void sort_symbols(struct symbols *symbols)
{
	struct symbol *symbol = symbols->symbol;
	size_t i, kept = 0;

	if (!symbols->count)
		return;
	qsort(symbol, symbols->count, sizeof(*symbol), compare_symbols);
	for (i = 0; i < symbols->count; i++)
		if (!kept || symbol[kept - 1].address != symbol[i].address)
			symbol[kept++] = symbol[i];
	symbols->count = kept;
}

static void unload(struct symbols *symbols)
{
	free(symbols->symbol);
	free(symbols->text);
	symbols->symbol = NULL;
	symbols->text = NULL;
	symbols->count = symbols->room = symbols->used = symbols->size = 0;
}

struct symbols *symbols_new(const char *kallsyms)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	/* The kernel decides at the opening what it shows, so reading needs no privilege. */
	symbols->fd = open(kallsyms, O_RDONLY | O_CLOEXEC);
	if (symbols->fd < 0)
		symbols->error = -errno;
	return symbols;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	close_fd(&symbols->fd);
	unload(symbols);
	free(symbols);
}

/* Only the first call reads the file; later ones repeat its error. */
int symbols_read(struct symbols *symbols)
{
	if (symbols->fd < 0)
		return symbols->error;
	symbols->error = for_each_function(symbols->fd, take_symbol, symbols);
	close_fd(&symbols->fd);
	symbols->fd = -1;
	if (symbols->error)
		unload(symbols);
	sort_symbols(symbols);
	return symbols->error;
}

static int compare_addresses(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

/* Empties @buffer, and reads the symbols if need be. 0 or a negative errno. */
static int prepare(struct symbols *symbols, char *buffer, size_t size)
{
	if (size)
		buffer[0] = '\0';
	return symbols_read(symbols);
}

int symbols_name(struct symbols *symbols, uint64_t address, char *buffer, size_t size)
{
	struct symbol key = {.address = address}, *found = NULL;
	int err = prepare(symbols, buffer, size);

	if (err)
		return err;
	if (symbols->count)
		found = bsearch(&key, symbols->symbol, symbols->count, sizeof(key),
				compare_addresses);
	if (!found)
		return -ENOENT;
	snprintf(buffer, size, "%s", symbols->text + found->name);
	return 0;
}

int symbols_covering(struct symbols *symbols, uint64_t address, char *buffer, size_t size)
{
	int err = prepare(symbols, buffer, size);
	size_t low = 0, high, middle;

	if (err)
		return err;
	/* Ends with @low as the number of functions that begin at or below @address. */
	for (high = symbols->count; low < high;) {
		middle = low + (high - low) / 2;
		if (symbols->symbol[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - symbols->symbol[low - 1].address > SYMBOLS_LONGEST)
		return -ENOENT;
	snprintf(buffer, size, "%s", symbols->text + symbols->symbol[low - 1].name);
	return 0;
}
