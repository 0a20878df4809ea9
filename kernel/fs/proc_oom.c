/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/oom_score_adj and its older form: how gladly a process would be killed when memory runs
 * out. The number is kept and handed down to children; nobody is killed by it here.
 *
 * Everyone may raise the number of an own process, and lower it again as far as the last one with
 * the right to has set it.
 */
#include "kernel/fs/procfs.h"
#include "kernel/task/task.h"

#define SCORE_MAX 1000
#define OLD_MAX   15
#define OLD_SCALE 17 /* the least of the older form, which means never */

static const char *skip_space(const char *text)
{
	while (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		text++;
	return text;
}

/* The value of a digit in any base, or one that is none. */
static long digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* A number in decimal, octal or hexadecimal with white space around it. 0, -EINVAL, -ERANGE. */
static int number_parse(const char *text, long *out)
{
	bool negative = false;
	long base = 10, value = 0;
	const char *start;

	text = skip_space(text);
	if (*text == '-' || *text == '+')
		negative = *text++ == '-';
	if (text[0] == '0' && (text[1] | 0x20) == 'x') {
		base = 16;
		text += 2;
	} else if (text[0] == '0') {
		base = 8;
	}
	for (start = text; digit_value(*text) < base; text++) {
		value = value * base + digit_value(*text);
		if (value > INT32_MAX)
			return -ERANGE;
	}
	*out = negative ? -value : value;
	return text == start || *skip_space(text) != 0 ? -EINVAL : 0;
}

static long score_set(struct process *process, long score, long lowest)
{
	bool privileged = cap_held(ABI_CAP_SYS_RESOURCE);

	if (score < lowest && !privileged)
		return -EACCES;
	process->oom_score_adj = (int16_t)score;
	if (privileged)
		process->oom_score_adj_min = (int16_t)score;
	return 0;
}

void proc_show_oom_score_adj(struct seq *seq, struct task *task)
{
	seq_printf(seq, "%d\n", task->process->oom_score_adj);
}

long proc_write_oom_score_adj(struct task *task, const char *text, size_t len)
{
	struct process *process = task->process;
	long score, result = number_parse(text, &score);

	if (result != 0)
		return result;
	if (score < -SCORE_MAX || score > SCORE_MAX)
		return -EINVAL;
	result = score_set(process, score, process->oom_score_adj_min);
	return result != 0 ? result : (long)len;
}

void proc_show_oom_adj(struct seq *seq, struct task *task)
{
	int score = task->process->oom_score_adj;

	seq_printf(seq, "%d\n", MIN(score * OLD_SCALE / SCORE_MAX, OLD_MAX));
}

long proc_write_oom_adj(struct task *task, const char *text, size_t len)
{
	struct process *process = task->process;
	long old_form, score, result = number_parse(text, &old_form);

	if (result != 0)
		return result;
	if (old_form < -OLD_SCALE || old_form > OLD_MAX)
		return -EINVAL;
	score = old_form == OLD_MAX ? SCORE_MAX : old_form * SCORE_MAX / OLD_SCALE;
	result = score_set(process, score, process->oom_score_adj);
	return result != 0 ? result : (long)len;
}
