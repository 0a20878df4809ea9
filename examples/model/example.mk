# SPDX-License-Identifier: MIT
# A page-table routine on the model of Xen (docs/model.md), run with the model's tests. What is needed besides the
# routine and its scenario: the model, the explorer, the world of the tests, and the layer.

MODEL_EXAMPLE := $(BUILD)/examples/model-example
.PHONY: model-example
model-example: $(MODEL_EXAMPLE)
	$(Q)$(MODEL_EXAMPLE) $(CHOICES)
