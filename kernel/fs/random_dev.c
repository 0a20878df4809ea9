/* SPDX-License-Identifier: MIT */
/*
 * The devices random and urandom: the same numbers, never short of them. What is written is stirred
 * in. The calls that count entropy are there for programs that feed it; the count is always the
 * most there is.
 */
#include "kernel/fs/poll.h"
#include "kernel/mm/vm.h"
#include "kernel/task/give_way.h"
#include "lib/rng.h"

#define ENTROPY_BITS 256
#define STIR_MAX     65536u /* bytes of one request that are looked at */

static long random_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	uint8_t block[256];
	long done = 0;

	(void)file;
	(void)pos;
	while (uio->left > 0) {
		size_t want = MIN(uio->left, sizeof(block));
		long moved;

		rng_bytes(block, want);
		moved = uio_copy_to(uio, block, want);
		if (moved < 0) {
			done = done > 0 ? done : moved;
			break;
		}
		done += moved;
		if ((size_t)moved < want)
			break;
		if ((size_t)done % PAGE_BYTES == 0 && give_way())
			break;
	}
	memset(block, 0, sizeof(block));
	return done;
}

static long random_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	uint8_t block[256];
	size_t bytes = uio->left;
	long moved = 1;

	(void)file;
	(void)pos;
	for (size_t done = 0; done < STIR_MAX && uio->left > 0 && moved > 0;
	     done += (size_t)moved) {
		moved = uio_copy_from(uio, block, sizeof(block));
		if (moved > 0)
			rng_stir(block, (size_t)moved);
	}
	if (moved < 0 && uio->left == bytes)
		return moved;
	return moved < 0 ? (long)(bytes - uio->left) : (long)bytes;
}

/* Only /dev/random can be waited for, and it is always ready. */
static uint32_t random_poll(struct file *file, struct poll_table *table)
{
	(void)file;
	(void)table;
	return ABI_POLLIN | ABI_POLLRDNORM | ABI_POLLOUT | ABI_POLLWRNORM;
}

/* Bytes in user memory, behind a count of bits and their own count. */
static long random_add(const void *user)
{
	struct {
		int32_t bits, bytes;
	} head;
	struct uio uio;
	long result;

	if (copy_from_user(&head, user, sizeof(head)) != 0)
		return -EFAULT;
	if (head.bits < 0)
		return -EINVAL;
	if (head.bytes < 0)
		return -EFAULT;
	uio_init(&uio, true, (char *)(uintptr_t)user + sizeof(head), (size_t)head.bytes);
	result = random_write(NULL, &uio, NULL);
	return result >= 0 && result < head.bytes ? -EFAULT : MIN(result, 0l);
}

static long random_ioctl(struct file *file, unsigned int command, uintptr_t arg)
{
	int32_t count = ENTROPY_BITS;

	(void)file;
	if (command == ABI_RNDGETENTCNT)
		return copy_to_user((void *)arg, &count, sizeof(count));
	if (command != ABI_RNDADDTOENTCNT && command != ABI_RNDADDENTROPY &&
	    command != ABI_RNDZAPENTCNT && command != ABI_RNDCLEARPOOL &&
	    command != ABI_RNDRESEEDCRNG)
		return -EINVAL;
	if (!cred_has(fs_cred(), ABI_CAP_SYS_ADMIN))
		return -EPERM;
	if (command == ABI_RNDADDENTROPY)
		return random_add((const void *)arg);
	if (command != ABI_RNDADDTOENTCNT)
		return 0;
	if (copy_from_user(&count, (const void *)arg, sizeof(count)) != 0)
		return -EFAULT;
	return count < 0 ? -EINVAL : 0;
}

const struct file_ops random_file_ops = {.read = random_read,
                                         .write = random_write,
                                         .seek = memdev_seek,
                                         .poll = random_poll,
                                         .ioctl = random_ioctl};
const struct file_ops urandom_file_ops = {
    .read = random_read, .write = random_write, .seek = memdev_seek, .ioctl = random_ioctl};
