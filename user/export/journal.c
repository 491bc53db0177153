/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Journal: the service's outliers and messages as structured entries, written without waiting.
 *
 * The journal's native protocol takes a datagram for each entry, and a line for each field.
 * dwell speaks it itself: Debian has no static archive of libsystemd, and sd_journal_send()
 * waits.
 */
#include "export/journal.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/words.h"
#include "sink/incident_text.h"
#include "sink/outlier_cause.h"

#define IDENTIFIER "dwell"

/* Bytes of a value: all fields fit one datagram, and none has to be passed as a file. */
#define VALUE_MAX 4096

/* Text that grows in memory. Ended by buffer_clear(). */
struct buffer {
	FILE *out;
	char *text;
	size_t length;
};

static void buffer_clear(struct buffer *buffer)
{
	if (buffer->out)
		fclose(buffer->out);
	free(buffer->text);
}

static void buffer_open(struct buffer *buffer)
{
	buffer->out = open_memstream(&buffer->text, &buffer->length);
}

/* Ends the writing. False: some of the text is missing for lack of memory. */
static bool buffer_end(struct buffer *buffer)
{
	bool failed = ferror(buffer->out) | fclose(buffer->out);

	buffer->out = NULL;
	return !failed;
}

#define BUFFER __attribute__((cleanup(buffer_clear))) struct buffer

/* ---- fields ----------------------------------------------------------------- */

/* How many bytes of @value are taken: a cut inside a UTF-8 character would make it binary data. */
static size_t cut(const char *value, size_t length)
{
	if (length <= VALUE_MAX)
		return length;
	for (length = VALUE_MAX; length > VALUE_MAX - 4; length--)
		if ((value[length] & 0xc0) != 0x80)
			break;
	return length;
}

static bool is_plain(const char *value, size_t length)
{
	for (; length; value++, length--)
		if ((unsigned char)*value < ' ')
			return false;
	return true;
}

/* Writes a field as a line, or with its length if the value would end the line early. */
static void put_bytes(FILE *out, const char *name, const char *value, size_t length)
{
	uint64_t size;

	length = cut(value, length);
	if (is_plain(value, length)) {
		fprintf(out, "%s=", name);
	} else {
		size = htole64(length);
		fprintf(out, "%s\n", name);
		fwrite(&size, sizeof(size), 1, out);
	}
	fwrite(value, 1, length, out);
	fputc('\n', out);
}

/* Writes nothing for NULL. */
static void put_text(FILE *out, const char *name, const char *value)
{
	if (value)
		put_bytes(out, name, value, strlen(value));
}

static void put_number(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "%s=%" PRIu64 "\n", name, value);
}

static void put_head(FILE *out, int priority, const char *message, size_t length)
{
	put_bytes(out, "MESSAGE", message, length);
	put_number(out, "PRIORITY", (uint64_t)LOG_PRI(priority));
	put_text(out, "SYSLOG_IDENTIFIER", IDENTIFIER);
}

static void put_comm(FILE *out, const char *name, const char *comm)
{
	if (comm && *comm)
		put_bytes(out, name, comm, strnlen(comm, DWELL_COMM_LEN));
}

/* Writes @text, or if it is empty @number by @format. */
static void put_resolved(FILE *out, const char *name, const char *text, const char *format,
			 uint64_t number)
{
	char replacement[32];

	if (!*text)
		snprintf(replacement, sizeof(replacement), format, number);
	put_text(out, name, *text ? text : replacement);
}

static void put_task(FILE *out, const struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;

	put_number(out, "DWELL_CPU", outlier->cpu);
	put_number(out, "DWELL_PID", outlier->pid);
	put_number(out, "DWELL_TID", outlier->tid);
	put_comm(out, "DWELL_COMM", outlier->comm);
	if (outlier->cgroup)
		put_resolved(out, "DWELL_CGROUP", explanation->cgroup, "#%" PRIu64,
			     outlier->cgroup);
}

/* Writes the culprit that had the CPU for longest. */
static void put_culprit(FILE *out, const struct outlier_wait *wait)
{
	const struct outlier_culprit *culprit = &wait->culprit[0];

	if (!wait->count)
		return;
	put_comm(out, "DWELL_CULPRIT", culprit->comm);
	if (culprit->pid)
		put_number(out, "DWELL_CULPRIT_PID", culprit->pid);
	put_number(out, "DWELL_CULPRIT_TASKS", culprit->tasks);
}

static void put_waker(FILE *out, const struct explanation *explanation)
{
	BUFFER waker = {0};

	if (explanation->waker == WAKER_UNKNOWN)
		return;
	buffer_open(&waker);
	if (!waker.out)
		return;
	outlier_print_waker(waker.out, explanation);
	if (buffer_end(&waker))
		put_text(out, "DWELL_WAKER", waker.text);
}

static void put_block(FILE *out, const struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;

	if (outlier->measure != DWELL_BLOCKED)
		return;
	put_text(out, "DWELL_STATE", word_block(outlier->block));
	if (outlier->syscall != DWELL_NO_SYSCALL)
		put_resolved(out, "DWELL_SYSCALL", explanation->syscall, "%" PRId64,
			     (uint64_t)outlier->syscall);
	put_waker(out, explanation);
}

/*
 * Writes a field for each kind, the worst outlier's first: the journal finds an entry by each of
 * several equal fields.
 */
static void put_kinds(FILE *out, const struct incident *incident)
{
	const char *first = outlier_what(incident->worst);

	put_text(out, "DWELL_WHAT", first);
	for (unsigned int i = 0; i < DWELL_MEASURES; i++) {
		const char *kind = outlier_kind(i);
		/* Woken and preempted waits have one name. */
		bool again = i == DWELL_PREEMPTED && incident->kinds[DWELL_WOKEN];

		if (incident->kinds[i] && !again && strcmp(kind, first) != 0)
			put_text(out, "DWELL_WHAT", kind);
	}
}

static void put_incident(FILE *out, const struct incident *incident,
			 const struct explanation *worst)
{
	const struct dwell_outlier *outlier = worst->outlier;

	put_text(out, "MESSAGE_ID", JOURNAL_OUTLIER_ID);
	put_kinds(out, incident);
	if (incident->count > 1) {
		put_number(out, "DWELL_COUNT", incident->count);
		put_number(out, "DWELL_TASKS", incident->tasks);
	}
	put_number(out, "DWELL_NS", outlier->ns);
	put_number(out, "DWELL_THRESHOLD_NS", outlier->threshold);
	if (outlier->samples)
		put_number(out, "DWELL_TYPICAL_NS", outlier->typical);
	put_number(out, "DWELL_OPEN", outlier->open != 0);
	put_task(out, worst);
	put_text(out, "DWELL_CAUSE", worst->cause);
	put_culprit(out, &worst->wait);
	put_block(out, worst);
}

/* ---- entries ---------------------------------------------------------------- */

static bool is_full(int err)
{
	return err == EAGAIN || err == ENOBUFS;
}

/* Writes the @length bytes of @line, cut at PIPE_BUF, and a line's end to stderr. */
static void write_line(struct journal *journal, const char *line, size_t length)
{
	struct pollfd output = {.fd = STDERR_FILENO, .events = POLLOUT};
	/* A pipe that is ready for writing takes so much at once. */
	size_t taken = length < PIPE_BUF ? length : PIPE_BUF - 1;
	struct iovec parts[] = {{(void *)line, taken}, {"\n", 1}};

	/* O_NONBLOCK would change stderr for everyone who shares it. */
	if (!poll(&output, 1, 0))
		journal->full++;
	else if (writev(STDERR_FILENO, parts, 2) == (ssize_t)taken + 1)
		journal->written++;
	else
		journal->failed++;
}

/* Sends @entry to the journal; without a journal, or if it has gone, writes @line to stderr. */
static void deliver(struct journal *journal, const struct buffer *entry, const char *line,
		    size_t length)
{
	/* The socket is not connected: the journal may make its own anew while the service runs. */
	if (journal->fd < 0)
		write_line(journal, line, length);
	else if (sendto(journal->fd, entry->text, entry->length, MSG_DONTWAIT | MSG_NOSIGNAL,
			(const struct sockaddr *)&journal->address, sizeof(journal->address)) >= 0)
		journal->written++;
	else if (is_full(errno))
		journal->full++;
	else
		write_line(journal, line, length);
}

void journal_incident(struct journal *journal, const struct incident *incident,
		      const struct explanation *worst, const struct outlier_clock *clock)
{
	BUFFER line = {0}, entry = {0};

	buffer_open(&line);
	buffer_open(&entry);
	if (!line.out || !entry.out || incident_print(line.out, incident, worst, clock) ||
	    !buffer_end(&line)) {
		journal->failed++;
		return;
	}
	/* A message does not include the line's end. */
	put_head(entry.out, LOG_NOTICE, line.text, line.length - 1);
	put_incident(entry.out, incident, worst);
	if (buffer_end(&entry))
		deliver(journal, &entry, line.text, line.length - 1);
	else
		journal->failed++;
}

void journal_message(struct journal *journal, int priority, const char *format, ...)
{
	auto_free char *text = NULL;
	char line[VALUE_MAX] = IDENTIFIER ": ";
	size_t used = strlen(line);
	va_list arguments;
	BUFFER entry = {0};

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	buffer_open(&entry);
	if (text && entry.out)
		put_head(entry.out, priority, text, strlen(text));
	if (!text || !entry.out || !buffer_end(&entry)) {
		journal->failed++;
		return;
	}
	text_escape(line + used, sizeof(line) - used, text, strlen(text));
	deliver(journal, &entry, line, strlen(line));
}

/* ---- the socket ------------------------------------------------------------- */

int journal_open(struct journal *journal, const char *path)
{
	struct stat status;

	*journal = (struct journal){.fd = -1, .address.sun_family = AF_UNIX};
	if (!path)
		return 0;
	if (strlen(path) >= sizeof(journal->address.sun_path))
		return -ENAMETOOLONG;
	strcpy(journal->address.sun_path, path);
	if (stat(path, &status) || !S_ISSOCK(status.st_mode))
		return 0;
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return journal->fd < 0 ? -errno : 0;
}

void journal_close(struct journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
}
