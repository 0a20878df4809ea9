/* SPDX-License-Identifier: MIT */
/*
 * The memory of a process of forks.c: a region of many leaf tables, a list of what each of its
 * pages must hold, and operations on both, drawn at random. What is not as it must be ends the
 * process. A fork takes region and list along.
 */
#ifndef PINFOLD_TESTS_SYSTEM_REGION_H
#define PINFOLD_TESTS_SYSTEM_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE       4096ul
#define LEAF_PAGES 512u
#define LEAF_BYTES (LEAF_PAGES * PAGE)
#define LEAVES_MAX 460u
#define PAGES_MAX  (LEAVES_MAX * LEAF_PAGES)
#define FILE_PAGES 1000u
#define CHILDREN   4u
#define SLOTS      2048u

/* What all processes see. Status words lie here too: to write one takes no memory. */
struct board {
	volatile bool failed, memory_short;
	volatile bool ready, go; /* all is shared; no memory is left */
	unsigned int slots_used;
	unsigned int refused, ended; /* calls without memory, processes */
	struct {
		const char *what;
		unsigned int slot, depth, page, rights;
		long is, expected;
	} wrong; /* the first that was noticed; to print it takes memory */
	struct slot {
		volatile pid_t pid;
		volatile int in_call, told_to_end, status;
	} slots[SLOTS];
};
extern struct board *board;

/* One process. */
extern struct process {
	unsigned int slot, depth, operations;
	uint32_t random, writes;
	unsigned int pages;       /* of the region that it uses */
	unsigned int first_pages; /* … fills before it forks */
	unsigned int children[CHILDREN];
	unsigned int child_count;
} self;

/* Room for the region, the board and two files: what the one holds lasts, the other any process
 * truncates. */
bool region_prepare(void);
extern int region_torn_file;

/* For the one who looks at the end; and likewise when a process finds it of itself, and ends. */
void note_wrong(const char *what, unsigned int page, long is, long expected);
void must(bool truth, const char *what, long result);

uint32_t draw(uint32_t below);

struct range {
	unsigned int first, count;
};

/* A few pages, whole leaf tables, or much that begins and ends anywhere. */
struct range draw_range(void);

/* How many pages from `first` on, `count` at most, are one area: with the same rights and of the
 * same file. 0: none, or nobody knows. */
unsigned int region_area(unsigned int first, unsigned int count);

/* Map that many pages and write each `step`th. */
void region_fill(unsigned int pages, unsigned int step);

/* All that was written, and some of what never was if there is memory: to read that may take it. */
void region_check(void);

/* The list is the process's own from here on. */
void region_touch(void);

/* On what of a range an operation is possible. A call may be refused when memory is short. */
void op_write(struct range range);
void op_read(struct range range);
bool op_unmap(struct range range);
void op_map(struct range range);
void op_map_file(struct range range);
void op_map_torn(struct range range, unsigned int file_page);
void op_tear(void);
void op_protect(struct range range);
void op_drop(struct range range);
void op_move(struct range range);

/* To where nothing is, `more` pages longer. */
void op_move_to(struct range range, unsigned int to, unsigned int more);

#endif
