# SPDX-License-Identifier: MIT
# A page-table routine on the model of Xen (docs/model.md), run with the model's tests. What is
# linked besides it is in tests/model/model.mk: the model, the explorer, the tests' world, the layer.

MODEL_EXAMPLE := $(BUILD)/examples/model-example
.PHONY: model-example
model-example: $(MODEL_EXAMPLE)
	$(Q)$(MODEL_EXAMPLE) $(CHOICES)
