/* SPDX-License-Identifier: MIT */
/*
 * Formatted output into a buffer: the integer, character, string and pointer conversions of printf.
 * Left out: floating point, wide characters and %n. A conversion that is not known is written as it
 * stands.
 */
#include "lib/string.h"

#include <stdbool.h>

struct fmt_out {
	char *buffer;
	size_t size;
	size_t len; /* it would have had */
};

struct fmt_spec {
	bool left, zero, plus, space, alternate, upper;
	size_t width;
	bool has_precision;
	size_t precision;
	unsigned int arg_bytes; /* of an integer */
};

/* Digits of 2^64 in octal. */
#define DIGITS_MAX 22

/* Nobody wants more; it also keeps every sum below within an int. */
#define FIELD_MAX 65536u

static void put_char(struct fmt_out *out, char c)
{
	if (out->len + 1 < out->size)
		out->buffer[out->len] = c;
	out->len++;
}

static void put_repeated(struct fmt_out *out, char c, size_t count)
{
	while (count--)
		put_char(out, c);
}

static void put_bytes(struct fmt_out *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put_char(out, s[i]);
}

/* *value / base and the remainder, without the 64-bit division that a 32-bit kernel has no library
 * for. */
static unsigned int divide_step(uint64_t *value, unsigned int base)
{
	uint64_t quotient = 0;
	uint32_t rest = 0;

	if (sizeof(long) == sizeof(uint64_t)) {
		rest = (uint32_t)(*value % base);
		*value /= base;
		return rest;
	}
	for (int shift = 48; shift >= 0; shift -= 16) {
		uint32_t part = (rest << 16) | (uint32_t)((*value >> shift) & 0xffff);

		quotient = (quotient << 16) | (part / base);
		rest = part % base;
	}
	*value = quotient;
	return rest;
}

/* A field: padding, a prefix (sign, 0x), `zeros` zeros, the text. */
static void put_field(struct fmt_out *out, const struct fmt_spec *spec, const char *prefix,
                      size_t zeros, const char *text, size_t len)
{
	size_t prefix_len = strlen(prefix);
	size_t total = prefix_len + zeros + len;
	size_t pad = spec->width > total ? spec->width - total : 0;

	if (!spec->left)
		put_repeated(out, ' ', pad);
	put_bytes(out, prefix, prefix_len);
	put_repeated(out, '0', zeros);
	put_bytes(out, text, len);
	if (spec->left)
		put_repeated(out, ' ', pad);
}

/* The digits at the end of `text`; where they start. None for 0. */
static size_t write_digits(char text[DIGITS_MAX], uint64_t value, unsigned int base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	size_t start = DIGITS_MAX;

	while (value != 0)
		text[--start] = digits[divide_step(&value, base)];
	return start;
}

static void put_integer(struct fmt_out *out, const struct fmt_spec *spec, const char *prefix,
                        uint64_t value, unsigned int base)
{
	char text[DIGITS_MAX];
	size_t start = write_digits(text, value, base, spec->upper);
	size_t zeros = 0;
	size_t len = DIGITS_MAX - start;

	if (spec->has_precision) {
		if (spec->precision > len)
			zeros = spec->precision - len;
	} else {
		if (len == 0)
			zeros = 1;
		if (spec->zero && !spec->left && spec->width > strlen(prefix) + zeros + len)
			zeros = spec->width - strlen(prefix) - len;
	}
	/* # with octal asks for a leading zero, if there is none yet. */
	if (base == 8 && spec->alternate && zeros == 0)
		zeros = 1;
	put_field(out, spec, prefix, zeros, text + start, len);
}

static void put_signed(struct fmt_out *out, const struct fmt_spec *spec, int64_t value)
{
	const char *prefix = spec->plus ? "+" : spec->space ? " " : "";

	if (value < 0)
		put_integer(out, spec, "-", 0 - (uint64_t)value, 10);
	else
		put_integer(out, spec, prefix, (uint64_t)value, 10);
}

static void put_unsigned(struct fmt_out *out, const struct fmt_spec *spec, char conversion,
                         uint64_t value)
{
	const char *prefix = "";

	if (conversion == 'o') {
		put_integer(out, spec, prefix, value, 8);
	} else if (conversion == 'u') {
		put_integer(out, spec, prefix, value, 10);
	} else {
		if (spec->alternate && value != 0)
			prefix = spec->upper ? "0X" : "0x";
		put_integer(out, spec, prefix, value, 16);
	}
}

static void put_string(struct fmt_out *out, const struct fmt_spec *spec, const char *s)
{
	if (!s)
		s = "(null)";
	put_field(out, spec, "", 0, s,
	          spec->has_precision ? strnlen(s, spec->precision) : strlen(s));
}

static const char *parse_flags(const char *format, struct fmt_spec *spec)
{
	for (;; format++) {
		switch (*format) {
		case '-':
			spec->left = true;
			break;
		case '0':
			spec->zero = true;
			break;
		case '+':
			spec->plus = true;
			break;
		case ' ':
			spec->space = true;
			break;
		case '#':
			spec->alternate = true;
			break;
		default:
			return format;
		}
	}
}

static const char *parse_number(const char *format, size_t *out)
{
	size_t value = 0;

	for (; *format >= '0' && *format <= '9'; format++)
		if (value < FIELD_MAX)
			value = value * 10 + (size_t)(*format - '0');
	*out = value < FIELD_MAX ? value : FIELD_MAX;
	return format;
}

/* A width from an argument; a negative one means left and its amount. */
static void set_width(struct fmt_spec *spec, int width)
{
	size_t amount = width < 0 ? (size_t)0 - (size_t)width : (size_t)width;

	if (width < 0)
		spec->left = true;
	spec->width = amount < FIELD_MAX ? amount : FIELD_MAX;
}

/* A precision from an argument; a negative one counts as none. */
static void set_precision(struct fmt_spec *spec, int precision)
{
	spec->has_precision = precision >= 0;
	if (precision >= 0)
		spec->precision = (size_t)precision < FIELD_MAX ? (size_t)precision : FIELD_MAX;
}

static const char *parse_length(const char *format, struct fmt_spec *spec)
{
	spec->arg_bytes = sizeof(int);
	switch (*format) {
	case 'h':
		spec->arg_bytes = format[1] == 'h' ? sizeof(char) : sizeof(short);
		return format + (format[1] == 'h' ? 2 : 1);
	case 'l':
		spec->arg_bytes = format[1] == 'l' ? sizeof(long long) : sizeof(long);
		return format + (format[1] == 'l' ? 2 : 1);
	case 'z':
		spec->arg_bytes = sizeof(size_t);
		return format + 1;
	case 't':
		spec->arg_bytes = sizeof(ptrdiff_t);
		return format + 1;
	case 'j':
		spec->arg_bytes = sizeof(intmax_t);
		return format + 1;
	default:
		return format;
	}
}

/* `value`, whose low arg_bytes bytes count, as a signed number. */
static int64_t sign_extend(uint64_t value, unsigned int arg_bytes)
{
	unsigned int unused_bits = 64 - 8 * arg_bytes;

	return (int64_t)(value << unused_bits) >> unused_bits;
}

static uint64_t zero_extend(uint64_t value, unsigned int arg_bytes)
{
	unsigned int unused_bits = 64 - 8 * arg_bytes;

	return value << unused_bits >> unused_bits;
}

/* Flags, width, precision and length; the conversion's letter is at what is returned. */
static const char *parse_spec(const char *format, struct fmt_spec *spec, va_list *args)
{
	format = parse_flags(format, spec);
	if (*format == '*') {
		set_width(spec, va_arg(*args, int));
		format++;
	} else {
		format = parse_number(format, &spec->width);
	}
	if (*format == '.' && format[1] == '*') {
		set_precision(spec, va_arg(*args, int));
		format += 2;
	} else if (*format == '.') {
		spec->has_precision = true;
		format = parse_number(format + 1, &spec->precision);
	}
	return parse_length(format, spec);
}

static void convert_integer(struct fmt_out *out, struct fmt_spec *spec, char conversion,
                            va_list *args)
{
	uint64_t value =
	    spec->arg_bytes == 8 ? va_arg(*args, uint64_t) : va_arg(*args, unsigned int);

	spec->upper = conversion == 'X';
	if (conversion == 'd' || conversion == 'i')
		put_signed(out, spec, sign_extend(value, spec->arg_bytes));
	else
		put_unsigned(out, spec, conversion, zero_extend(value, spec->arg_bytes));
}

/* False: the conversion is not known. */
static bool convert(struct fmt_out *out, struct fmt_spec *spec, char conversion, va_list *args)
{
	char c;

	switch (conversion) {
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		convert_integer(out, spec, conversion, args);
		return true;
	case 'p':
		spec->alternate = true;
		put_unsigned(out, spec, 'x', (uintptr_t)va_arg(*args, void *));
		return true;
	case 'c':
		c = (char)va_arg(*args, int);
		put_field(out, spec, "", 0, &c, 1);
		return true;
	case 's':
		put_string(out, spec, va_arg(*args, const char *));
		return true;
	case '%':
		put_char(out, '%');
		return true;
	default:
		return false;
	}
}

int fmt_vprint(char *buffer, size_t size, const char *format, va_list list)
{
	struct fmt_out out = {.buffer = buffer, .size = size};
	va_list args;

	va_copy(args, list);
	while (*format) {
		struct fmt_spec spec = {0};
		const char *start = format;

		if (*format++ != '%') {
			put_char(&out, *start);
			continue;
		}
		format = parse_spec(format, &spec, &args);
		if (convert(&out, &spec, *format, &args))
			format++;
		else
			put_bytes(&out, start, (size_t)(format - start));
	}
	va_end(args);
	if (size > 0)
		buffer[out.len < size ? out.len : size - 1] = '\0';
	return (int)out.len;
}

int fmt_print(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = fmt_vprint(buffer, size, format, args);
	va_end(args);
	return len;
}
