/* SPDX-License-Identifier: MIT */
/*
 * Whatever is to differ between two runs of one program, one item on each line.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

static void print_bytes(const char *what, const unsigned char *bytes, size_t count)
{
	printf("%s ", what);
	for (size_t i = 0; i < count; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

static void print_file(const char *what, const char *path)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		exit(1);
	close(fd);
	text[strcspn(text, "\n")] = '\0';
	printf("%s %s\n", what, text);
}

int main(void)
{
	unsigned char bytes[16];
	int fd = open("/dev/urandom", O_RDONLY);
	void *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return 1;
	print_bytes("getrandom", bytes, sizeof(bytes));
	if (fd < 0 || read(fd, bytes, sizeof(bytes)) != sizeof(bytes))
		return 1;
	print_bytes("urandom", bytes, sizeof(bytes));
	print_bytes("at-random", (const unsigned char *)getauxval(AT_RANDOM), 16);
	printf("stack %p\n", (void *)&fd);
	printf("mmap %p\n", mapped);
	printf("brk %p\n", sbrk(0));
	print_file("boot-id", "/proc/sys/kernel/random/boot_id");
	print_file("uuid", "/proc/sys/kernel/random/uuid");
	return 0;
}
