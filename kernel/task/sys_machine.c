/* SPDX-License-Identifier: MIT */
/*
 * Calls about the machine as a whole: names, memory, randomness, its end.
 */
#include "kernel/dev/stream.h"
#include "kernel/linux/abi_task.h"
#include "kernel/linux/syscall.h"
#include "kernel/lock.h"
#include "kernel/mm/page.h"
#include "kernel/mm/vm.h"
#include "kernel/shutdown.h"
#include "kernel/task/give_way.h"
#include "kernel/task/task.h"
#include "kernel/task/uts.h"
#include "lib/rng.h"
#include "pv/cpu.h"
#include "pv/smp.h"
#include "pv/time.h"

#define NAME_BYTES         64u
#define RANDOM_CHUNK_BYTES 256u
#define RANDOM_BYTES_MAX   0x1ffffffu

#define MEMBARRIER_QUERY            0
#define MEMBARRIER_GLOBAL           0x01
#define MEMBARRIER_GLOBAL_EXPEDITED 0x02
#define MEMBARRIER_REGISTER_GLOBAL  0x04
#define MEMBARRIER_PRIVATE          0x08
#define MEMBARRIER_REGISTER_PRIVATE 0x10
#define MEMBARRIER_KNOWN            0x1f

struct abi_utsname uts_names = {
    .sysname = "Linux",
    .nodename = "pinfold",
    .release = "5.10.0-pinfold",
    .version = "#1 Pinfold",
    .machine = "x86_64",
    .domainname = "(none)",
};

static void name_set(char *to, const char *from, size_t len)
{
	len = MIN(len, (size_t)NAME_BYTES);
	memset(to, 0, NAME_BYTES + 1);
	memcpy(to, from, len);
}

/* As programs see it that are not made for a kernel of today, or of 64 bits. */
static void names_disguise(struct abi_utsname *names, uint32_t personality)
{
	const char *minor = strchr(uts_names.release, '.');
	unsigned int number = 0;

	if ((personality & ABI_PER_MASK) == ABI_PER_LINUX32)
		name_set(names->machine, "i686", 4);
	if (!(personality & ABI_PER_UNAME26) || !minor)
		return;
	for (minor++; *minor >= '0' && *minor <= '9'; minor++)
		number = number * 10 + (unsigned int)(*minor - '0');
	while (*minor == '.' || (*minor >= '0' && *minor <= '9'))
		minor++;
	fmt_print(names->release, sizeof(names->release), "2.6.%u%s", number + 60, minor);
}

long sys_uname(const struct sys_args *args)
{
	uint32_t personality = current()->personality;
	struct abi_utsname names;

	if (personality == 0)
		return copy_to_user(SYS_PTR(args, 0), &uts_names, sizeof(uts_names));
	names = uts_names;
	names_disguise(&names, personality);
	return copy_to_user(SYS_PTR(args, 0), &names, sizeof(names));
}

static long name_from_user(const struct sys_args *args, char *to)
{
	char name[NAME_BYTES];
	uint64_t len = args->arg[1];

	if (!cap_held(ABI_CAP_SYS_ADMIN))
		return -EPERM;
	if (len > sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, SYS_PTR(args, 0), len) != 0)
		return -EFAULT;
	name_set(to, name, len);
	return 0;
}

long sys_sethostname(const struct sys_args *args)
{
	return name_from_user(args, uts_names.nodename);
}

long sys_setdomainname(const struct sys_args *args)
{
	return name_from_user(args, uts_names.domainname);
}

long sys_sysinfo(const struct sys_args *args)
{
	const struct abi_sysinfo info = {
	    .uptime = (int64_t)((pv_time_monotonic_ns() + NS_PER_SEC - 1) / NS_PER_SEC),
	    .totalram = page_total_count() * PAGE_BYTES,
	    .freeram = page_free_count() * PAGE_BYTES,
	    .procs = (uint16_t)task_total_count(),
	    .mem_unit = 1,
	};

	return copy_to_user(SYS_PTR(args, 0), &info, sizeof(info));
}

long sys_getrandom(const struct sys_args *args)
{
	uint8_t chunk[RANDOM_CHUNK_BYTES];
	uintptr_t to = args->arg[0];
	uint64_t left = MIN(args->arg[1], (uint64_t)RANDOM_BYTES_MAX);
	uint64_t total = left;
	unsigned int flags = SYS_UINT(args, 2);

	if (flags & ~(ABI_GRND_NONBLOCK | ABI_GRND_RANDOM | ABI_GRND_INSECURE))
		return -EINVAL;
	if ((flags & ABI_GRND_RANDOM) && (flags & ABI_GRND_INSECURE))
		return -EINVAL;
	while (left > 0) {
		size_t piece = MIN(left, (uint64_t)sizeof(chunk));

		rng_bytes(chunk, piece);
		if (copy_to_user((void *)to, chunk, piece) != 0)
			return left == total ? -EFAULT : (long)(total - left);
		to += piece;
		left -= piece;
		if (signal_pending(current()) && left > 0)
			return (long)(total - left);
		if ((total - left) % PAGE_BYTES == 0)
			give_way();
	}
	return (long)total;
}

/* An interrupt is all the barrier that a CPU needs. */
static void barrier_here(void *arg)
{
	(void)arg;
}

long sys_membarrier(const struct sys_args *args)
{
	struct vm *vm = current()->vm;
	int command = SYS_INT(args, 0);

	if (args->arg[1] != 0)
		return -EINVAL;
	switch (command) {
	case MEMBARRIER_QUERY:
		return MEMBARRIER_KNOWN;
	case MEMBARRIER_REGISTER_GLOBAL:
	case MEMBARRIER_REGISTER_PRIVATE:
		vm->membarriers |= (uint32_t)command;
		return 0;
	case MEMBARRIER_PRIVATE:
		if (!(vm->membarriers & MEMBARRIER_REGISTER_PRIVATE))
			return -EPERM;
		break;
	case MEMBARRIER_GLOBAL:
	case MEMBARRIER_GLOBAL_EXPEDITED:
		break;
	default:
		return -EINVAL;
	}
	/* Nothing of the kernel's is touched while the others are waited for. */
	kernel_unlock();
	pv_smp_call_mask(pv_smp_online_mask(), barrier_here, NULL, true);
	kernel_lock();
	return 0;
}

static bool reboot_magic_ok(uint32_t first, uint32_t second)
{
	return first == ABI_REBOOT_MAGIC1 &&
	       (second == ABI_REBOOT_MAGIC2 || second == ABI_REBOOT_MAGIC2A ||
	        second == ABI_REBOOT_MAGIC2B || second == ABI_REBOOT_MAGIC2C);
}

long sys_reboot(const struct sys_args *args)
{
	if (!cap_held(ABI_CAP_SYS_BOOT))
		return -EPERM;
	if (!reboot_magic_ok(SYS_UINT(args, 0), SYS_UINT(args, 1)))
		return -EINVAL;
	switch (SYS_UINT(args, 2)) {
	case ABI_REBOOT_CAD_OFF:
	case ABI_REBOOT_CAD_ON:
		return 0;
	case ABI_REBOOT_RESTART:
		stream_finish(CHANNEL_EXIT_STATUS, 0, NULL);
		shutdown_machine();
	case ABI_REBOOT_HALT:
	case ABI_REBOOT_POWER_OFF:
		stream_finish(CHANNEL_EXIT_STATUS, 0, NULL);
		pv_cpu_poweroff();
	default:
		return -EINVAL;
	}
}
