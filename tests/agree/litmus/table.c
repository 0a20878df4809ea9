/* SPDX-License-Identifier: MIT */
/*
 * The litmus tests: see litmus.h. Frames have roles: LEAF and OTHER_LEAF are tables of level 1,
 * LOW and OTHER_LOW of level 2, HIGH of level 3, TOP of level 4, DATA is data. A frame is
 * read-only from the set-up on if it is to be a table.
 */
#include "tests/agree/litmus/litmus.h"

#include "lib/string.h"
#include "tests/agree/calls.h"

enum { LEAF, OTHER_LEAF, LOW, OTHER_LOW, HIGH, TOP, DATA, OTHER_DATA };

#define RO        (PRESENT | USER)
#define RW        (PRESENT | WRITE | USER)
#define READ_ONLY 0
#define WRITABLE  1

/* clang-format off */
/* Steps; what one does not need is 0. */
#define LINK(table, idx, frame, flags) {STEP_LINK, table, idx, frame, flags}
#define KERNEL_HALF(table) {STEP_KERNEL_HALF, table, 0, 0, 0}
#define SET(table, idx, frame, flags) {STEP_SET, table, idx, frame, flags}
#define SET_AD(table, idx, frame, flags) {STEP_SET_AD, table, idx, frame, flags}
#define CLEAR(table, idx) {STEP_CLEAR, table, idx, 0, 0}
#define ADDRESS(idx, frame, flags) {STEP_ADDRESS, idx, frame, 0, flags}
#define MAP(frame, how) {STEP_MAP, frame, how, 0, 0}
#define PIN(frame, level) {STEP_PIN, frame, level, 0, 0}
#define UNPIN(frame) {STEP_UNPIN, frame, 0, 0, 0}
#define BASE(frame) {STEP_BASE, frame, 0, 0, 0}
#define USER_BASE(frame) {STEP_USER, frame, 0, 0, 0}
#define FLUSH() {STEP_FLUSH, 0, 0, 0, 0}
#define MULTI(count) {STEP_MULTI, count, 0, 0, 0}
#define ARRAY(count) {STEP_ARRAY, count, 0, 0, 0}
#define IPI(port, vcpu) {STEP_IPI, port, vcpu, 0, 0}
#define PAIR(port, other) {STEP_PAIR, port, other, 0, 0}
#define UNBOUND(port) {STEP_UNBOUND, port, 0, 0, 0}
#define PARTNER(port, other) {STEP_PARTNER, port, other, 0, 0}
#define SEND(port) {STEP_SEND, port, 0, 0, 0}
#define MASK(port) {STEP_MASK, port, 0, 0, 0}
#define UNMASK(port) {STEP_UNMASK, port, 0, 0, 0}
#define CLOSE(port) {STEP_CLOSE, port, 0, 0, 0}
#define NOTIFY(port, vcpu) {STEP_NOTIFY, port, vcpu, 0, 0}
#define SELECTED(vcpu) {STEP_SELECTED, vcpu, 0, 0, 0}
#define POLL(port) {STEP_POLL, port, 0, 0, 0}
#define UP() {STEP_UP, 0, 0, 0, 0}
#define DOWN() {STEP_DOWN, 0, 0, 0, 0}
#define IS_UP() {STEP_IS_UP, 0, 0, 0, 0}

#define LEAF_TABLE  LINK(LEAF, 0, DATA, RW), MAP(LEAF, READ_ONLY)
#define OTHER_TABLE LINK(OTHER_LEAF, 0, OTHER_DATA, RW), MAP(OTHER_LEAF, READ_ONLY)
#define LOW_TABLE   LINK(LOW, 0, LEAF, RW), MAP(LOW, READ_ONLY)
#define TREE        LEAF_TABLE, LOW_TABLE, LINK(HIGH, 0, LOW, RW), \
		MAP(HIGH, READ_ONLY), KERNEL_HALF(TOP), LINK(TOP, 0, HIGH, RW), MAP(TOP, READ_ONLY)

static const struct litmus fixed[] = {
    {"pin-twice", {LEAF_TABLE},
     {{PIN(LEAF, 1), UNPIN(LEAF)},
      {PIN(LEAF, 1), UNPIN(LEAF)}}},
    /* A request to a table that is just being validated is refused; one that is under way makes
     * the pin fail. */
    {"pin-and-set", {LEAF_TABLE, LOW_TABLE},
     {{PIN(LOW, 2)},
      {SET(LEAF, 1, OTHER_DATA, RW), CLEAR(LEAF, 0),
       SET(LEAF, 2, LEAF, RO)}}},
    {"unpin-and-set", {LEAF_TABLE, LOW_TABLE, PIN(LOW, 2)},
     {{UNPIN(LOW), MAP(LEAF, WRITABLE)},
      {SET(LEAF, 1, OTHER_DATA, RW), SET(LEAF, 2, OTHER_DATA, RO),
       CLEAR(LEAF, 1)}}},
    {"pin-two-over-one", {LEAF_TABLE, LOW_TABLE, LINK(OTHER_LOW, 0, LEAF, RW),
                          MAP(OTHER_LOW, READ_ONLY)},
     {{PIN(LOW, 2), UNPIN(LOW), MAP(LEAF, WRITABLE)},
      {PIN(OTHER_LOW, 2), UNPIN(OTHER_LOW)}}},
    {"link-in-two", {LEAF_TABLE, MAP(LOW, READ_ONLY), MAP(OTHER_LOW, READ_ONLY),
                     PIN(LOW, 2), PIN(OTHER_LOW, 2)},
     {{SET(LOW, 0, LEAF, RW), CLEAR(LOW, 0), MAP(LEAF, WRITABLE)},
      {SET(OTHER_LOW, 0, LEAF, RW), CLEAR(OTHER_LOW, 0)}}},
    {"map-and-pin", {LEAF_TABLE},
     {{MAP(LEAF, WRITABLE), MAP(LEAF, READ_ONLY)},
      {PIN(LEAF, 1)}}},
    {"entry-and-pin", {LEAF_TABLE, OTHER_TABLE, PIN(OTHER_LEAF, 1)},
     {{SET(OTHER_LEAF, 1, LEAF, RW), CLEAR(OTHER_LEAF, 1)},
      {PIN(LEAF, 1), UNPIN(LEAF)}}},
    {"entry-moves-and-pins", {LINK(OTHER_LEAF, 1, DATA, RW), OTHER_TABLE,
                              MAP(DATA, READ_ONLY), MAP(HIGH, READ_ONLY),
                              PIN(OTHER_LEAF, 1)},
     {{SET(OTHER_LEAF, 1, HIGH, RW)},
      {PIN(HIGH, 1), PIN(DATA, 1)}}},
    {"unpin-and-load", {TREE, PIN(TOP, 4)},
     {{UNPIN(TOP), MAP(LEAF, WRITABLE)},
      {BASE(TOP), BASE(LITMUS_KERNEL)}}},
    {"unpin-and-user-base", {TREE, PIN(TOP, 4)},
     {{UNPIN(TOP), MAP(TOP, WRITABLE)},
      {USER_BASE(TOP), USER_BASE(LITMUS_KERNEL)}}},
    {"load-in-both", {TREE},
     {{BASE(TOP), CLEAR(LOW, 0), BASE(LITMUS_KERNEL)},
      {BASE(TOP), BASE(LITMUS_KERNEL), MAP(LEAF, WRITABLE)}}},
    {"address-and-keep-ad", {TREE, PIN(TOP, 4)},
     {{BASE(TOP), ADDRESS(0, OTHER_DATA, RO | ACCESSED)},
      {SET_AD(LEAF, 0, OTHER_DATA, RO | DIRTY), SET_AD(LEAF, 0, DATA, RW)}}},
    {"address-and-unlink", {TREE, PIN(TOP, 4)},
     {{BASE(TOP), ADDRESS(1, OTHER_DATA, RW), ADDRESS(0, 0, 0)},
      {CLEAR(LOW, 0), PIN(LEAF, 1)}}},
    {"multicall-remap-and-pin", {LEAF_TABLE, LOW_TABLE, MAP(LEAF, WRITABLE)},
     {{MULTI(2), MAP(LEAF, READ_ONLY), PIN(LOW, 2)},
      {MULTI(2), UNPIN(LOW), MAP(LEAF, WRITABLE)}}},
    {"array-stops", {LEAF_TABLE, OTHER_TABLE, PIN(LEAF, 1)},
     {{ARRAY(3), SET(LEAF, 1, OTHER_DATA, RW), SET(LEAF, 2, OTHER_LEAF, RW),
       CLEAR(LEAF, 0)},
      {ARRAY(2), PIN(OTHER_LEAF, 1), UNPIN(OTHER_LEAF)}}},
    {"pins-as-arrays", {LEAF_TABLE, LOW_TABLE},
     {{ARRAY(3), PIN(LOW, 2), PIN(LEAF, 1), UNPIN(LOW)},
      {ARRAY(3), PIN(LEAF, 1), UNPIN(LEAF), PIN(LOW, 2)}}},
    /* A frame leaves a table and becomes one: what the other vcpu holds is flushed. */
    {"clear-and-flush", {LEAF_TABLE, MAP(DATA, READ_ONLY), PIN(LEAF, 1)},
     {{CLEAR(LEAF, 0), FLUSH(), PIN(DATA, 1)},
      {SET(LEAF, 1, DATA, RW), FLUSH(), CLEAR(LEAF, 1)}}},
    {"linear-both-ways", {MAP(LOW, READ_ONLY), MAP(OTHER_LOW, READ_ONLY),
                          PIN(LOW, 2), PIN(OTHER_LOW, 2)},
     {{SET(LOW, 1, OTHER_LOW, RO)},
      {SET(OTHER_LOW, 1, LOW, RO)}}},
    {"send-and-mask", {IPI(0, 0)},
     {{MASK(0), SELECTED(0), UNMASK(0)},
      {SEND(0), SEND(0)}}},
    {"send-and-close", {IPI(0, 1)},
     {{CLOSE(0), UNMASK(0)},
      {SEND(0), SEND(0)}}},
    {"send-and-notify", {PAIR(0, 1)},
     {{NOTIFY(0, 1), SELECTED(1), SELECTED(0)},
      {SEND(1)}}},
    {"partner-twice", {UNBOUND(0)},
     {{PARTNER(1, 0), SEND(0)},
      {PARTNER(2, 0)}}},
    {"close-both-ends", {PAIR(0, 1)},
     {{CLOSE(0), SEND(0)},
      {SEND(1), CLOSE(1)}}},
    {"poll-and-send", {IPI(0, 0)},
     {{POLL(0), SELECTED(0)},
      {MASK(0), SEND(0)}}},
    {"up-and-down", {DOWN()},
     {{UP(), IS_UP()},
      {DOWN(), IS_UP(), UP(), DOWN()}}},
};
/* clang-format on */

/* Random ones: two leaf tables and two above them, some in use and some not; or, each fourth, a
 * pair of ports and one of the second vcpu's own. */

static uint64_t state;

static uint8_t some(unsigned int count)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint8_t)((uint32_t)(state >> 32) % count);
}

static struct step random_entry(void)
{
	uint8_t level = some(3) == 0, table = (uint8_t)(level ? LOW + some(2) : LEAF + some(2));
	/* What suits it, or anything. */
	uint8_t frame = some(6) == 0 ? some(8) : (uint8_t)(level ? LEAF + some(2) : DATA + some(2));

	if (some(3) == 0)
		return (struct step)CLEAR(table, some(3));
	return (struct step)SET(table, some(3), frame, some(3) == 0 ? RO : RW);
}

static struct step random_op(void)
{
	uint8_t level = (uint8_t)(1 + some(2));
	uint8_t frame = (uint8_t)(level == 1 ? LEAF + some(2) : LOW + some(2));

	if (some(3) == 0)
		return (struct step)UNPIN(frame);
	return (struct step)PIN(frame, level);
}

static struct step random_step(void)
{
	static const uint8_t mapped[] = {LEAF, OTHER_LEAF, LOW, DATA};

	switch (some(5)) {
	case 0:
	case 1:
		return random_entry();
	case 2:
	case 3:
		return random_op();
	default:
		return (struct step)MAP(mapped[some(4)], some(2));
	}
}

static struct step random_event(void)
{
	uint8_t port = some(3);

	switch (some(8)) {
	case 0:
		return (struct step)MASK(port);
	case 1:
	case 2:
		return (struct step)UNMASK(port);
	case 3:
		return (struct step)CLOSE(port);
	case 4:
		return (struct step)NOTIFY(port, some(2));
	case 5:
		return (struct step)SELECTED(some(2));
	default:
		return (struct step)SEND(port);
	}
}

static void random_events(struct litmus *litmus)
{
	static const struct step setup[] = {PAIR(0, 1), IPI(2, 1)};

	memcpy(litmus->setup, setup, sizeof(setup));
	for (unsigned int i = 0; i < LITMUS_VCPUS; i++)
		for (unsigned int n = 2u + some(3); n-- > 0;)
			litmus->vcpu[i][n] = random_event();
}

/* Single calls, a multicall of two, or an array of two. */
static void random_sequence(struct step *steps)
{
	unsigned int count = 2u + some(3), i = 0;
	uint8_t kind = some(6);

	memset(steps, 0, (LITMUS_STEPS + 1) * sizeof(*steps));
	if (kind < 3)
		steps[i++] = kind == 0 ? (struct step)MULTI(2) : (struct step)ARRAY(2);
	while (i < count || (kind < 3 && i < 3))
		steps[i++] = kind == 1 ? random_entry() : kind == 2 ? random_op() : random_step();
}

static void random_tables(struct litmus *litmus)
{
	static const struct step setup[] = {LEAF_TABLE,
	                                    OTHER_TABLE,
	                                    LOW_TABLE,
	                                    LINK(OTHER_LOW, 0, OTHER_LEAF, RW),
	                                    MAP(OTHER_LOW, READ_ONLY),
	                                    {0},
	                                    {0},
	                                    {0}};
	struct step *pin = litmus->setup;

	memcpy(litmus->setup, setup, sizeof(setup));
	while (pin->kind != STEP_END)
		pin++;
	if (some(2))
		*pin++ = (struct step)PIN(LOW, 2);
	if (some(2))
		*pin++ = (struct step)PIN(OTHER_LEAF, 1);
	for (unsigned int i = 0; i < LITMUS_VCPUS; i++)
		random_sequence(litmus->vcpu[i]);
}

static const struct litmus *random_litmus(unsigned int number)
{
	static char name[16];
	static struct litmus litmus;

	state = (number + 1) * 0x9e3779b97f4a7c15ull;
	for (unsigned int i = 0; i < 8; i++)
		some(2);
	memset(&litmus, 0, sizeof(litmus));
	if (number % 4 == 3)
		random_events(&litmus);
	else
		random_tables(&litmus);
	fmt_print(name, sizeof(name), "random-%u", number);
	litmus.name = name;
	return &litmus;
}

const struct litmus *litmus_get(unsigned int number, unsigned int randoms)
{
	const unsigned int count = sizeof(fixed) / sizeof(fixed[0]);

	if (number < count)
		return &fixed[number];
	return number - count < randoms ? random_litmus(number - count) : NULL;
}
