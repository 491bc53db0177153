/* SPDX-License-Identifier: GPL-2.0-only */
/* The timers and goroutines of a Go process as text: one screen for a person in a hurry. */
#include <inttypes.h>
#include <string.h>

#include "base/output.h"
#include "base/text.h"
#include "go/owner.h"
#include "sink/frame_text.h"
#include "sink/go.h"
#include "sink/go_line.h"
#include "sink/go_words.h"

#define INDENT "  "
#define STACK_INDENT "          "
#define BUILD_ID_SHOWN 12 /* characters */
#define NAME_LEN 1024
#define FRAMES_MAX 64 /* of a stack, inlined ones included */

static void add_clean(struct go_line *line, const char *name, size_t length)
{
	char clean[NAME_LEN];

	go_line_add(line, "%s", text_escape(clean, sizeof(clean), name, length));
}

static void add_build_id(struct go_line *line, const char *id)
{
	add_clean(line, id, strnlen(id, BUILD_ID_SHOWN));
	if (strlen(id) > BUILD_ID_SHOWN)
		go_line_add(line, "…");
}

/* ---- the head ------------------------------------------------------------------------ */

/* Names the process and its build. */
static void put_identity(FILE *out, const struct go_report *report)
{
	struct go_line line = {0};

	add_clean(&line, report->comm, strlen(report->comm));
	go_line_add(&line, "[%u], ", report->pid);
	add_clean(&line, report->version, strlen(report->version));
	if (report->build_id[0]) {
		go_line_add(&line, ", build ");
		add_build_id(&line, report->build_id);
	}
	if (report->exited)
		go_line_add(&line, ", has exited meanwhile: this was its last snapshot");
	go_line_put(out, "", &line);
	if (report->layout_known)
		return;
	go_line_add(&line, "a version that dwell does not know: its runtime was found to look as "
			   "that of the newest known one");
	go_line_put(out, INDENT, &line);
}

/* Says how timers behave, and why if that is not told by the version. */
static void put_semantics(FILE *out, const struct go_report *report)
{
	const bool sync = report->semantics == GO_SEMANTICS_SYNC;
	struct go_line line = {0};

	go_line_add(&line, "timers as %s Go 1.23", sync ? "of" : "before");
	if (strncmp(report->semantics_why, "Go ", 3) != 0) {
		go_line_add(&line, " (");
		add_clean(&line, report->semantics_why, strlen(report->semantics_why));
		go_line_add(&line, ")");
	}
	go_line_add(&line, sync ? ": a ticker is armed only while a goroutine waits on it" :
				  ": a ticker stays armed until it is stopped");
	go_line_put(out, INDENT, &line);
}

static void put_goroutines(FILE *out, const struct go_report *report)
{
	const struct go_snapshot *snapshot = report->snapshot;
	const struct go_rows *rows = report->rows;
	struct go_line line = {0};
	uint64_t all = 0;

	for (int i = 0; i < GO_STATES; i++)
		all += rows->state[i];
	go_line_count(&line, all);
	go_line_add(&line, " goroutine%s%s", all == 1 ? "" : "s", all ? ": " : "");
	go_words_states(&line, rows->state);
	if (rows->system)
		go_line_add(&line, "; %" PRIu64 " more of the runtime", rows->system);
	go_line_put(out, INDENT, &line);
	go_line_add(&line, "GOMAXPROCS %u", snapshot->ps);
	if (snapshot->runqueue_known)
		go_line_add(&line, ", %u goroutine%s in the run queues", snapshot->runqueue,
			    snapshot->runqueue == 1 ? "" : "s");
	go_line_put(out, INDENT, &line);
}

/* Says when the next and the last timer are due. */
static void add_due(struct go_line *line, const struct go_report *report)
{
	const struct go_rows *rows = report->rows;
	const int64_t at = report->snapshot->at;
	char next[TEXT_DURATION_LEN] = "", last[TEXT_DURATION_LEN] = "";

	if (rows->armed && rows->next > at)
		text_duration(next, (uint64_t)rows->next - (uint64_t)at);
	if (rows->armed && rows->last > at)
		text_duration(last, (uint64_t)rows->last - (uint64_t)at);
	if (*next)
		go_line_add(line, "; next due in %s", next);
	if (*last && strcmp(next, last) != 0)
		go_line_add(line, "%s in %s", *next ? ", last" : "; last due", last);
}

static void put_timers(FILE *out, const struct go_report *report)
{
	const struct go_rows *rows = report->rows;
	struct go_line line = {0};

	go_line_count(&line, rows->armed);
	go_line_add(&line, " timer%s armed", rows->armed == 1 ? "" : "s");
	if (rows->dead) {
		go_line_add(&line, ", ");
		go_line_count(&line, rows->dead);
		go_line_add(&line, " dead (stopped, but not removed yet)");
	}
	add_due(&line, report);
	go_line_put(out, INDENT, &line);
	if (!rows->overdue)
		return;
	go_line_add(&line, "OVERDUE: ");
	go_line_count(&line, rows->overdue);
	go_line_add(&line, " timer%s, %s ", rows->overdue == 1 ? "" : "s",
		    rows->overdue == 1 ? "by" : "the latest by");
	go_line_duration(&line, rows->overdue_max_ns);
	go_line_put(out, INDENT, &line);
}

/* Says what could not be read, each loss by name. */
static void put_losses(FILE *out, const struct go_report *report)
{
	static const char *const meanings[] = {
#define X(id, name, text) [GO_LOSS_##id] = text " (" name ")",
		GO_LOSS_LIST(X)
#undef X
	};
	const struct go_snapshot *snapshot = report->snapshot;
	struct go_line line = {0};
	const char *separator = "incomplete: ";

	for (int i = 0; i < GO_LOSSES; i++) {
		if (!snapshot->lost[i])
			continue;
		go_line_add(&line, "%s", separator);
		go_line_count(&line, snapshot->lost[i]);
		go_line_add(&line, " %s", meanings[i]);
		separator = ", ";
	}
	if (!line.used && !snapshot->complete)
		go_line_add(&line, "incomplete: the process went away while it was read");
	if (line.used)
		go_line_put(out, INDENT, &line);
}

/* Says what the rows were compared with. */
static void put_baseline(FILE *out, const struct go_report *report)
{
	const struct go_rows *rows = report->rows;
	const size_t differ =
		rows->timers + rows->timers_hidden + rows->goroutines + rows->goroutines_hidden;
	struct go_line line = {0};

	if (!report->baseline_build_id)
		return;
	go_line_add(&line, "compared with the baseline");
	if (!strcmp(report->baseline_build_id, report->build_id)) {
		go_line_add(&line, " of the same build");
	} else {
		go_line_add(&line, " of another build, ");
		if (report->baseline_build_id[0])
			add_build_id(&line, report->baseline_build_id);
		else
			go_line_add(&line, "without an id");
		go_line_add(&line, " (");
		add_clean(&line, report->baseline_version, strlen(report->baseline_version));
		go_line_add(&line, "), so that functions may have other names");
	}
	if (differ)
		go_line_add(&line, ": %zu row%s new or grown, %zu not", differ,
			    differ == 1 ? "" : "s", rows->unchanged);
	else
		go_line_add(&line, ": nothing is new or has grown");
	go_line_put(out, INDENT, &line);
}

/* ---- the rows ------------------------------------------------------------------------- */

static void put_frame(FILE *out, const struct go_frame *frame, uint64_t pc)
{
	char clean[NAME_LEN];

	if (!frame->function)
		fprintf(out, STACK_INDENT "0x%" PRIx64, pc);
	else
		fprintf(out, STACK_INDENT "%s",
			text_escape(clean, sizeof(clean), frame->function,
				    strlen(frame->function)));
	if (frame->file)
		fprintf(out, "  %s:%u",
			text_escape(clean, sizeof(clean), frame->file, strlen(frame->file)),
			frame->line);
	fputc('\n', out);
}

static void put_stack(FILE *out, const struct go_report *report, uint32_t stack)
{
	const struct go_frame *frame;
	struct go_walk walk;
	int shown = 0;

	if (!report->stacks || stack >= report->snapshot->stacks)
		return;
	walk = go_walk(report->symbols, &report->snapshot->stack[stack]);
	while (shown++ < FRAMES_MAX && (frame = go_walk_next(&walk)))
		put_frame(out, frame, walk.pc);
	if (report->snapshot->stack[stack].cut)
		fputs(STACK_INDENT "…\n", out);
}

static void put_row(FILE *out, uint64_t count, struct go_line *line)
{
	char head[32], text[TEXT_DURATION_LEN];

	snprintf(head, sizeof(head), "%6s  ", text_count(text, count));
	go_line_put(out, head, line);
}

static void put_rows(FILE *out, const struct go_report *report)
{
	const struct go_rows *rows = report->rows;
	struct go_line line = {0};

	if (rows->armed && rows->timers)
		fputc('\n', out);
	for (size_t i = 0; i < rows->timers && !ferror(out); i++) {
		if (!rows->timer[i].count) /* all dead, which the head counts */
			continue;
		go_words_timers(&line, report, &rows->timer[i]);
		put_row(out, rows->timer[i].count, &line);
		put_stack(out, report, rows->timer[i].stack);
	}
	if (rows->goroutines)
		fputc('\n', out);
	for (size_t i = 0; i < rows->goroutines && !ferror(out); i++) {
		go_words_goroutines(&line, report, &rows->goroutine[i]);
		put_row(out, rows->goroutine[i].count, &line);
		put_stack(out, report, rows->goroutine[i].stack);
	}
}

/* Whether a row of timers that is shown names no function. */
static bool any_nameless(const struct go_report *report)
{
	const struct go_timer_row *row = report->rows->timer;

	for (size_t i = 0; i < report->rows->timers; i++)
		if (row[i].count && !row[i].owner && !row[i].creator && !row[i].others)
			return true;
	return false;
}

/* Says what was cut off, who knows more, and what is known of growth. */
static void put_foot(FILE *out, const struct go_report *report)
{
	const struct go_rows *rows = report->rows;

	if (rows->timers_hidden)
		fprintf(out, "… %zu more row%s of timers: -n 0 shows all\n", rows->timers_hidden,
			rows->timers_hidden == 1 ? "" : "s");
	if (rows->goroutines_hidden)
		fprintf(out, "… %zu more row%s of goroutines: -n 0 shows all\n",
			rows->goroutines_hidden, rows->goroutines_hidden == 1 ? "" : "s");
	if (report->view->by == GO_BY_SITE && any_nameless(report))
		fprintf(out,
			"timers that name no function: dwell go --sites -p %u tells who creates "
			"them\n",
			report->pid);
	if (!report->several)
		return;
	if (rows->samples < GROWTH_SAMPLES)
		fprintf(out, "too few snapshots to tell what grows: %zu, and %d are needed\n",
			rows->samples, GROWTH_SAMPLES);
	else if (!rows->grown)
		fprintf(out, "nothing was seen to keep growing in %zu snapshots\n", rows->samples);
}

int go_text_header(FILE *out, const struct report *host)
{
	frame_text_host(out, host);
	return ferror(out) ? output_flush(out) : 0;
}

int go_text(FILE *out, const struct go_report *report)
{
	fputc('\n', out);
	put_identity(out, report);
	put_semantics(out, report);
	put_goroutines(out, report);
	put_timers(out, report);
	put_losses(out, report);
	put_baseline(out, report);
	put_rows(out, report);
	put_foot(out, report);
	return ferror(out) ? output_flush(out) : 0;
}
