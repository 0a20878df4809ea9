/* SPDX-License-Identifier: MIT */
/*
 * Inodes: references, permissions, attributes. An inode lives as long as it has a name (link_count)
 * or a reference; a transient one as long as it has a reference. A filesystem counts its referenced
 * inodes, which says whether it is in use.
 */
#include "kernel/fs/internal.h"
#include "kernel/mm/vm.h"
#include "kernel/task/clock.h"
#include "kernel/task/task.h"

#define DAY_NS (86400 * (int64_t)NS_PER_SEC)

static uint64_t anonymous_next_ino = 1;

const struct cred *fs_cred(void)
{
	const struct task *task = current();

	return task != NULL ? &task->cred : &cred_kernel;
}

int64_t inode_now_ns(void)
{
	return (int64_t)clock_realtime_coarse_ns();
}

struct inode *inode_alloc(struct filesystem *fs, uint32_t mode, size_t private_bytes)
{
	struct inode *inode = kzalloc(sizeof(*inode) + private_bytes);

	if (inode == NULL)
		return NULL;
	inode->fs = fs;
	inode->mode = mode;
	inode->uid = fs_cred()->fsuid;
	inode->gid = fs_cred()->fsgid;
	inode->ref_count = 1;
	inode->private = private_bytes > 0 ? inode + 1 : NULL;
	inode->atime_ns = inode_now_ns();
	inode->mtime_ns = inode->ctime_ns = inode->btime_ns = inode->atime_ns;
	list_init(&inode->locks);
	if (fs != NULL) {
		inode->dev = fs->dev;
		inode->ino = ++fs->next_ino;
		fs->busy++;
	}
	return inode;
}

void inode_free(struct inode *inode)
{
	ASSERT(list_empty(&inode->locks));
	if ((inode->flags & INODE_OWNS_LABEL) != 0)
		kfree((void *)(uintptr_t)inode->label);
	kfree(inode);
}

/* Device number of what has no filesystem; the first device numbers go to the mounted ones. */
#define ANONYMOUS_DEV 9

struct inode *inode_create_anonymous(uint32_t mode)
{
	struct inode *inode = inode_alloc(NULL, mode, 0);

	if (inode == NULL)
		return NULL;
	inode->flags = INODE_TRANSIENT | INODE_ANONYMOUS;
	inode->link_count = 1;
	inode->dev = ANONYMOUS_DEV;
	inode->ino = anonymous_next_ino++;
	return inode;
}

void inode_get(struct inode *inode)
{
	if (inode->ref_count++ == 0 && inode->fs != NULL)
		inode->fs->busy++;
}

void inode_put(struct inode *inode)
{
	struct filesystem *fs = inode->fs;

	ASSERT(inode->ref_count > 0);
	if (--inode->ref_count > 0)
		return;
	if (inode->link_count == 0 || (inode->flags & INODE_TRANSIENT) != 0) {
		if (inode->ops != NULL && inode->ops->destroy != NULL)
			inode->ops->destroy(inode);
		else
			inode_free(inode);
	}
	/* Last, as destroying may drop references on other inodes of the filesystem. */
	if (fs != NULL && --fs->busy == 0 && fs->detached)
		fs->destroy(fs);
}

/* Linux's relatime: a read is recorded when the last one recorded is older than the last change, or
 * than a day. */
void inode_touch_atime(struct inode *inode)
{
	int64_t now;

	if (inode->fs == NULL || (inode->fs->flags & ABI_MS_RDONLY) != 0)
		return;
	now = inode_now_ns();
	if (inode->atime_ns <= inode->mtime_ns || inode->atime_ns <= inode->ctime_ns ||
	    now - inode->atime_ns >= DAY_NS)
		inode->atime_ns = now;
}

void inode_touch_mtime(struct inode *inode)
{
	inode->mtime_ns = inode->ctime_ns = inode_now_ns();
}

void inode_touch_ctime(struct inode *inode)
{
	inode->ctime_ns = inode_now_ns();
}

int inode_check_writable(const struct inode *inode)
{
	return inode->fs != NULL && (inode->fs->flags & ABI_MS_RDONLY) != 0 ? -EROFS : 0;
}

/* What the class of permissions that the running task falls into lacks of `want`. */
static unsigned int permissions_lacking(const struct inode *inode, const struct cred *cred,
                                        unsigned int want)
{
	uint32_t mode = inode->mode;

	if (cred->fsuid == inode->uid)
		mode >>= 6;
	else if (cred_in_group(cred, inode->gid))
		mode >>= 3;
	return want & ~mode & 7;
}

int inode_permission(struct inode *inode, unsigned int want)
{
	const struct cred *cred = fs_cred();
	uint32_t mode = inode->mode;
	bool directory = ABI_S_ISDIR(mode);

	if ((want & ABI_W_OK) != 0 && (directory || ABI_S_ISREG(mode) || ABI_S_ISLNK(mode)) &&
	    inode_check_writable(inode) != 0)
		return -EROFS;
	if (permissions_lacking(inode, cred, want) == 0)
		return 0;
	if (inode->ops != NULL && inode->ops->permits != NULL && inode->ops->permits(inode))
		return 0;
	if (cred_has(cred, ABI_CAP_DAC_READ_SEARCH) &&
	    (directory ? (want & ABI_W_OK) == 0 : (want & 7) == ABI_R_OK))
		return 0;
	/* To execute a file it must be somebody's program. */
	if (cred_has(cred, ABI_CAP_DAC_OVERRIDE) &&
	    (directory || (want & ABI_X_OK) == 0 || (mode & 0111) != 0))
		return 0;
	return -EACCES;
}

bool inode_owned(const struct inode *inode)
{
	const struct cred *cred = fs_cred();

	return cred->fsuid == inode->uid || cred_has(cred, ABI_CAP_FOWNER);
}

int inode_check_sticky(const struct inode *dir, const struct inode *victim)
{
	if ((dir->mode & ABI_S_ISVTX) == 0 || inode_owned(dir) || inode_owned(victim))
		return 0;
	return -EPERM;
}

uint32_t mode_for_group(uint32_t gid, uint32_t mode)
{
	const struct cred *cred = fs_cred();

	return cred_in_group(cred, gid) || cred_has(cred, ABI_CAP_FSETID) ? mode
	                                                                  : mode & ~ABI_S_ISGID;
}

void inode_drop_set_id(struct inode *inode)
{
	if (!ABI_S_ISREG(inode->mode) || cred_has(fs_cred(), ABI_CAP_FSETID))
		return;
	inode->mode &= ~ABI_S_ISUID;
	if ((inode->mode & ABI_S_IXGRP) != 0)
		inode->mode &= ~ABI_S_ISGID;
}

struct inode *inode_cross_mounts(struct inode *inode)
{
	while (inode->mounted != NULL) {
		struct inode *over = inode->mounted;

		inode_get(over);
		inode_put(inode);
		inode = over;
	}
	return inode;
}

int inode_truncate(struct inode *inode, uint64_t size)
{
	bool shrinks = size < inode->size;
	int result;

	if (size > INT64_MAX)
		return -EINVAL;
	if (inode->ops == NULL || inode->ops->truncate == NULL)
		return -EINVAL;
	if (size > inode->size && file_limit_write(size - 1, 1) < 0)
		return -EFBIG;
	result = inode->ops->truncate(inode, size);
	if (result != 0)
		return result;
	/* Only now: a file that stays as it is, as a seal has it, takes no process's copies. */
	if (shrinks && inode->map_count != 0)
		vm_truncate_inode(inode, (size + PAGE_BYTES - 1) >> PAGE_SHIFT);
	inode_touch_mtime(inode);
	inode_drop_set_id(inode);
	return 0;
}

uint64_t inode_parent_ino(const struct inode *dir)
{
	while (dir->covers != NULL)
		dir = dir->covers;
	return dir->parent != NULL ? dir->parent->ino : dir->ino;
}

uint8_t inode_dirent_type(uint32_t mode)
{
	return (uint8_t)((mode & ABI_S_IFMT) >> 12);
}
