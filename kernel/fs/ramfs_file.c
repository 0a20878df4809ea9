/* SPDX-License-Identifier: MIT */
/*
 * Contents of ramfs files: pages in a radix tree, one reference each. What is not there reads as
 * zero. The part of the last page behind the end of the file may have been written to through a
 * mapping and is cleared when the file grows.
 */
#include "kernel/fs/ramfs.h"

#include "kernel/task/give_way.h"

#define PAGE_INDEX_END(bytes) (((bytes) + PAGE_BYTES - 1) >> PAGE_SHIFT)

static uint64_t total_pages;

static struct ramfs_file *file_of(struct inode *inode)
{
	return &((struct ramfs_node *)inode->private)->file;
}

uint64_t ramfs_page_count(void)
{
	return total_pages;
}

bool ramfs_may_allocate(void)
{
	size_t reserve = MAX(page_total_count() / 32, (size_t)128);

	return page_free_count() > reserve;
}

/* Make a page the file's, which has none at the index. 0, or -ENOSPC with the page put. */
static int file_add_page(struct inode *inode, uint64_t index, struct page *page)
{
	if (radix_set(&file_of(inode)->pages, index, page) != 0) {
		page_put(page);
		return -ENOSPC;
	}
	page->index = index;
	inode->page_count++;
	total_pages++;
	return 0;
}

/* The page at the index, made if it is a hole; no reference for the caller. err_ptr(-ENOSPC). */
static struct page *file_make_page(struct inode *inode, uint64_t index)
{
	struct page *page = radix_get(&file_of(inode)->pages, index);

	if (page != NULL)
		return page;
	page = ramfs_may_allocate() ? page_alloc_zeroed() : NULL;
	if (page == NULL || file_add_page(inode, index, page) != 0)
		return err_ptr(-ENOSPC);
	return page;
}

static void file_drop_page(struct inode *inode, uint64_t index)
{
	struct page *page = radix_remove(&file_of(inode)->pages, index);

	if (page != NULL) {
		inode->page_count--;
		total_pages--;
		page_put(page);
	}
}

/* Drop the pages [first, last]. */
static void file_drop_pages(struct inode *inode, uint64_t first, uint64_t last)
{
	uint64_t index = first;

	while (radix_next(&file_of(inode)->pages, &index) != NULL && index <= last)
		file_drop_page(inode, index);
}

/* Zero [from, to), which lies in one page. */
static void file_zero_part(struct inode *inode, uint64_t from, uint64_t to)
{
	struct page *page = radix_get(&file_of(inode)->pages, from >> PAGE_SHIFT);

	if (page != NULL && from < to)
		memset((char *)page_virt(page) + (from & (PAGE_BYTES - 1)), 0, (size_t)(to - from));
}

/* The file will grow: what a mapping has written behind the end is not to be seen. */
static void file_zero_behind_end(struct inode *inode)
{
	uint64_t size = inode->size;

	file_zero_part(inode, size, PAGE_INDEX_END(size) << PAGE_SHIFT);
}

/* Others may read, write and truncate the file meanwhile. True: stop here. */
static inline bool pause_after(unsigned int pages)
{
	return pages % GIVE_WAY_PAGES == 0 && give_way();
}

static long ramfs_read(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct inode *inode = file->inode;
	unsigned int pages = 0;
	long done = 0;

	while (uio->left > 0 && *pos < inode->size) {
		size_t offset = (size_t)(*pos & (PAGE_BYTES - 1));
		size_t bytes = (size_t)MIN(inode->size - *pos, (uint64_t)(PAGE_BYTES - offset));
		size_t want = MIN(bytes, uio->left);
		struct page *page = radix_get(&file_of(inode)->pages, *pos >> PAGE_SHIFT);
		long moved;

		if (page == NULL) {
			moved = uio_clear(uio, bytes);
		} else {
			page_get(page);
			moved = uio_copy_to(uio, (char *)page_virt(page) + offset, bytes);
			page_put(page);
		}
		if (moved < 0)
			return done > 0 ? done : moved;
		done += moved;
		*pos += (uint64_t)moved;
		if ((size_t)moved < want || pause_after(++pages))
			break;
	}
	return done;
}

/* Write a whole page where the file has none: it need not be cleared before, but comes into the
 * file when it is complete. */
static long write_new_page(struct inode *inode, struct uio *uio, uint64_t index)
{
	struct page *page = ramfs_may_allocate() ? page_alloc(0) : NULL, *there;
	long moved;

	if (page == NULL)
		return -ENOSPC;
	moved = uio_copy_from(uio, page_virt(page), PAGE_BYTES);
	if (moved <= 0) {
		page_put(page);
		return moved;
	}
	if ((size_t)moved < PAGE_BYTES)
		memset((char *)page_virt(page) + moved, 0, PAGE_BYTES - (size_t)moved);
	/* Copying may have made the page, if the source is a mapping of this very place. */
	there = radix_get(&file_of(inode)->pages, index);
	if (there == NULL)
		return file_add_page(inode, index, page) != 0 ? -ENOSPC : moved;
	memcpy(page_virt(there), page_virt(page), (size_t)moved);
	page_put(page);
	return moved;
}

static long write_part(struct inode *inode, struct uio *uio, uint64_t index, size_t offset)
{
	struct page *page = file_make_page(inode, index);
	long moved;

	if (is_err(page))
		return ptr_err(page);
	page_get(page);
	moved = uio_copy_from(uio, (char *)page_virt(page) + offset, PAGE_BYTES - offset);
	page_put(page);
	return moved;
}

/* Write what fits into the page at `pos`. Bytes moved or -errno. */
static long write_one_page(struct inode *inode, struct uio *uio, uint64_t pos)
{
	size_t offset = (size_t)(pos & (PAGE_BYTES - 1));
	uint64_t index = pos >> PAGE_SHIFT;
	long moved;

	if (offset == 0 && uio->left >= PAGE_BYTES &&
	    radix_get(&file_of(inode)->pages, index) == NULL)
		moved = write_new_page(inode, uio, index);
	else
		moved = write_part(inode, uio, index, offset);
	if (moved > 0 && pos + (uint64_t)moved > inode->size)
		inode->size = pos + (uint64_t)moved;
	return moved;
}

static long ramfs_write(struct file *file, struct uio *uio, uint64_t *pos)
{
	struct inode *inode = file->inode;
	uint32_t seals = file_of(inode)->seals;
	unsigned int pages = 0;
	long done = 0;

	if (uio->left == 0)
		return 0;
	if ((seals & RAMFS_SEALS_WRITE) != 0 ||
	    ((seals & ABI_F_SEAL_GROW) != 0 && *pos >= inode->size))
		return -EPERM;
	if (*pos > inode->size)
		file_zero_behind_end(inode);
	while (uio->left > 0) {
		size_t want = MIN(uio->left, PAGE_BYTES - (size_t)(*pos & (PAGE_BYTES - 1)));
		long moved = -EPERM;

		/* Looked at page by page: what lies before that is written. */
		if ((seals & ABI_F_SEAL_GROW) == 0 || *pos + want <= inode->size)
			moved = write_one_page(inode, uio, *pos);
		if (moved < 0) {
			done = done > 0 ? done : moved;
			break;
		}
		done += moved;
		*pos += (uint64_t)moved;
		if ((size_t)moved < want || pause_after(++pages) || file_of(inode)->seals != seals)
			break;
		if ((file->flags & ABI_O_APPEND) != 0)
			*pos = inode->size; /* others may have written meanwhile */
	}
	if (done > 0) {
		inode_touch_mtime(inode);
		inode_drop_set_id(inode);
	}
	return done;
}

/* SEEK_DATA and SEEK_HOLE: by whole pages, and the end of the file is a hole. */
static long ramfs_seek_sparse(struct inode *inode, uint64_t offset, bool hole)
{
	uint64_t index = offset >> PAGE_SHIFT, found = index;

	if (!hole) {
		if (radix_next(&file_of(inode)->pages, &found) == NULL ||
		    found << PAGE_SHIFT >= inode->size)
			return -ENXIO;
	} else {
		while (radix_get(&file_of(inode)->pages, found) != NULL)
			found++;
	}
	offset = found == index ? offset : found << PAGE_SHIFT;
	return (long)MIN(offset, inode->size);
}

int ramfs_file_truncate(struct inode *inode, uint64_t size)
{
	uint32_t seals = file_of(inode)->seals;

	if ((size < inode->size && (seals & ABI_F_SEAL_SHRINK) != 0) ||
	    (size > inode->size && (seals & ABI_F_SEAL_GROW) != 0))
		return -EPERM;
	/* Not growing also means: without what was allocated behind the end. */
	if (size <= inode->size) {
		uint64_t end = PAGE_INDEX_END(size);

		file_drop_pages(inode, end, UINT64_MAX);
		file_zero_part(inode, size, end << PAGE_SHIFT);
	} else {
		file_zero_behind_end(inode);
	}
	inode->size = size;
	return 0;
}

struct page *ramfs_file_get_page(struct inode *inode, uint64_t index, bool write)
{
	struct page *page;

	if (index >= PAGE_INDEX_END(inode->size))
		return err_ptr(-EIO);
	page = file_make_page(inode, index);
	if (is_err(page))
		return err_ptr(-ENOMEM);
	if (write)
		inode_touch_mtime(inode);
	page_get(page);
	return page;
}

unsigned int ramfs_file_find_pages(struct inode *inode, uint64_t index, struct page **pages,
                                   unsigned int count)
{
	return radix_run(&file_of(inode)->pages, index, (void **)pages, count);
}

static void file_punch_hole(struct inode *inode, uint64_t from, uint64_t to)
{
	uint64_t first = PAGE_INDEX_END(from), end = to >> PAGE_SHIFT, index = first;

	if (first > end) {
		file_zero_part(inode, from, to);
		return;
	}
	file_zero_part(inode, from, first << PAGE_SHIFT);
	file_zero_part(inode, end << PAGE_SHIFT, to);
	if (inode->map_count == 0) {
		if (first < end)
			file_drop_pages(inode, first, end - 1);
		return;
	}
	/* Mapped pages must stay the ones that the file has. */
	for (; radix_next(&file_of(inode)->pages, &index) != NULL && index < end; index++)
		file_zero_part(inode, index << PAGE_SHIFT, (index + 1) << PAGE_SHIFT);
}

int ramfs_file_allocate(struct inode *inode, unsigned int mode, uint64_t offset, uint64_t bytes)
{
	uint64_t end = offset + bytes;
	uint32_t seals = file_of(inode)->seals;

	if ((mode & ~(ABI_FALLOC_FL_KEEP_SIZE | ABI_FALLOC_FL_PUNCH_HOLE)) != 0)
		return -EOPNOTSUPP;
	if ((mode & ABI_FALLOC_FL_PUNCH_HOLE) != 0) {
		if ((mode & ABI_FALLOC_FL_KEEP_SIZE) == 0)
			return -EOPNOTSUPP;
		if ((seals & RAMFS_SEALS_WRITE) != 0)
			return -EPERM;
		file_punch_hole(inode, offset, end);
		inode_touch_mtime(inode);
		return 0;
	}
	if (end > inode->size && (seals & ABI_F_SEAL_GROW) != 0)
		return -EPERM;
	/* Refuse what cannot succeed before it has eaten all memory. */
	if (PAGE_INDEX_END(end) - (offset >> PAGE_SHIFT) > page_free_count() + inode->page_count)
		return -ENOSPC;
	for (uint64_t index = offset >> PAGE_SHIFT; index < PAGE_INDEX_END(end); index++) {
		struct page *page = file_make_page(inode, index);

		if (is_err(page))
			return (int)ptr_err(page);
	}
	if (end > inode->size && (mode & ABI_FALLOC_FL_KEEP_SIZE) == 0) {
		file_zero_behind_end(inode);
		inode->size = end;
	}
	inode_touch_ctime(inode);
	return 0;
}

void ramfs_file_destroy(struct inode *inode)
{
	file_drop_pages(inode, 0, UINT64_MAX);
}

const struct file_ops ramfs_file_ops = {
    .read = ramfs_read,
    .write = ramfs_write,
    .seek_sparse = ramfs_seek_sparse,
};
