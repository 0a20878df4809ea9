/* SPDX-License-Identifier: MIT */
/*
 * The kernel's log and the end of the world. A message goes to the machine's console and into a
 * ring that programs read with the syslog call, as "<level>[seconds.micros] text".
 *
 * Messages may come from any context: space in the ring is taken in one step, so that a message
 * from an event handler falls between others and never into one.
 */
#include "kernel/log.h"

#include "kernel/dev/stream.h"
#include "pv/console.h"
#include "pv/cpu.h"
#include "pv/smp.h"
#include "pv/time.h"

#define LINE_BYTES 400

static char log_ring[LOG_RING_BYTES];
static uint64_t log_head;
static unsigned int log_console_level = LOG_INFO;

void log_set_level(unsigned int level)
{
	log_console_level = level;
}

uint64_t log_end(void)
{
	return __atomic_load_n(&log_head, __ATOMIC_RELAXED);
}

static void log_keep(const char *line, size_t len)
{
	uint64_t pos = __atomic_fetch_add(&log_head, len, __ATOMIC_RELAXED);

	for (size_t i = 0; i < len; i++)
		log_ring[(pos + i) % LOG_RING_BYTES] = line[i];
}

size_t log_read(uint64_t *pos, char *buffer, size_t size)
{
	uint64_t end = log_end();
	uint64_t oldest = end > LOG_RING_BYTES ? end - LOG_RING_BYTES : 0;
	size_t len;

	if (*pos < oldest)
		*pos = oldest;
	len = *pos < end ? MIN((size_t)(end - *pos), size) : 0;
	for (size_t i = 0; i < len; i++)
		buffer[i] = log_ring[(*pos + i) % LOG_RING_BYTES];
	*pos += len;
	return len;
}

static void log_message(enum log_level level, const char *format, va_list args)
{
	uint64_t micros = pv_time_monotonic_ns() / 1000;
	char line[LINE_BYTES];
	size_t stamp;
	size_t len;

	stamp = (size_t)fmt_print(line, sizeof(line), "<%u>", (unsigned int)level);
	len = stamp + (size_t)fmt_print(line + stamp, sizeof(line) - stamp, "[%5llu.%06llu] ",
	                                (unsigned long long)(micros / 1000000),
	                                (unsigned long long)(micros % 1000000));
	len += (size_t)fmt_vprint(line + len, sizeof(line) - len, format, args);
	if (len > sizeof(line) - 1)
		len = sizeof(line) - 1;
	line[len++] = '\n';
	log_keep(line, len);
	if (level <= log_console_level)
		pv_log_write(line + stamp, len - stamp);
}

void klog(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_message(level, format, args);
	va_end(args);
}

void panic(const char *format, ...)
{
	static bool panicking;
	char text[LINE_BYTES - 64];
	va_list args;

	if (panicking)
		pv_cpu_crash();
	panicking = true;
	pv_smp_stop_others();
	va_start(args, format);
	fmt_vprint(text, sizeof(text), format, args);
	va_end(args);
	klog(LOG_ERROR, "panic: %s", text);
	stream_panic(text);
	pv_cpu_crash();
}
