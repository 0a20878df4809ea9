# SPDX-License-Identifier: MIT
# The domU tests: Pinfold's image under Xen's own toolstack in a Linux dom0, on the release and on
# the debug Xen. Outside `make test`: they download 80 MB and take minutes.
#
#   make test-domu                         both
#   make test-domu-release CHECKS=hello    one Xen, some checks (tests/domu/run.sh lists them)

.PHONY: test-domu test-domu-release test-domu-debug
# One after the other, and the second also when the first fails.
test-domu:
	$(Q)$(MAKE) --no-print-directory test-domu-release; status=$$?; \
		$(MAKE) --no-print-directory test-domu-debug && exit $$status

test-domu-debug: xen-debug
test-domu-release test-domu-debug: test-domu-%: deps-test
	$(Q)$(MAKE) --no-print-directory all minimal
	$(Q)sh tests/domu/run.sh $* $(CHECKS)
