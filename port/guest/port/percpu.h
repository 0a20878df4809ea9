/* SPDX-License-Identifier: MIT */
/*
 * The calling CPU's own area. Its first word is its own address, and is read anew at each use: what
 * stands between two uses may sleep and go on on another CPU.
 */
#ifndef PINFOLD_PORT_PERCPU_H
#define PINFOLD_PORT_PERCPU_H

#include <stdint.h>

static inline void *port_this_cpu(void)
{
	void *self;

	/* Volatile: a value from before a switch of tasks is not for after it, on another CPU. */
#ifdef __x86_64__
	__asm__ volatile("movq %%gs:0, %0" : "=r"(self));
#else
	__asm__ volatile("movl %%fs:0, %0" : "=r"(self));
#endif
	return self;
}

/* A word of the area, and a half one, at a constant offset: one instruction in place of two. The
 * compiler does not see that memory is read, so a plain store may still be on its way: for words
 * that stay as they are, or that only atomic steps change. */
static inline __attribute__((always_inline)) unsigned long port_this_cpu_word(unsigned int offset)
{
	unsigned long value;

#ifdef __x86_64__
	__asm__ volatile("movq %%gs:%c1, %0" : "=r"(value) : "i"(offset));
#else
	__asm__ volatile("movl %%fs:%c1, %0" : "=r"(value) : "i"(offset));
#endif
	return value;
}

static inline __attribute__((always_inline)) uint32_t port_this_cpu32(unsigned int offset)
{
	uint32_t value;

#ifdef __x86_64__
	__asm__ volatile("movl %%gs:%c1, %0" : "=r"(value) : "i"(offset));
#else
	__asm__ volatile("movl %%fs:%c1, %0" : "=r"(value) : "i"(offset));
#endif
	return value;
}

#endif
