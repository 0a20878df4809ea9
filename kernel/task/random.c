/* SPDX-License-Identifier: MIT */
/*
 * Seeds of the random number generator, and random numbers for the kernel. Where the CPU has a
 * generator of its own that is the better part of the seed; the clocks' low bits are stirred in in
 * any case.
 */
#include "kernel/task/random.h"

#include "kernel/glue/args.h"
#include "kernel/kernel.h"
#include "lib/rng.h"
#include "pv/cpu.h"
#include "pv/time.h"

#define CPUID1_ECX_RDRAND (1u << 30)
#define JITTER_SAMPLES    256u
#define STIR_SAMPLES      4u
#define CPU_SAMPLES       16u

/* One word of the CPU's generator; false: it has run dry. */
__attribute__((target("rdrnd"))) static bool cpu_random(unsigned long long *word)
{
	for (int tries = 0; tries < 10; tries++) {
		if (__builtin_ia32_rdrand64_step(word))
			return true;
	}
	return false;
}

void random_init(void)
{
	uint64_t seed[2] = {pv_time_wall_ns(), pv_time_monotonic_ns()};
	bool have_cpu = pv_cpuid(1, 0).ecx & CPUID1_ECX_RDRAND;

	rng_stir(seed, sizeof(seed));
	/* As many at a time as a stir takes in: each stir is what makes the next ones differ. */
	for (unsigned int i = 0; i < JITTER_SAMPLES / STIR_SAMPLES; i++) {
		uint64_t tsc[STIR_SAMPLES];

		for (unsigned int j = 0; j < STIR_SAMPLES; j++)
			tsc[j] = __builtin_ia32_rdtsc();
		rng_stir(tsc, sizeof(tsc));
	}
	for (unsigned int i = 0; have_cpu && i < CPU_SAMPLES; i++) {
		unsigned long long word;

		if (!cpu_random(&word))
			break;
		rng_stir(&word, sizeof(word));
	}
}

uint64_t random_below(uint64_t limit)
{
	/* Values past the last whole multiple of the limit would come too often. */
	uint64_t excess = (UINT64_MAX % limit + 1) % limit;
	uint64_t value;

	do {
		rng_bytes(&value, sizeof(value));
	} while (value > UINT64_MAX - excess);
	return value % limit;
}

uint64_t random_layout(uint64_t limit)
{
	return kernel_arg_flag("noaslr") ? 0 : random_below(limit);
}
