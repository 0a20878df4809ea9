/* SPDX-License-Identifier: MIT */
/*
 * The QEMU command for a guest, and QEMU as a child process, see qemu.h.
 *
 * Xen is QEMU's -kernel (a multiboot image), the Pinfold kernel and the ramdisk are its two
 * modules. -no-reboot turns the guest's "reboot" into the end of QEMU. Emulation (TCG) is what Xen
 * runs on. One thread emulates all processors: with a thread for each, vcpus that wait for one
 * another wait for this machine's scheduler too, and on a busy one a fork took 30 times as long.
 */
#include "tools/pinfold/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/channel.h"
#include "tools/pinfold/fail.h"

/* What Xen needs beside the guest's memory: itself, its heap, its records of all frames. */
#define XEN_MEMORY_MIB       64
#define XEN_MEMORY_PER_GUEST 32 /* one MiB more for so many of the guest's */

/* Emulated processors, which Xen shares among the vcpus. Each is a thread here and costs Xen's boot
 * some time. */
#define MACHINE_CPUS_MAX 2u

/*
 * Xen's guards against speculative execution cost more than half of the speed of fork and exec
 * here, and an emulated CPU does not speculate. eager-fpu must stay: lazy FPU switching under TCG
 * corrupts guests.
 */
#define XEN_SPECULATION "xpti=no spec-ctrl=no,eager-fpu"

/*
 * Left out of any CPU model, as TCG stops Xen or a guest with it: under SMAP it lets an iretq of
 * ring 3, which is where a PV kernel runs, fault on the stack, and it refuses MWAIT the extension
 * that Xen uses.
 */
#define CPU_WITHOUT "-smap,-monitor"

/*
 * The default scheduler, credit2, may let a vcpu that is ready wait beside idle processors:
 * docs/caveats.md. What --xen-args says comes later and counts.
 */
#define XEN_SCHEDULER "sched=credit"

const char *qemu_name(void)
{
	const char *name = getenv("PINFOLD_QEMU");

	return name != NULL && name[0] != '\0' ? name : "qemu-system-x86_64";
}

char *qemu_path(void)
{
	const char *name = qemu_name();
	const char *path = getenv("PATH");

	if (strchr(name, '/') != NULL)
		return realpath(name, NULL);
	while (path != NULL && path[0] != '\0') {
		size_t len = strcspn(path, ":");
		char *file = string_format("%.*s%s%s", (int)len, path, len == 0 ? "" : "/", name);
		char *real = access(file, X_OK) == 0 ? realpath(file, NULL) : NULL;

		free(file);
		if (real != NULL)
			return real;
		path += len + (path[len] == ':');
	}
	return NULL;
}

/* QEMU splits -initrd at commas, and a module's file name ends at the first space. */
static char *double_commas(const char *text)
{
	char *out = fail_alloc(malloc(2 * strlen(text) + 1));
	size_t len = 0;

	for (; *text != '\0'; text++) {
		out[len++] = *text;
		if (*text == ',')
			out[len++] = ',';
	}
	out[len] = '\0';
	return out;
}

static void check_module_name(const char *name)
{
	if (strchr(name, ' ') != NULL)
		fail_exit(STATUS_FAILURE, "QEMU cannot load a module with a space in its name: %s",
		          name);
}

static void add_modules(struct strvec *command, const struct options *options,
                        const struct qemu_files *files)
{
	char *kernel = double_commas(files->kernel);
	char *ramdisk = double_commas(files->ramdisk == NULL ? "" : files->ramdisk);
	char *args = double_commas(options->kernel_args);

	check_module_name(kernel);
	check_module_name(ramdisk);
	strvec_add(command, "-initrd");
	strvec_addf(command, "%s%s%s%s%s", kernel, args[0] == '\0' ? "" : " ", args,
	            ramdisk[0] == '\0' ? "" : ",", ramdisk);
	free(kernel);
	free(ramdisk);
	free(args);
}

static void add_channel(struct strvec *command, const struct qemu_files *files)
{
	strvec_add(command, "-chardev");
	strvec_addf(command, "socket,id=bell,fd=%d", files->bell_fd);
	strvec_add(command, "-serial");
	strvec_add(command, "chardev:bell");
	strvec_add(command, "-object");
	strvec_addf(command, "memory-backend-file,id=chan,share=on,mem-path=%s,size=%" PRIu64,
	            files->channel, files->channel_bytes);
	/* One that is no master cannot be saved. */
	strvec_add(command, "-device");
	strvec_add(command, "ivshmem-plain,memdev=chan,master=on");
}

/* What a machine needs that is saved or was: its memory in a file, commands by a socket. */
static void add_saved(struct strvec *command, const struct qemu_files *files, unsigned int mib)
{
	strvec_add(command, "-machine");
	strvec_add(command, "memory-backend=ram");
	strvec_add(command, "-object");
	strvec_addf(command, "memory-backend-file,id=ram,share=%s,mem-path=%s,size=%uM",
	            files->start == QEMU_TO_SAVE ? "on" : "off", files->ram, mib);
	strvec_add(command, "-chardev");
	strvec_addf(command, "socket,id=qmp,fd=%d", files->qmp_fd);
	strvec_add(command, "-mon");
	strvec_add(command, "chardev=qmp,mode=control");
	if (files->start == QEMU_RESTORE) {
		strvec_add(command, "-incoming");
		strvec_add(command, "defer");
	}
}

unsigned int qemu_memory_mib(const struct options *options)
{
	return options->memory_mib + XEN_MEMORY_MIB + options->memory_mib / XEN_MEMORY_PER_GUEST;
}

static void add_pair(struct strvec *command, const char *option, const char *value)
{
	strvec_add(command, option);
	strvec_add(command, value);
}

void qemu_build_command(struct strvec *command, const struct options *options,
                        const struct qemu_files *files)
{
	unsigned int mib = options->memory_mib;
	unsigned int cpus = options->vcpus < MACHINE_CPUS_MAX ? options->vcpus : MACHINE_CPUS_MAX;

	strvec_add(command, qemu_name());
	add_pair(command, "-accel", "tcg,thread=single");
	strvec_add(command, "-cpu");
	strvec_addf(command, "%s," CPU_WITHOUT, options->cpu);
	strvec_add(command, "-smp");
	strvec_addf(command, "%u", cpus);
	strvec_add(command, "-m");
	strvec_addf(command, "%u", qemu_memory_mib(options));
	strvec_add(command, "-no-user-config");
	strvec_add(command, "-nodefaults");
	strvec_add(command, "-no-reboot");
	add_pair(command, "-display", "none");
	add_pair(command, "-nic", "none");
	add_pair(command, "-chardev", "stdio,id=com1,signal=off");
	add_pair(command, "-serial", "chardev:com1");
	if (files->channel != NULL)
		add_channel(command, files);
	if (files->start != QEMU_COLD)
		add_saved(command, files, qemu_memory_mib(options));
	add_pair(command, "-kernel", files->xen);
	strvec_add(command, "-append");
	strvec_addf(command,
	            "console=com1 com1=115200,8n1 dom0_mem=%uM,max:%uM dom0_max_vcpus=%u "
	            "loglvl=all guest_loglvl=all " XEN_SCHEDULER " " XEN_SPECULATION "%s%s",
	            mib, mib, options->vcpus, options->xen_args[0] == '\0' ? "" : " ",
	            options->xen_args);
	add_modules(command, options, files);
	for (size_t i = 0; i < options->qemu_args.count; i++)
		strvec_add(command, options->qemu_args.item[i]);
}

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                            "_-+=,./:@%";

	return word[0] != '\0' && strspn(word, plain) == strlen(word);
}

void qemu_print_command(const struct strvec *command, const char *separator, int fd)
{
	for (size_t i = 0; i < command->count; i++) {
		const char *word = command->item[i];

		if (i > 0)
			dprintf(fd, "%s", separator);
		if (is_plain(word)) {
			dprintf(fd, "%s", word);
			continue;
		}
		dprintf(fd, "'");
		for (; *word != '\0'; word++)
			dprintf(fd, *word == '\'' ? "'\\''" : "%c", *word);
		dprintf(fd, "'");
	}
	dprintf(fd, "\n");
}

static _Noreturn void become_qemu(const struct strvec *command, const int *inherited, int com1_fd,
                                  int stderr_fd, int error_fd, pid_t parent)
{
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;
	int error;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null_fd < 0)
		_exit(STATUS_FAILURE);
	setsid();
	dup2(null_fd, STDIN_FILENO);
	dup2(com1_fd, STDOUT_FILENO);
	dup2(stderr_fd, STDERR_FILENO);
	for (; *inherited >= 0; inherited++)
		fcntl(*inherited, F_SETFD, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(command->item[0], command->item);
	error = errno;
	if (write(error_fd, &error, sizeof(error)) < 0) {
		/* The parent has gone. */
	}
	_exit(STATUS_NOENT);
}

static void make_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) != 0)
		fail_exit(STATUS_FAILURE, "cannot make a pipe: %s", strerror(errno));
}

int qemu_start(struct qemu_process *process, const struct strvec *command, const int *inherited)
{
	int com1[2], messages[2], report[2];
	pid_t self = getpid();
	int error = 0;

	make_pipe(com1);
	make_pipe(messages);
	make_pipe(report);
	process->pid = fork();
	if (process->pid == 0)
		become_qemu(command, inherited, com1[1], messages[1], report[1], self);
	if (process->pid < 0)
		error = errno;
	close(com1[1]);
	close(messages[1]);
	close(report[1]);
	/* Nothing to read: the pipe was closed by a successful exec. */
	if (error == 0 && read(report[0], &error, sizeof(error)) != (ssize_t)sizeof(error))
		error = 0;
	close(report[0]);
	process->com1_fd = com1[0];
	process->stderr_fd = messages[0];
	fcntl(process->com1_fd, F_SETFL, O_NONBLOCK);
	fcntl(process->stderr_fd, F_SETFL, O_NONBLOCK);
	return error;
}
