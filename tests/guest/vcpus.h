/* SPDX-License-Identifier: MIT */
/*
 * The other vcpus of the tests (smp.c): each waits for a job of the first.
 */
#ifndef PINFOLD_TESTS_GUEST_VCPUS_H
#define PINFOLD_TESTS_GUEST_VCPUS_H

typedef void job_fn(void);

/* Brings up the vcpus 1 … vcpus - 1, and enables events; host_handlers are set anew. The other
 * one ends them, and masks events. */
void vcpus_up(unsigned int vcpus);
void vcpus_down(unsigned int vcpus);

void vcpu_start_job(unsigned int vcpu, job_fn *fn);
void vcpu_wait_job(unsigned int vcpu);
void vcpu_run_job(unsigned int vcpu, job_fn *fn); /* both */

#endif
