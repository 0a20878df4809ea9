/* SPDX-License-Identifier: MIT */
/*
 * The calling CPU's own area. Its first word is its own address, and is read anew at each use: what
 * stands between two uses may sleep and go on on another CPU.
 */
#ifndef PINFOLD_PORT_PERCPU_H
#define PINFOLD_PORT_PERCPU_H

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

#endif
