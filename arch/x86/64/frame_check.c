/* SPDX-License-Identifier: MIT */
/*
 * What entry.S assumes about structures, held against them. No code.
 */
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include "arch/x86/frame.h"

#define CHECK(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), #type "." #member " in entry.S")

CHECK(cpu_frame, r15, 0);
CHECK(cpu_frame, rbx, 40);
CHECK(cpu_frame, rdi, 48);
CHECK(cpu_frame, call_arg, 48);
CHECK(cpu_frame, r9, 88);
CHECK(cpu_frame, vector, 96);
CHECK(cpu_frame, rax, 104);
CHECK(cpu_frame, r11, 112);
CHECK(cpu_frame, rcx, 120);
CHECK(cpu_frame, error_code, 128);
CHECK(cpu_frame, rip, 136);
CHECK(cpu_frame, cs, 144);
CHECK(cpu_frame, rflags, 152);
CHECK(cpu_frame, ss, 168);
CHECK(vcpu_info, evtchn_upcall_pending, 0);
CHECK(vcpu_info, evtchn_upcall_mask, 1);
CHECK(iret_context, rax, 0);
CHECK(iret_context, r11, 8);
CHECK(iret_context, rcx, 16);
CHECK(iret_context, flags, 24);
CHECK(iret_context, rip, 32);
